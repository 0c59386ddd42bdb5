"""Walks and counts over the graph, each in one round trip; the walking itself is the database's."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
from asyncpg import Record

from adapters.postgres import json
from adapters.postgres.engine import Database
from adapters.postgres.graph_rows import (
    ENTITY_COLUMNS,
    RELATIONSHIP_COLUMNS,
    entity_view_of,
    relationship_view_of,
)
from application.graph.traversal import (
    GraphQueries,
    GraphStats,
    Neighborhood,
    NeighborhoodRequest,
    Path,
    Paths,
    PathsRequest,
    ReachedEntity,
)
from application.graph.views import EntityView, RelationshipView
from domain.graph.errors import EntityNotFound
from domain.shared.ids import UserId

# A hub's relationships among its neighbours can outnumber them by far; beyond this the reply says so.
RELATIONSHIPS_PER_ENTITY = 10

# As in `statements.confined`: the user is entered before the lateral part, which cannot be moved, begins.
NEIGHBORHOOD = """
select walked.* from backend_operations.act_as($1) as tenant(user_id)
cross join lateral (
    select n.*, coalesce(e.external_id, r.external_id) as external_id
    from backend_entities.neighborhood(tenant.user_id, $2, $3, $4, $5, $6, $7) with ordinality as n
    left join backend_entities.entities e on n.kind = 1 and e.user_id = tenant.user_id and e.id = n.id
    left join backend_entities.relationships r
        on n.kind = 2 and r.user_id = tenant.user_id and r.id = n.id
    order by n.ordinality offset 0
) as walked
"""

# The paths, then (kind 1) the entities and (kind 2) the relationships they are made of, each once.
PATHS = f"""
select walked.* from backend_operations.act_as($1) as tenant(user_id)
cross join lateral (
    with found as materialized (
        select row_number() over () as place, edges, nodes
        from backend_entities.shortest_paths(tenant.user_id, $2, $3, $4, $5)
    )
    select 0 as kind, place, nodes, edges, null::uuid as id, null::uuid as source_entity_id,
        null::uuid as target_entity_id, null::text as name, null::text as type,
        null::double precision as confidence, null::text as source, null::text as source_type,
        null::text as external_id,
        null::jsonb as metadata, null::text[] as aliases, null::boolean as is_active, null::bigint as version,
        null::timestamptz as created_at, null::timestamptz as updated_at
    from found
    union all
    select 1, 0, null, null, id, null, null, name, type, confidence, source, source_type, external_id,
        metadata, aliases, is_active, version, created_at, updated_at
    from (
        select {ENTITY_COLUMNS} from backend_entities.entities
        where user_id = tenant.user_id and id in (select unnest(nodes) from found)
    ) as e
    union all
    select 2, 0, null, null, id, source_entity_id, target_entity_id, null, type, confidence, source,
        source_type, external_id, metadata, null, is_active, version, created_at, updated_at
    from (
        select {RELATIONSHIP_COLUMNS} from backend_entities.relationships
        where user_id = tenant.user_id and id in (select unnest(edges) from found)
    ) as r
    offset 0
) as walked
"""

STATS = """
select counted.* from backend_operations.act_as($1) as tenant(user_id)
cross join lateral (
    select 'entity' as kind, type, count(*) as number from backend_entities.entities
    where user_id = tenant.user_id and is_active group by type
    union all
    select 'relationship', type, count(*) from backend_entities.relationships
    where user_id = tenant.user_id and is_active group by type
    order by number desc, type offset 0
) as counted
"""


class PostgresGraphQueries(GraphQueries):
    def __init__(self, database: Database) -> None:
        self._database = database

    async def neighborhood(self, user_id: UserId, request: NeighborhoodRequest) -> Neighborhood:
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                NEIGHBORHOOD,
                user_id,
                request.entity_id,
                request.depth,
                None if request.types is None else list(request.types),
                request.min_confidence,
                request.limit,
                request.limit * RELATIONSHIPS_PER_ENTITY,
            )
        if not rows:
            raise EntityNotFound
        return Neighborhood(
            entities=[reached_of(row) for row in rows if row["kind"] == 1],
            relationships=[relationship_view_of(row) for row in rows if row["kind"] == 2],
            truncated=rows[0]["truncated"],
        )

    async def paths(self, user_id: UserId, request: PathsRequest) -> Paths:
        async with self._database.connection() as connection:
            try:
                rows = await connection.fetch(
                    PATHS, user_id, request.source, request.target, request.max_depth, request.limit
                )
            except asyncpg.PostgresError as error:
                if error.sqlstate == "KG404":
                    raise EntityNotFound from error
                raise
        return paths_of(rows)

    async def stats(self, user_id: UserId) -> GraphStats:
        async with self._database.connection() as connection:
            rows = await connection.fetch(STATS, user_id)
        entities = {row["type"]: row["number"] for row in rows if row["kind"] == "entity"}
        relationships = {row["type"]: row["number"] for row in rows if row["kind"] == "relationship"}
        return GraphStats(
            entities=sum(entities.values()),
            relationships=sum(relationships.values()),
            entity_types=entities,
            relationship_types=relationships,
        )


def reached_of(row: Record) -> ReachedEntity:
    """An entity of a walk."""
    return ReachedEntity(
        id=row["id"],
        name=row["name"],
        type=row["type"],
        confidence=row["confidence"],
        source=row["source"],
        source_type=row["source_type"],
        external_id=row["external_id"],
        metadata=json.decode(row["metadata"]),
        aliases=row["aliases"],
        is_active=row["is_active"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        depth=row["depth"],
    )


def paths_of(rows: Sequence[Record]) -> Paths:
    """The rows of PATHS, put together."""
    entities: dict[UUID, EntityView] = {r["id"]: entity_view_of(r) for r in rows if r["kind"] == 1}
    relationships: dict[UUID, RelationshipView] = {
        r["id"]: relationship_view_of(r) for r in rows if r["kind"] == 2
    }
    found = sorted((r for r in rows if r["kind"] == 0), key=lambda r: int(r["place"]))
    return Paths(
        length=len(found[0]["edges"]) if found else None,
        paths=[
            Path(
                entities=[entities[node] for node in row["nodes"]],
                relationships=[relationships[edge] for edge in row["edges"]],
            )
            for row in found
        ],
    )
