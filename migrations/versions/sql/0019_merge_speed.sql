-- A hub's merge writes more than a hundred thousand rows at once. Each was checked against its merge, which
-- the same transaction had written, and entered in an index that the primary key can stand in for. The rows
-- still end with their merge: all of a statement's at once. As the owner, because they may be deleted in no
-- other way.
alter table backend_entities.merge_rows drop constraint merge_rows_user_id_merge_id_fkey
----
drop index backend_entities.merge_rows_row_idx
----
create function backend_entities.drop_merge_rows() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
declare
    former text := coalesce(current_setting('app.user_id', true), '');
    tenant uuid;
begin
    for tenant in select distinct user_id from gone loop
        perform set_config('app.user_id', tenant::text, true);
        delete from backend_entities.merge_rows m using gone
        where m.user_id = tenant and gone.user_id = tenant and m.merge_id = gone.id;
    end loop;
    perform set_config('app.user_id', former, true);
    return null;
end
$$
----
create trigger drop_rows after delete on backend_entities.merges
    referencing old table as gone
    for each statement execute function backend_entities.drop_merge_rows()
----
create index entities_merged_external_id_idx on backend_entities.entities (user_id, external_id)
    where merged_into is not null and external_id is not null
----
-- The active entity that one with this external id was merged into, perhaps by merges upon merges; of several
-- the one merged last tells. Runs as its caller, under row level security.
create function backend_entities.merged_target(tenant uuid, its_source text, its_external_id text) returns uuid
language sql stable as $$
    with recursive chain as (
        select e.merged_into as id, e.deleted_at from backend_entities.entities e
        where e.user_id = tenant and e.external_id = its_external_id and e.source is not distinct from its_source
            and e.merged_into is not null
        union
        select e.merged_into, c.deleted_at from chain c
        join backend_entities.entities e on e.user_id = tenant and e.id = c.id
        where e.merged_into is not null
    )
    select e.id from chain c join backend_entities.entities e on e.user_id = tenant and e.id = c.id
    where e.is_active order by c.deleted_at desc, e.id limit 1
$$
----
create index entities_merged_into_idx on backend_entities.entities (user_id, merged_into)
    where merged_into is not null
----
-- What was merged into an entity, and into that. Runs as its caller, under row level security.
create function backend_entities.merged_sources(tenant uuid, target uuid)
returns table (id uuid, source_type text) language sql stable as $$
    with recursive part as (
        select e.id, e.source_type from backend_entities.entities e
        where e.user_id = tenant and e.merged_into = target
        union
        select e.id, e.source_type from part p
        join backend_entities.entities e on e.user_id = tenant and e.merged_into = p.id
    )
    select p.id, p.source_type from part p
$$
