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
-- A moment as JSON carries it: in UTC, and with six digits of a second unless it is a whole one.
create function backend_entities.rfc3339(moment timestamptz) returns text language sql stable parallel safe as $$
    select to_char(moment at time zone 'UTC', case
        when moment::timestamptz(0) = moment then 'YYYY-MM-DD"T"HH24:MI:SS"Z"'
        else 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
    end)
$$
----
-- Text as JSON, null included.
create function backend_entities.json_text(value text) returns text language sql stable parallel safe as $$
    select coalesce(to_json(value)::text, 'null')
$$
----
-- What the API shows of an entity and of a relationship, in its order. Written as JSON here, many rows cost a
-- fraction of what they cost when the driver makes values of every column first; put together from its parts,
-- a row costs half of what `row_to_json` takes to find out its columns and how each is written. The functions
-- are planned as part of the statement that calls them. `entity_fields` leaves the closing brace to others.
create function backend_entities.entity_fields(e backend_entities.entities) returns text
language sql stable parallel safe as $$
    select '{"id":"' || e.id || '","name":' || to_json(e.name) || ',"type":' || to_json(e.type)
        || ',"confidence":' || e.confidence || ',"source":' || backend_entities.json_text(e.source)
        || ',"source_type":' || backend_entities.json_text(e.source_type)
        || ',"external_id":' || backend_entities.json_text(e.external_id) || ',"metadata":' || e.metadata
        || ',"aliases":' || to_json(e.aliases) || ',"is_active":' || e.is_active || ',"version":' || e.version
        || ',"created_at":"' || backend_entities.rfc3339(e.created_at)
        || '","updated_at":"' || backend_entities.rfc3339(e.updated_at) || '"'
$$
----
create function backend_entities.entity_json(e backend_entities.entities) returns text
language sql stable parallel safe as $$
    select backend_entities.entity_fields(e) || '}'
$$
----
create function backend_entities.relationship_json(r backend_entities.relationships) returns text
language sql stable parallel safe as $$
    select '{"id":"' || r.id || '","source_entity_id":"' || r.source_entity_id
        || '","target_entity_id":"' || r.target_entity_id || '","relationship_type":' || to_json(r.type)
        || ',"confidence":' || r.confidence || ',"source":' || backend_entities.json_text(r.source)
        || ',"source_type":' || backend_entities.json_text(r.source_type)
        || ',"external_id":' || backend_entities.json_text(r.external_id) || ',"metadata":' || r.metadata
        || ',"is_active":' || r.is_active || ',"version":' || r.version
        || ',"created_at":"' || backend_entities.rfc3339(r.created_at)
        || '","updated_at":"' || backend_entities.rfc3339(r.updated_at) || '"}'
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
----
drop function backend_entities.neighborhood(
    uuid, uuid, integer, text[], double precision, integer, integer
)
----
-- The neighbourhood of one step, as `neighborhood` below writes it, if no limit leaves anything out; null when
-- one does, or when there is no such start. Then each relationship is read once, in one statement. What follows
-- a colon stands apart from it: who runs this file would take it for a parameter otherwise.
create function backend_entities.all_neighbors(
    tenant uuid, start uuid, direction text, types text[], floor_confidence double precision, most integer
) returns text language plpgsql stable set plan_cache_mode to force_generic_plan as $$
declare
    shown text;
begin
    with read as materialized (
        (
            select r.target_entity_id as other, r.id, r.confidence,
                backend_entities.relationship_json(r) as shown
            from backend_entities.relationships r
            where r.user_id = tenant and r.source_entity_id = start and r.is_active and direction <> 'in'
                and r.confidence >= floor_confidence and (types is null or r.type = any(types))
        )
        union all
        (
            select r.source_entity_id, r.id, r.confidence, backend_entities.relationship_json(r)
            from backend_entities.relationships r
            where r.user_id = tenant and r.target_entity_id = start and r.is_active and direction <> 'out'
                and (r.source_entity_id <> start or direction = 'in')
                and r.confidence >= floor_confidence and (types is null or r.type = any(types))
        )
        limit most + 1
    )
    select concat(
        '{"entities":[', backend_entities.entity_fields(s), ',"depth":', 0, '}',
        (
            select string_agg(
                ',' || backend_entities.entity_fields(e) || ',"depth":' || 1 || '}', ''
                order by n.confidence desc, n.other
            )
            from (
                select x.other, max(x.confidence) as confidence from read x
                where x.other <> start group by x.other
            ) n
            join backend_entities.entities e on e.user_id = tenant and e.id = n.other
        ),
        '],"relationships":[', (select string_agg(x.shown, ',' order by x.confidence desc, x.id) from read x),
        '],"truncated":', to_json(false), ',"limits_reached":[]}'
    )
    into shown
    from backend_entities.entities s
    where s.user_id = tenant and s.id = start and s.is_active and (select count(*) from read) <= most;
    return shown;
end
$$
----
-- Walks from one entity, all frontier entities of a step at once. It runs with the rights of its caller, so
-- that row level security applies; stable, so that all its steps see the graph of one moment; with generic
-- plans, because planning anew costs more than a short walk. The result is the whole neighbourhood as JSON:
-- entities nearest first, relationships most confident first, and the limits that left something out; null
-- when there is no such start.
--
-- Of each frontier entity only the `cap` most confident relationships to what is new are read at first. What
-- was not read comes after the last one that was; so the choice is right once it lies before every such end,
-- and else is made again from more.
create function backend_entities.neighborhood(
    tenant uuid, start uuid, max_depth integer, direction text, types text[], entity_types text[],
    floor_confidence double precision, fan_out integer, max_entities integer, max_relationships integer
) returns text language plpgsql stable
set plan_cache_mode to force_generic_plan set enable_bitmapscan to off set enable_hashjoin to off
set enable_mergejoin to off set enable_sort to off as $$
#variable_conflict use_column
declare
    reached uuid[] := array[start];
    depths integer[] := array[0];
    frontier uuid[] := array[start];
    expanded uuid[] := '{}';
    large uuid[] := '{}';   -- expanded entities with many more relationships than there are reached entities
    small uuid[];           -- all other expanded entities
    fresh uuid[];
    edges uuid[];
    room integer;
    cap integer;
    complete boolean;
    capped boolean;
    many boolean := false;   -- whether any entity had more relationships than were read at first
    cut text[] := '{}';
    step integer := 0;
    shown text;
begin
    if max_depth = 1 and entity_types is null and fan_out is null then
        shown := backend_entities.all_neighbors(
            tenant, start, direction, types, floor_confidence, least(max_entities - 1, max_relationships)
        );
        if shown is not null then
            return shown;
        end if;
    end if;
    perform from backend_entities.entities e where e.user_id = tenant and e.id = start and e.is_active;
    if not found then
        return null;
    end if;
    while step < max_depth and cardinality(frontier) > 0 and not 'limit' = any(cut) loop
        step := step + 1;
        expanded := expanded || frontier;
        room := max_entities - cardinality(reached);
        cap := least(room + 1, greatest(64, 4 * (room + 1) / cardinality(frontier)));
        if fan_out is not null and not 'fan_out' = any(cut) then
            perform from unnest(frontier) as f(node)
            cross join lateral (
                select from backend_entities.edges_at(tenant, f.node, direction, types, floor_confidence) x
                offset fan_out limit 1
            ) beyond;
            if found then
                cut := cut || 'fan_out'::text;
            end if;
        end if;
        loop
            with read as materialized (
                select x.other, x.confidence, x.place
                from unnest(frontier) as f(node)
                cross join lateral (
                    select y.other, y.confidence, row_number() over () as place
                    from (
                        select z.other, z.confidence
                        from backend_entities.edges_at(tenant, f.node, direction, types, floor_confidence) z
                        order by z.confidence desc, z.other, z.edge
                        limit fan_out
                    ) y
                    where y.other not in (select unnest(reached)) and (
                        entity_types is null or (
                            select e.type from backend_entities.entities e
                            where e.user_id = tenant and e.id = y.other
                        ) = any(entity_types)
                    )
                    limit cap
                ) x
            ),
            best as materialized (
                select r.other, max(r.confidence) as confidence from read r
                group by r.other order by 2 desc, 1 limit room + 1
            ),
            unread as (
                select r.other, r.confidence from read r where r.place = cap
                order by r.confidence desc, r.other limit 1
            )
            select array_agg(b.other order by b.confidence desc, b.other),
                exists (select from unread),
                not exists (select from unread) or (
                    count(*) > room and bool_and(
                        b.confidence > (select u.confidence from unread u)
                        or b.confidence = (select u.confidence from unread u)
                            and b.other <= (select u.other from unread u)
                    )
                )
            into fresh, capped, complete from best b;
            many := many or capped;
            exit when complete;
            cap := cap * 8;
        end loop;
        frontier := coalesce(fresh, '{}');
        if cardinality(frontier) > room then
            cut := cut || 'limit'::text;
            frontier := frontier[1:room];
        end if;
        reached := reached || frontier;
        depths := depths || array_fill(step, array[cardinality(frontier)]);
    end loop;
    -- Reading all relationships of a hub to find those few among the reached: asking for each is cheaper.
    if many and cardinality(reached) <= 500 then
        large := array(
            select f.node from unnest(expanded) as f(node)
            cross join lateral (
                select from backend_entities.edges_at(tenant, f.node, direction, types, floor_confidence) x
                offset 4 * cardinality(reached) limit 1
            ) beyond
        );
    end if;
    small := case
        when large = '{}' then expanded else array(select unnest(expanded) except select unnest(large))
    end;
    -- A relationship between two of the expanded is found from both. `(... in ...) is true` has the set hashed
    -- once where a join might read it again for every row.
    select array_agg(n.edge order by n.confidence desc, n.edge) into edges
    from (
        select u.edge, max(u.confidence) as confidence
        from (
            select x.edge, x.confidence
            from unnest(small) as s(node)
            cross join lateral
                backend_entities.edges_at(tenant, s.node, direction, types, floor_confidence) x
            where (x.other in (select unnest(reached))) is true
            union all
            select x.edge, x.confidence
            from unnest(large) as l(node)
            cross join unnest(reached) as o(node)
            cross join lateral
                backend_entities.edges_between(tenant, l.node, o.node, direction, types, floor_confidence) x
        ) u
        group by u.edge
        order by 2 desc, 1
        limit max_relationships + 1
    ) n;
    edges := coalesce(edges, '{}');
    if cardinality(edges) > max_relationships then
        cut := cut || 'max_relationships'::text;
        edges := edges[1:max_relationships];
    end if;
    return concat(
        '{"entities":[',
        (
            select string_agg(
                backend_entities.entity_fields(e) || ',"depth":' || o.depth || '}',
                ',' order by o.place
            )
            from unnest(reached, depths) with ordinality as o(id, depth, place)
            join backend_entities.entities e on e.user_id = tenant and e.id = o.id
        ),
        '],"relationships":[',
        (
            select string_agg(backend_entities.relationship_json(r), ',' order by o.place)
            from unnest(edges) with ordinality as o(id, place)
            join backend_entities.relationships r on r.user_id = tenant and r.id = o.id
        ),
        '],"truncated":', to_json(cut <> '{}'), ',"limits_reached":', to_json(cut), '}'
    );
end
$$
----
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
----
-- The path of at most `max_depth` steps with the greatest product of confidences, of equal ones the shortest.
-- Confidences are at most 1, so a product only falls: what is not above the best path known cannot lead to a
-- better one, and the index hands out relationships in just that order. A label is an entity with the best
-- product by which a number of steps reaches it; one that fewer steps reach as well is none. When there are
-- more than `budget` labels the least promising are left out, and the reply says so.
create function backend_entities.strongest_path(
    tenant uuid, origin uuid, goal uuid, direction text, types text[], entity_types text[],
    floor_confidence double precision, max_depth integer, max_paths integer, budget integer
) returns table (edges uuid[], nodes uuid[], truncated boolean) language plpgsql stable
set plan_cache_mode to force_generic_plan set enable_bitmapscan to off set enable_nestloop to off as $$
#variable_conflict use_column
declare
    labels uuid[] := array[origin];
    products double precision[] := array[1.0];
    trails uuid[] := array[null::uuid];   -- the relationship that led to a label
    parents integer[] := array[0];   -- the label it came from
    first integer := 1;   -- the frontier is the labels from here on
    bound double precision := -1;
    found_label integer := 0;
    short_edges uuid[];
    short_nodes uuid[];
    cut boolean := false;
    next_labels uuid[];
    next_products double precision[];
    next_trails uuid[];
    next_parents integer[];
    room integer;
    place integer;
begin
    -- A shortest path is found fast, and rules out everything that is weaker.
    select s.edges, s.nodes, s.truncated, s.product into short_edges, short_nodes, cut, bound
    from (
        select p.edges, p.nodes, p.truncated, (
            select exp(sum(ln(greatest(r.confidence, 1e-300))))
            from unnest(p.edges) as u(id)
            cross join lateral (
                select r.confidence from backend_entities.relationships r
                where r.user_id = tenant and r.id = u.id offset 0
            ) r
        ) as product
        from backend_entities.shortest_paths(
            tenant, origin, goal, direction, types, entity_types, floor_confidence, max_depth, 10, budget
        ) p
    ) s
    order by s.product desc nulls last limit 1;
    if not found or short_edges = '{}' then
        return query select short_edges, short_nodes, cut where short_nodes is not null;
        return;
    end if;
    bound := coalesce(bound * (1 - 1e-9), -1);
    for step in 1 .. max_depth loop
        room := budget - cardinality(labels);
        select array_agg(c.other order by c.product desc, c.other),
            array_agg(c.product order by c.product desc, c.other),
            array_agg(c.edge order by c.product desc, c.other),
            array_agg(first + c.place - 1 order by c.product desc, c.other)
        into next_labels, next_products, next_trails, next_parents
        from (
            select d.other, d.product, d.edge, d.place::integer as place
            from (
                select distinct on (x.other) x.other, f.product * x.confidence as product, x.edge, f.place
                from unnest(labels[first:], products[first:]) with ordinality as f(node, product, place)
                cross join lateral backend_entities.edges_at(
                    tenant, f.node, direction, types,
                    greatest(floor_confidence, bound / nullif(f.product, 0))
                ) x
                where f.node <> goal and f.product * x.confidence > bound and (
                    entity_types is null or x.other = goal or (
                        select e.type from backend_entities.entities e
                        where e.user_id = tenant and e.id = x.other
                    ) = any(entity_types)
                )
                order by x.other, 2 desc, f.place, x.edge
            ) d
            left join (
                select k.node, max(k.product) as product from unnest(labels, products) as k(node, product)
                group by k.node
            ) known on known.node = d.other
            where known.product is null or d.product > known.product
            order by d.product desc, d.other
            limit greatest(room, 0) + 1
        ) c;
        exit when next_labels is null;
        if cardinality(next_labels) > room then
            cut := true;
            next_labels := next_labels[1:room];
        end if;
        first := cardinality(labels) + 1;
        place := array_position(next_labels, goal);
        if place is not null then
            found_label := cardinality(labels) + place;
            bound := next_products[place];
        end if;
        labels := labels || next_labels;
        products := products || next_products[1:cardinality(next_labels)];
        trails := trails || next_trails[1:cardinality(next_labels)];
        parents := parents || next_parents[1:cardinality(next_labels)];
        exit when cardinality(next_labels) = 0;
    end loop;
    if found_label = 0 then
        return query select short_edges, short_nodes, cut;
        return;
    end if;
    short_edges := '{}';
    short_nodes := array[goal];
    while found_label > 1 loop
        short_edges := trails[found_label] || short_edges;
        found_label := parents[found_label];
        short_nodes := labels[found_label] || short_nodes;
    end loop;
    return query select short_edges, short_nodes, cut;
end
$$
----
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
