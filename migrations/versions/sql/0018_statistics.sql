-- Looks at tables anew that have grown by more than a tenth since somebody looked, or never were looked at:
-- after a large import plans must not rest on what was there before until autovacuum comes by. Only their
-- owner may; what an import shares with others is no more than that. Whoever finds a table being looked at
-- leaves it to them.
create function backend_entities.refresh_statistics() returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    grown regclass;
begin
    for grown in
        select c.oid from pg_class c
        where c.oid in (
                'backend_entities.entities'::regclass, 'backend_entities.entity_keys'::regclass,
                'backend_entities.relationships'::regclass, 'backend_operations.events'::regclass
            )
            and pg_relation_size(c.oid) > 1.1 * greatest(c.relpages, 0) * current_setting('block_size')::bigint
        order by c.oid
    loop
        execute format('analyze (skip_locked) %s', grown);
    end loop;
end
$$
----
revoke execute on function backend_entities.refresh_statistics() from public
