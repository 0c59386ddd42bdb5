"""Walks over the graph, and counts, over HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Raw

from application.graph.list_relationships_of_entity import ListRelationshipsOfEntity
from application.graph.queries import RELATIONSHIP_SORTS, RelationshipFilter
from application.graph.traversal import (
    CommonNeighbors,
    CommonNeighborsRequest,
    Direction,
    GraphQueries,
    GraphStats,
    Neighborhood,
    NeighborhoodRequest,
    Paths,
    PathsRequest,
    Steps,
    Weight,
)
from application.graph.views import RelationshipView
from application.shared.permissions import Permission
from domain.shared.errors import NotFound
from domain.shared.ids import EntityId
from entrypoints.http.entities import Fraction, entity_id_of
from entrypoints.http.operation import Call, NoQuery, Operation, PageQuery, Reply, written


class RelationshipsOfEntityQuery(PageQuery, kw_only=True):
    """Active relationships at either end."""

    relationship_type: str | None = None
    min_confidence: float | None = None


Types = Annotated[list[str], Meta(extra_json_schema={"maxItems": 100})]


def between(least: int, most: int) -> Meta:
    """The range of a number, which its request object checks."""
    return Meta(extra_json_schema={"minimum": least, "maximum": most})


class StepsQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What is followed: relationships of `types` in `direction`, to entities of `entity_types`."""

    direction: Direction = Direction.BOTH
    types: Types | None = None
    entity_types: Types | None = None
    min_confidence: Fraction = 0.0

    def steps(self) -> Steps:
        return Steps(
            direction=self.direction,
            types=self.types or None,
            entity_types=self.entity_types or None,
            min_confidence=self.min_confidence,
        )


class NeighborhoodQuery(StepsQuery, kw_only=True):
    """`depth` 1 to 5 steps, `limit` 1 to 5000 entities."""

    depth: Annotated[int, between(1, 5)] = 1
    limit: Annotated[int, between(1, 5000)] = 200
    fan_out: Annotated[int, between(1, 5000)] | None = None
    max_relationships: Annotated[int, between(1, 50_000)] | None = None


class PathsQuery(StepsQuery, kw_only=True):
    """`max_depth` 1 to 10 steps, `limit` 1 to 100 paths."""

    source: UUID
    target: UUID
    max_depth: Annotated[int, between(1, 10)] = 6
    weight: Weight = Weight.STEPS
    limit: Annotated[int, between(1, 100)] = 10
    max_visited: Annotated[int, between(1, 1_000_000)] = 200_000


class CommonNeighborsQuery(StepsQuery, kw_only=True):
    """`limit` 1 to 200 entities."""

    source: UUID
    target: UUID
    limit: Annotated[int, between(1, 200)] = 50


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
        return written(page)

    async def neighborhood(self, call: Call[None, NeighborhoodQuery]) -> Reply:
        query = call.query
        request = NeighborhoodRequest(
            entity_id=entity_id_of(call),
            depth=query.depth,
            steps=query.steps(),
            limit=query.limit,
            fan_out=query.fan_out,
            max_relationships=query.max_relationships,
        )
        return Reply(data=Raw(await self.queries.neighborhood_json(call.principal.user_id, request)))

    async def paths(self, call: Call[None, PathsQuery]) -> Reply:
        request = PathsRequest(
            source=EntityId(call.query.source),
            target=EntityId(call.query.target),
            max_depth=call.query.max_depth,
            steps=call.query.steps(),
            weight=call.query.weight,
            limit=call.query.limit,
            max_visited=call.query.max_visited,
        )
        return Reply(data=await self.queries.paths(call.principal.user_id, request))

    async def common_neighbors(self, call: Call[None, CommonNeighborsQuery]) -> Reply:
        request = CommonNeighborsRequest(
            source=EntityId(call.query.source),
            target=EntityId(call.query.target),
            steps=call.query.steps(),
            limit=call.query.limit,
        )
        return Reply(data=await self.queries.common_neighbors(call.principal.user_id, request))

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
            description="Active relationships are followed `depth` steps, in either direction unless "
            "`direction` says otherwise; `types` (of relationships), `entity_types` and `min_confidence` say "
            "what is followed, `fan_out` how many relationships of each entity, the most confident first. "
            "Entities come nearest first, then by the confidence of the relationship that reached them, then "
            "by id; relationships most confident first, at most `max_relationships` (ten times `limit`). "
            "`truncated` says that a limit left something out, `limits_reached` which.",
        ),
        Operation(
            method="GET",
            path="/graph/paths",
            handler=graph.paths,
            summary="Find the best paths between two entities",
            tag="graph",
            permission=Permission.GRAPH_READ,
            query=PathsQuery,
            reply=Paths,
            raises=(NotFound,),
            description="Active relationships are followed in either direction unless `direction` says "
            "otherwise. With `weight=confidence` the one path with the greatest product of confidences is "
            "found, of equal ones the shortest. `length` is null, and `paths` empty, when nothing connects "
            "the two within `max_depth` steps; `truncated` says that `max_visited` entities were reached, so "
            "that there may be a path, or a better one.",
        ),
        Operation(
            method="GET",
            path="/graph/common-neighbors",
            handler=graph.common_neighbors,
            summary="Find what two entities are both connected with",
            tag="graph",
            permission=Permission.GRAPH_READ,
            query=CommonNeighborsQuery,
            reply=CommonNeighbors,
            raises=(NotFound,),
            description="Entities one step from both, with the relationships that connect them. `direction` "
            "is seen from the two. Those whose weaker connection is the strongest come first; `truncated` "
            "says that there are more than `limit`.",
        ),
        Operation(
            method="GET",
            path="/graph/stats",
            handler=graph.stats,
            summary="Count what is in the graph",
            tag="graph",
            permission=Permission.GRAPH_READ,
            reply=GraphStats,
            description="Counts by type, and how many relationships the entities have. On more than 5,000 "
            "entities the degrees are those of about as many, spread evenly (`degrees_counted`).",
        ),
    ]
