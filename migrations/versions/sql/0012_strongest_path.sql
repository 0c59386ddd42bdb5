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
