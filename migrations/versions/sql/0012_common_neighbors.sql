-- The entities connected to both of two others, those with the strongest weaker connection first, and the
-- relationships that connect them; one more than `max_neighbors` when there are more.
create function backend_entities.common_neighbors(
    tenant uuid, one uuid, another uuid, direction text, types text[], entity_types text[],
    floor_confidence double precision, max_neighbors integer
) returns table (id uuid, edges uuid[]) language plpgsql stable
set plan_cache_mode to force_generic_plan set enable_bitmapscan to off set enable_nestloop to off as $$
#variable_conflict use_column
begin
    perform backend_entities.require_active(tenant, array[one, another]);
    return query
        select o.other, array_cat(o.edges, a.edges)
        from (
            select x.other, max(x.confidence) as confidence,
                array_agg(x.edge order by x.confidence desc, x.edge) as edges
            from backend_entities.edges_at(tenant, one, direction, types, floor_confidence) x
            group by x.other
        ) o
        join (
            select x.other, max(x.confidence) as confidence,
                array_agg(x.edge order by x.confidence desc, x.edge) as edges
            from backend_entities.edges_at(tenant, another, direction, types, floor_confidence) x
            group by x.other
        ) a on a.other = o.other
        where o.other not in (one, another) and (
            entity_types is null or (
                select e.type from backend_entities.entities e where e.user_id = tenant and e.id = o.other
            ) = any(entity_types)
        )
        order by least(o.confidence, a.confidence) desc, o.other
        limit max_neighbors + 1;
end
$$
