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
