drop function backend_entities.shortest_paths(uuid, uuid, uuid, integer, integer)
----
drop function backend_entities.next_layer(uuid, uuid[], uuid[])
----
drop function backend_entities.edges_into(uuid, uuid, uuid[])
----
-- The way back of a direction.
create function backend_entities.reversed(direction text) returns text language sql immutable parallel safe as $$
    select case direction when 'in' then 'out' when 'out' then 'in' else direction end
$$
----
-- The entities one step from a frontier that were not seen before: of the types asked for, or the one that is
-- looked for.
create function backend_entities.next_layer(
    tenant uuid, frontier uuid[], seen uuid[], wanted uuid, direction text, types text[],
    entity_types text[], floor_confidence double precision
) returns uuid[] language plpgsql stable
set plan_cache_mode to force_generic_plan set enable_bitmapscan to off as $$
begin
    return array(
        select u.other from (
            select r.target_entity_id as other from backend_entities.relationships r
            where r.user_id = tenant and r.source_entity_id = any(frontier) and r.is_active
                and direction <> 'in'
                and r.confidence >= floor_confidence and (types is null or r.type = any(types))
            union
            select r.source_entity_id from backend_entities.relationships r
            where r.user_id = tenant and r.target_entity_id = any(frontier) and r.is_active
                and direction <> 'out'
                and r.confidence >= floor_confidence and (types is null or r.type = any(types))
            except
            select unnest(seen)
        ) u
        where entity_types is null or u.other = wanted or (
            select e.type from backend_entities.entities e where e.user_id = tenant and e.id = u.other
        ) = any(entity_types)
    );
end
$$
----
-- The steps from each of the heads into a layer, in the order of the heads, the most confident first; `head` is
-- the place of the one a step comes from.
create function backend_entities.steps_into(
    tenant uuid, heads uuid[], layer uuid[], direction text, types text[], floor_confidence double precision,
    most integer
) returns table (head integer, other uuid, edge uuid) language plpgsql stable
set plan_cache_mode to force_generic_plan set enable_bitmapscan to off as $$
#variable_conflict use_column
begin
    return query
        select p.place::integer, x.other, x.edge
        from unnest(heads) with ordinality as p(node, place)
        cross join lateral (
            select z.other, z.edge, z.confidence
            from backend_entities.edges_at(tenant, p.node, direction, types, floor_confidence) z
            where (z.other in (select unnest(layer))) is true
            order by z.confidence desc, z.other, z.edge
            limit most
        ) x
        order by p.place, x.confidence desc, x.other, x.edge
        limit most;
end
$$
----
-- Shortest paths, walked from both ends at once, the smaller frontier first. Each layer of the search is
-- kept; a path takes one entity of every layer, so that none of the walks back can end in nothing and a
-- limit at each step never costs a path. One row per path: its relationships, from origin to goal.
-- No row: no path. A row that is truncated and has no path: `budget` entities were seen without finding one.
-- An end that is not an active entity raises KG404.
create function backend_entities.shortest_paths(
    tenant uuid, origin uuid, goal uuid, direction text, types text[], entity_types text[],
    floor_confidence double precision, max_depth integer, max_paths integer, budget integer
) returns table (edges uuid[], nodes uuid[], truncated boolean) language plpgsql stable
set plan_cache_mode to force_generic_plan set enable_bitmapscan to off as $$
#variable_conflict use_column
declare
    back constant text := backend_entities.reversed(direction);
    near uuid[] := array[origin];   -- the frontier on the origin's side
    far uuid[] := array[goal];    -- the frontier on the goal's side
    near_seen uuid[] := array[origin];
    far_seen uuid[] := array[goal];
    near_sizes integer[] := array[1];
    far_sizes integer[] := array[1];
    meeting uuid[];
    layer uuid[];
    heads uuid[];
    trails text[];
    places text[];
    stop integer;
begin
    perform backend_entities.require_active(tenant, array[origin, goal]);
    if origin = goal then
        return query select '{}'::uuid[], array[origin], false;
        return;
    end if;
    loop
        if cardinality(near_sizes) + cardinality(far_sizes) - 2 >= max_depth
            or cardinality(near) = 0 or cardinality(far) = 0 then
            return;
        end if;
        if cardinality(near_seen) + cardinality(far_seen) > budget then
            return query select null::uuid[], null::uuid[], true;
            return;
        end if;
        if cardinality(near) <= cardinality(far) then
            near := backend_entities.next_layer(
                tenant, near, near_seen, goal, direction, types, entity_types, floor_confidence
            );
            near_seen := near_seen || near;
            near_sizes := near_sizes || cardinality(near);
        else
            far := backend_entities.next_layer(
                tenant, far, far_seen, origin, back, types, entity_types, floor_confidence
            );
            far_seen := far_seen || far;
            far_sizes := far_sizes || cardinality(far);
        end if;
        select array_agg(n.id order by n.id) into meeting
        from (select unnest(near) as id intersect select unnest(far)) n;
        exit when meeting is not null;
    end loop;
    meeting := meeting[1:max_paths];
    heads := meeting;
    trails := array_fill(''::text, array[cardinality(meeting)]);
    select array_agg(h::text order by o) into places from unnest(heads) with ordinality as u(h, o);
    -- Back to the origin, layer by layer: the last layer is the one just met.
    stop := cardinality(near_seen);
    for i in reverse cardinality(near_sizes) .. 2 loop
        stop := stop - near_sizes[i];
        layer := near_seen[stop - near_sizes[i - 1] + 1 : stop];
        select array_agg(s.other order by s.place),
            array_agg(s.edge || ',' || trails[s.head] order by s.place),
            array_agg(s.other || ',' || places[s.head] order by s.place)
        into heads, trails, places
        from backend_entities.steps_into(tenant, heads, layer, back, types, floor_confidence, max_paths)
            with ordinality as s(head, other, edge, place);
    end loop;
    -- On to the goal, the same way.
    select array_agg(split_part(p, ',', cardinality(near_sizes))::uuid order by o) into heads
    from unnest(places) with ordinality as u(p, o);
    stop := cardinality(far_seen);
    for i in reverse cardinality(far_sizes) .. 2 loop
        stop := stop - far_sizes[i];
        layer := far_seen[stop - far_sizes[i - 1] + 1 : stop];
        select array_agg(s.other order by s.place),
            array_agg(trails[s.head] || s.edge || ',' order by s.place),
            array_agg(places[s.head] || ',' || s.other order by s.place)
        into heads, trails, places
        from backend_entities.steps_into(tenant, heads, layer, direction, types, floor_confidence, max_paths)
            with ordinality as s(head, other, edge, place);
    end loop;
    return query
        select string_to_array(rtrim(p.trail, ','), ',')::uuid[], string_to_array(p.place, ',')::uuid[], false
        from unnest(trails, places) with ordinality as p(trail, place, o)
        order by p.o;
end
$$
