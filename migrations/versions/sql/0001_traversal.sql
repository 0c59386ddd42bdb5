-- Walks from one entity, all frontier nodes of a step at once. It runs with the rights of its caller, so
-- that row level security applies; stable, so that all its steps see the graph of one moment; with generic
-- plans, because planning anew costs more than a short walk. `(... in ...) is true` has the set hashed
-- once where a join might read it again for every row. The first row, of kind 0, says whether anything was
-- left out; kind 1 are entities (nearest first), kind 2 relationships (most confident first). No row at
-- all: no such start.
create function backend_entities.neighborhood(
    tenant uuid, start uuid, max_depth integer, types text[], floor_confidence double precision,
    max_entities integer, max_relationships integer
) returns table (
    kind integer, depth integer, truncated boolean, id uuid, source_entity_id uuid, target_entity_id uuid,
    name text, type text, confidence double precision, source text, source_type text, metadata jsonb,
    aliases text[], is_active boolean, version bigint, created_at timestamptz, updated_at timestamptz
) language plpgsql stable set plan_cache_mode to force_generic_plan as $$
#variable_conflict use_column
declare
    reached uuid[] := array[start];
    depths integer[] := array[0];
    frontier uuid[] := array[start];
    expanded uuid[] := '{}';
    edges uuid[];
    room integer;
    cut boolean := false;
    step integer := 0;
begin
    perform from backend_entities.entities e where e.user_id = tenant and e.id = start and e.is_active;
    if not found then
        return;
    end if;
    while step < max_depth and cardinality(frontier) > 0 and not cut loop
        step := step + 1;
        expanded := expanded || frontier;
        room := max_entities - cardinality(reached);
        select array_agg(n.id order by n.confidence desc, n.id) into frontier
        from (
            select u.id, max(u.confidence) as confidence
            from (
                select r.target_entity_id as id, r.confidence from backend_entities.relationships r
                where r.user_id = tenant and r.source_entity_id = any(frontier) and r.is_active
                    and r.confidence >= floor_confidence and (types is null or r.type = any(types))
                union all
                select r.source_entity_id, r.confidence from backend_entities.relationships r
                where r.user_id = tenant and r.target_entity_id = any(frontier) and r.is_active
                    and r.confidence >= floor_confidence and (types is null or r.type = any(types))
            ) u
            where u.id not in (select unnest(reached))
            group by u.id
            order by 2 desc, 1
            limit room + 1
        ) n;
        frontier := coalesce(frontier, '{}');
        if cardinality(frontier) > room then
            cut := true;
            frontier := frontier[1:room];
        end if;
        reached := reached || frontier;
        depths := depths || array_fill(step, array[cardinality(frontier)]);
    end loop;
    -- An edge out of an expanded entity, or into one from an entity that was not: each edge once.
    select array_agg(n.id order by n.confidence desc, n.id) into edges
    from (
        select u.id, u.confidence
        from (
            select r.id, r.confidence from backend_entities.relationships r
            where r.user_id = tenant and r.source_entity_id = any(expanded) and r.is_active
                and r.confidence >= floor_confidence and (types is null or r.type = any(types))
                and (r.target_entity_id in (select unnest(reached))) is true
            union all
            select r.id, r.confidence from backend_entities.relationships r
            where r.user_id = tenant and r.target_entity_id = any(expanded) and r.is_active
                and r.confidence >= floor_confidence and (types is null or r.type = any(types))
                and (r.source_entity_id in (select unnest(reached))) is true
                and r.source_entity_id not in (select unnest(expanded))
        ) u
        order by u.confidence desc, u.id
        limit max_relationships + 1
    ) n;
    edges := coalesce(edges, '{}');
    if cardinality(edges) > max_relationships then
        cut := true;
        edges := edges[1:max_relationships];
    end if;
    return query select 0, 0, cut, start, null::uuid, null::uuid, null::text, null::text,
        null::double precision, null::text, null::text, null::jsonb, null::text[], null::boolean,
        null::bigint, null::timestamptz, null::timestamptz;
    return query select 1, o.depth, null::boolean, e.id, null::uuid, null::uuid, e.name, e.type, e.confidence,
        e.source, e.source_type, e.metadata, e.aliases, e.is_active, e.version, e.created_at, e.updated_at
    from unnest(reached, depths) with ordinality as o(id, depth, place)
    join backend_entities.entities e on e.user_id = tenant and e.id = o.id
    order by o.place;
    return query select 2, null::integer, null::boolean, r.id, r.source_entity_id, r.target_entity_id,
        null::text, r.type, r.confidence, r.source, r.source_type, r.metadata, null::text[], r.is_active,
        r.version, r.created_at, r.updated_at
    from unnest(edges) with ordinality as o(id, place)
    join backend_entities.relationships r on r.user_id = tenant and r.id = o.id
    order by o.place;
end
$$
----
-- Shortest paths, walked from both ends at once, the smaller frontier first. Each layer of the search is
-- kept; a path takes one entity of every layer, so that none of the walks back can end in nothing and a
-- limit at each step never costs a path. One row per path: its relationships, from origin to goal.
-- No row: no path. An end that is not an active entity raises KG404.
create function backend_entities.shortest_paths(
    tenant uuid, origin uuid, goal uuid, max_depth integer, max_paths integer
) returns table (edges uuid[], nodes uuid[]) language plpgsql stable set plan_cache_mode to force_generic_plan as $$
#variable_conflict use_column
declare
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
    perform from backend_entities.entities e where e.user_id = tenant and e.id = origin and e.is_active;
    if not found then
        raise exception 'no such entity' using errcode = 'KG404';
    end if;
    perform from backend_entities.entities e where e.user_id = tenant and e.id = goal and e.is_active;
    if not found then
        raise exception 'no such entity' using errcode = 'KG404';
    end if;
    if origin = goal then
        return query select '{}'::uuid[], array[origin];
        return;
    end if;
    loop
        if cardinality(near_sizes) + cardinality(far_sizes) - 2 >= max_depth
            or cardinality(near) = 0 or cardinality(far) = 0 then
            return;
        end if;
        if cardinality(near) <= cardinality(far) then
            near := backend_entities.next_layer(tenant, near, near_seen);
            near_seen := near_seen || near;
            near_sizes := near_sizes || cardinality(near);
        else
            far := backend_entities.next_layer(tenant, far, far_seen);
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
        select array_agg(n.head order by n.o, n.confidence desc, n.edge),
            array_agg(n.edge || ',' || n.trail order by n.o, n.confidence desc, n.edge),
            array_agg(n.head || ',' || n.place order by n.o, n.confidence desc, n.edge)
        into heads, trails, places
        from (
            select x.other as head, x.edge, x.confidence, p.trail, p.place, p.o
            from unnest(heads, trails, places) with ordinality as p(head, trail, place, o)
            cross join lateral backend_entities.edges_into(tenant, p.head, layer) x
            order by p.o, x.confidence desc, x.edge
            limit max_paths
        ) n;
    end loop;
    -- On to the goal, the same way.
    select array_agg(split_part(p, ',', cardinality(near_sizes))::uuid order by o) into heads
    from unnest(places) with ordinality as u(p, o);
    stop := cardinality(far_seen);
    for i in reverse cardinality(far_sizes) .. 2 loop
        stop := stop - far_sizes[i];
        layer := far_seen[stop - far_sizes[i - 1] + 1 : stop];
        select array_agg(n.head order by n.o, n.confidence desc, n.edge),
            array_agg(n.trail || n.edge || ',' order by n.o, n.confidence desc, n.edge),
            array_agg(n.place || ',' || n.head order by n.o, n.confidence desc, n.edge)
        into heads, trails, places
        from (
            select x.other as head, x.edge, x.confidence, p.trail, p.place, p.o
            from unnest(heads, trails, places) with ordinality as p(head, trail, place, o)
            cross join lateral backend_entities.edges_into(tenant, p.head, layer) x
            order by p.o, x.confidence desc, x.edge
            limit max_paths
        ) n;
    end loop;
    return query
        select string_to_array(rtrim(p.trail, ','), ',')::uuid[], string_to_array(p.place, ',')::uuid[]
        from unnest(trails, places) with ordinality as p(trail, place, o)
        order by p.o;
end
$$
----
-- The entities one step from a frontier that were not seen before.
create function backend_entities.next_layer(tenant uuid, frontier uuid[], seen uuid[]) returns uuid[]
language plpgsql stable set plan_cache_mode to force_generic_plan as $$
begin
    return array(
        select r.target_entity_id from backend_entities.relationships r
        where r.user_id = tenant and r.source_entity_id = any(frontier) and r.is_active
        union
        select r.source_entity_id from backend_entities.relationships r
        where r.user_id = tenant and r.target_entity_id = any(frontier) and r.is_active
        except
        select unnest(seen)
    );
end
$$
----
-- The relationships between one entity and those of a layer, in either direction.
create function backend_entities.edges_into(tenant uuid, node uuid, layer uuid[])
returns table (edge uuid, other uuid, confidence double precision) language plpgsql stable set plan_cache_mode to force_generic_plan as $$
#variable_conflict use_column
begin
    return query
        select r.id, r.target_entity_id, r.confidence from backend_entities.relationships r
        where r.user_id = tenant and r.source_entity_id = node and r.is_active
            and (r.target_entity_id in (select unnest(layer))) is true
        union all
        select r.id, r.source_entity_id, r.confidence from backend_entities.relationships r
        where r.user_id = tenant and r.target_entity_id = node and r.is_active
            and (r.source_entity_id in (select unnest(layer))) is true;
end
$$
