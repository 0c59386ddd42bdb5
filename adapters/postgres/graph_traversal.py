"""Walks and counts over the graph, each in one round trip; the walking itself is the database's."""

from collections.abc import Sequence
from math import prod
from uuid import UUID

import asyncpg
from asyncpg import Record

from adapters.postgres.engine import Database
from adapters.postgres.graph_rows import entity_view_of, neighborhood_read, relationship_view_of
from adapters.postgres.graph_walks import COMMON_NEIGHBORS, NEIGHBORHOOD, PATHS, STATS
from application.graph.traversal import (
    CommonNeighbor,
    CommonNeighbors,
    CommonNeighborsRequest,
    GraphQueries,
    GraphStats,
    Neighborhood,
    NeighborhoodJson,
    NeighborhoodRequest,
    Path,
    Paths,
    PathsRequest,
    Steps,
    degree_bands,
)
from application.graph.views import EntityView, RelationshipView
from domain.graph.errors import EntityNotFound
from domain.shared.ids import UserId


class PostgresGraphQueries(GraphQueries):
    def __init__(self, database: Database) -> None:
        self._database = database

    async def _rows(self, query: str, *arguments: object) -> Sequence[Record]:
        async with self._database.connection() as connection:
            try:
                return await connection.fetch(query, *arguments)
            except asyncpg.PostgresError as error:
                if error.sqlstate == "KG404":
                    raise EntityNotFound from error
                raise

    async def neighborhood(self, user_id: UserId, request: NeighborhoodRequest) -> Neighborhood:
        return neighborhood_read(await self.neighborhood_json(user_id, request))

    async def neighborhood_json(self, user_id: UserId, request: NeighborhoodRequest) -> NeighborhoodJson:
        [row] = await self._rows(
            NEIGHBORHOOD,
            user_id,
            request.entity_id,
            request.depth,
            *steps_of(request.steps),
            request.fan_out,
            request.limit,
            request.most_relationships,
        )
        if row["shown"] is None:
            raise EntityNotFound
        return NeighborhoodJson(row["shown"])

    async def paths(self, user_id: UserId, request: PathsRequest) -> Paths:
        rows = await self._rows(
            PATHS[request.weight],
            user_id,
            request.source,
            request.target,
            *steps_of(request.steps),
            request.max_depth,
            request.limit,
            request.max_visited,
        )
        return paths_of(rows)

    async def common_neighbors(self, user_id: UserId, request: CommonNeighborsRequest) -> CommonNeighbors:
        rows = await self._rows(
            COMMON_NEIGHBORS,
            user_id,
            request.source,
            request.target,
            *steps_of(request.steps),
            request.limit,
        )
        entities, relationships = views_of(rows)
        found = [row for row in rows if row["kind"] == 0]
        return CommonNeighbors(
            neighbors=[
                CommonNeighbor(
                    entity=entities[row["nodes"][0]],
                    relationships=[relationships[edge] for edge in row["edges"]],
                )
                for row in found[: request.limit]
            ],
            truncated=len(found) > request.limit,
        )

    async def stats(self, user_id: UserId) -> GraphStats:
        rows = await self._rows(STATS, user_id)
        entities = {row["type"]: row["number"] for row in rows if row["kind"] == "entity"}
        relationships = {row["type"]: row["number"] for row in rows if row["kind"] == "relationship"}
        degrees = {row["degree"]: row["number"] for row in rows if row["kind"] == "degree"}
        return GraphStats(
            entities=sum(entities.values()),
            relationships=sum(relationships.values()),
            entity_types=entities,
            relationship_types=relationships,
            degrees=degree_bands(degrees),
            degrees_counted=sum(degrees.values()),
        )


def steps_of(steps: Steps) -> tuple[object, ...]:
    """The parameters every walk takes."""
    return (
        steps.direction,
        None if steps.types is None else list(steps.types),
        None if steps.entity_types is None else list(steps.entity_types),
        steps.min_confidence,
    )


def views_of(rows: Sequence[Record]) -> tuple[dict[UUID, EntityView], dict[UUID, RelationshipView]]:
    """The entities and relationships among the rows of a walk."""
    return (
        {row["id"]: entity_view_of(row) for row in rows if row["kind"] == 1},
        {row["id"]: relationship_view_of(row) for row in rows if row["kind"] == 2},
    )


def paths_of(rows: Sequence[Record]) -> Paths:
    """The rows of PATHS, put together."""
    entities, relationships = views_of(rows)
    walked = [row for row in rows if row["kind"] == 0]
    paths = []
    for row in walked:
        if row["nodes"] is not None:
            edges = [relationships[edge] for edge in row["edges"]]
            paths.append(
                Path(
                    entities=[entities[node] for node in row["nodes"]],
                    relationships=edges,
                    confidence=prod((edge.confidence for edge in edges), start=1.0),
                )
            )
    return Paths(
        length=len(paths[0].relationships) if paths else None,
        paths=paths,
        truncated=any(row["truncated"] for row in walked),
    )
