"""The statements of walks and counts: the functions that walk, and the rows they speak of, in one reply."""

from collections.abc import Mapping

from adapters.postgres.graph_rows import ENTITY_COLUMNS, RELATIONSHIP_COLUMNS
from application.graph.traversal import Weight

# As in `statements.confined`: the user is entered before the lateral part, which cannot be moved, begins.
NEIGHBORHOOD = """
select walked.* from backend_operations.act_as($1) as tenant(user_id)
cross join lateral (
    select backend_entities.neighborhood(tenant.user_id, $2, $3, $4, $5, $6, $7, $8, $9, $10) as shown
    offset 0
) as walked
"""


def _with_things(found: str) -> str:
    """What was found (kind 0: nodes, edges, truncated), then (kind 1) the entities and (kind 2) the
    relationships it is made of, each once, looked up one by one: no other way is faster for so few."""
    return f"""
select walked.* from backend_operations.act_as($1) as tenant(user_id)
cross join lateral (
    with found as materialized ({found})
    select 0 as kind, nodes, edges, truncated, null::uuid as id, null::uuid as source_entity_id,
        null::uuid as target_entity_id, null::text as name, null::text as type,
        null::double precision as confidence, null::text as source, null::text as source_type,
        null::text as external_id,
        null::jsonb as metadata, null::text[] as aliases, null::boolean as is_active, null::bigint as version,
        null::timestamptz as created_at, null::timestamptz as updated_at
    from found
    union all
    select 1, null, null, null, e.id, null, null, e.name, e.type, e.confidence, e.source, e.source_type,
        e.external_id, e.metadata, e.aliases, e.is_active, e.version, e.created_at, e.updated_at
    from (select distinct unnest(nodes) as id from found) as n
    cross join lateral (
        select {ENTITY_COLUMNS} from backend_entities.entities
        where user_id = tenant.user_id and id = n.id offset 0
    ) as e
    union all
    select 2, null, null, null, r.id, r.source_entity_id, r.target_entity_id, null, r.type, r.confidence,
        r.source, r.source_type, r.external_id, r.metadata, null, r.is_active, r.version, r.created_at,
        r.updated_at
    from (select distinct unnest(edges) as id from found) as n
    cross join lateral (
        select {RELATIONSHIP_COLUMNS} from backend_entities.relationships
        where user_id = tenant.user_id and id = n.id offset 0
    ) as r
    offset 0
) as walked
"""


PATHS: Mapping[Weight, str] = {
    weight: _with_things(
        f"select nodes, edges, truncated from backend_entities.{function}"
        "(tenant.user_id, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    )
    for weight, function in {
        Weight.STEPS: "shortest_paths",
        Weight.CONFIDENCE: "strongest_path",
    }.items()
}

COMMON_NEIGHBORS = _with_things(
    "select array[id] as nodes, edges, false as truncated from backend_entities.common_neighbors"
    "(tenant.user_id, $2, $3, $4, $5, $6, $7, $8)"
)

# Degrees are counted for about 5,000 entities at most, chosen by a hash of their ids.
STATS = """
select counted.* from backend_operations.act_as($1) as tenant(user_id)
cross join lateral (
    with by_type as materialized (
        select type, count(*) as number from backend_entities.entities
        where user_id = tenant.user_id and is_active group by type
    ),
    stride as materialized (select greatest(1, ceil(sum(number) / 5000))::bigint as width from by_type),
    chosen as materialized (
        select id from backend_entities.entities
        where user_id = tenant.user_id and is_active
            and abs(uuid_hash(id)::bigint) % (select width from stride) = 0
    )
    select 'entity' as kind, type, 0 as degree, number from by_type
    union all
    select 'relationship', type, 0, count(*) from backend_entities.relationships
    where user_id = tenant.user_id and is_active group by type
    union all
    select 'degree', null, degree, count(*) from (
        select (
            (select count(*) from backend_entities.relationships r
            where r.user_id = tenant.user_id and r.source_entity_id = chosen.id and r.is_active)
            + (select count(*) from backend_entities.relationships r
            where r.user_id = tenant.user_id and r.target_entity_id = chosen.id and r.is_active)
        )::integer as degree
        from chosen
    ) as degrees
    group by degree
    order by number desc, type, degree offset 0
) as counted
"""
