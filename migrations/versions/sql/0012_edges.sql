-- A walk reads each entity's relationships most confident first and stops when it has enough; the same index
-- answers what the one it replaces did.
drop index backend_entities.relationships_source_idx
----
drop index backend_entities.relationships_target_idx
----
create index relationships_source_idx on backend_entities.relationships
    (user_id, source_entity_id, confidence desc, target_entity_id, id) include (type) where is_active
----
create index relationships_target_idx on backend_entities.relationships
    (user_id, target_entity_id, confidence desc, source_entity_id, id) include (type) where is_active
----
-- The active relationships at one entity that a walk may follow, and where they lead. Planned as part of the
-- statement that calls it: both halves come in the order of an index, and a caller's LIMIT stops them.
create function backend_entities.edges_at(
    tenant uuid, node uuid, direction text, types text[], floor_confidence double precision
) returns table (edge uuid, other uuid, confidence double precision) language sql stable as $$
    (
        select r.id, r.target_entity_id, r.confidence from backend_entities.relationships r
        where r.user_id = tenant and r.source_entity_id = node and r.is_active and direction <> 'in'
            and r.confidence >= floor_confidence and (types is null or r.type = any(types))
        order by r.confidence desc, r.target_entity_id, r.id
    )
    union all
    (
        select r.id, r.source_entity_id, r.confidence from backend_entities.relationships r
        where r.user_id = tenant and r.target_entity_id = node and r.is_active and direction <> 'out'
            and r.confidence >= floor_confidence and (types is null or r.type = any(types))
        order by r.confidence desc, r.source_entity_id, r.id
    )
$$
----
-- The active relationships between two entities that a walk may follow from the first. Each type is looked up
-- for itself: a hub's relationships are not read to find the one.
create function backend_entities.edges_between(
    tenant uuid, node uuid, another uuid, direction text, types text[], floor_confidence double precision
) returns table (edge uuid, confidence double precision) language sql stable as $$
    (
        select r.id, r.confidence from backend_entities.relationships r
        where r.user_id = tenant and r.source_entity_id = node and r.target_entity_id = another
            and r.is_active and direction <> 'in'
            and r.confidence >= floor_confidence and (types is null or r.type = any(types))
        order by r.type
    )
    union all
    (
        select r.id, r.confidence from backend_entities.relationships r
        where r.user_id = tenant and r.source_entity_id = another and r.target_entity_id = node
            and r.is_active and direction <> 'out'
            and r.confidence >= floor_confidence and (types is null or r.type = any(types))
        order by r.type
    )
$$
----
-- Refuses an end that is absent, deleted or somebody else's.
create function backend_entities.require_active(tenant uuid, ids uuid[]) returns void
language plpgsql stable set plan_cache_mode to force_generic_plan as $$
begin
    perform from unnest(ids) as wanted(id)
    where not exists (
        select from backend_entities.entities e
        where e.user_id = tenant and e.id = wanted.id and e.is_active
        offset 0
    );
    if found then
        raise exception 'no such entity' using errcode = 'KG404';
    end if;
end
$$
