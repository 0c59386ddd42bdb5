"""Walks over the graph, and counts, over HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from application.graph.list_relationships_of_entity import ListRelationshipsOfEntity
from application.graph.queries import RELATIONSHIP_SORTS, RelationshipFilter
from application.graph.traversal import (
    GraphQueries,
    GraphStats,
    Neighborhood,
    NeighborhoodRequest,
    Paths,
    PathsRequest,
)
from application.graph.views import RelationshipView
from application.shared.permissions import Permission
from domain.shared.errors import NotFound
from domain.shared.ids import EntityId
from entrypoints.http.entities import Fraction, entity_id_of
from entrypoints.http.operation import Call, NoQuery, Operation, PageQuery, Reply


class RelationshipsOfEntityQuery(PageQuery, kw_only=True):
    """Active relationships at either end."""

    relationship_type: str | None = None
    min_confidence: float | None = None


class NeighborhoodQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`depth` 1 to 5 steps, `limit` 1 to 5000 entities; `types` of relationships to follow."""

    depth: Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": 5})] = 1
    types: Annotated[list[str], Meta(extra_json_schema={"maxItems": 100})] | None = None
    min_confidence: Fraction = 0.0
    limit: Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": 5000})] = 200


class PathsQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`max_depth` 1 to 10 steps, `limit` 1 to 100 paths."""

    source: UUID
    target: UUID
    max_depth: Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": 10})] = 6
    limit: Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": 100})] = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphOverHttp:
    """The queries these operations call."""

    queries: GraphQueries
    relationships_of_entity: ListRelationshipsOfEntity

    async def relationships(self, call: Call[None, RelationshipsOfEntityQuery]) -> Reply:
        entity_id = entity_id_of(call)
        wanted = RelationshipFilter(
            entity_id=entity_id,
            relationship_type=call.query.relationship_type,
            min_confidence=call.query.min_confidence,
        )
        page = await self.relationships_of_entity(
            call.principal.user_id, entity_id, wanted, call.page(RELATIONSHIP_SORTS)
        )
        return Reply(data=page.rows, next=page.next)

    async def neighborhood(self, call: Call[None, NeighborhoodQuery]) -> Reply:
        query = call.query
        request = NeighborhoodRequest(
            entity_id=entity_id_of(call),
            depth=query.depth,
            types=query.types or None,
            min_confidence=query.min_confidence,
            limit=query.limit,
        )
        return Reply(data=await self.queries.neighborhood(call.principal.user_id, request))

    async def paths(self, call: Call[None, PathsQuery]) -> Reply:
        request = PathsRequest(
            source=EntityId(call.query.source),
            target=EntityId(call.query.target),
            max_depth=call.query.max_depth,
            limit=call.query.limit,
        )
        return Reply(data=await self.queries.paths(call.principal.user_id, request))

    async def stats(self, call: Call[None, NoQuery]) -> Reply:
        return Reply(data=await self.queries.stats(call.principal.user_id))


def operations(graph: GraphOverHttp) -> Sequence[Operation[Any, Any]]:
    """What is around an entity, between two, and in all."""
    return [
        Operation(
            method="GET",
            path="/entities/{entity_id}/relationships",
            handler=graph.relationships,
            summary="List the relationships at an entity",
            tag="graph",
            permission=Permission.GRAPH_READ,
            query=RelationshipsOfEntityQuery,
            reply=list[RelationshipView],
            raises=(NotFound,),
            description=f"Sorts: {', '.join(RELATIONSHIP_SORTS)}, each also with a leading `-`; default "
            "`-created_at`.",
        ),
        Operation(
            method="GET",
            path="/entities/{entity_id}/neighborhood",
            handler=graph.neighborhood,
            summary="Walk from an entity",
            tag="graph",
            permission=Permission.GRAPH_READ,
            query=NeighborhoodQuery,
            reply=Neighborhood,
            raises=(NotFound,),
            description="Active relationships are followed in either direction, `depth` steps. Entities come "
            "nearest first, then by the confidence of the relationship that reached them; `truncated` says "
            "that a limit left something out.",
        ),
        Operation(
            method="GET",
            path="/graph/paths",
            handler=graph.paths,
            summary="Find the shortest paths between two entities",
            tag="graph",
            permission=Permission.GRAPH_READ,
            query=PathsQuery,
            reply=Paths,
            raises=(NotFound,),
            description="Active relationships are followed in either direction. `length` is null, and "
            "`paths` empty, when nothing connects the two within `max_depth` steps.",
        ),
        Operation(
            method="GET",
            path="/graph/stats",
            handler=graph.stats,
            summary="Count what is in the graph",
            tag="graph",
            permission=Permission.GRAPH_READ,
            reply=GraphStats,
        ),
    ]
