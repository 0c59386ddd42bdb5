"""Walks and counts over dictionaries, by the plainest means that are right."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from math import prod

from adapters.memory.graph_queries import all_entities, all_relationships, as_json
from adapters.memory.graph_relationships import ends_of
from adapters.memory.graph_steps import Graph, Step, Trail, shortest, strongest
from adapters.memory.store import MemoryStore
from application.graph.traversal import (
    CommonNeighbor,
    CommonNeighbors,
    CommonNeighborsRequest,
    Direction,
    GraphQueries,
    GraphStats,
    Neighborhood,
    NeighborhoodJson,
    NeighborhoodRequest,
    Path,
    Paths,
    PathsRequest,
    ReachedEntity,
    Steps,
    Weight,
    degree_bands,
)
from application.graph.views import entity_view, relationship_view
from domain.graph.errors import EntityNotFound
from domain.shared.ids import EntityId, UserId


class InMemoryGraphQueries(GraphQueries):
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def _graph(self, user_id: UserId, steps: Steps, *required: EntityId) -> Graph:
        """Raises `EntityNotFound` when one of the required entities is not active."""
        graph = Graph(
            {entity.id: entity for entity in all_entities(self._store, user_id) if entity.is_active},
            [edge for edge in all_relationships(self._store, user_id) if edge.is_active],
            steps,
        )
        if not graph.entities.keys() >= {*required}:
            raise EntityNotFound
        return graph

    async def neighborhood(self, user_id: UserId, request: NeighborhoodRequest) -> Neighborhood:
        graph = self._graph(user_id, request.steps, request.entity_id)
        depths = {request.entity_id: 0}
        frontier, expanded, limits = {request.entity_id}, set[EntityId](), set[str]()
        for depth in range(1, request.depth + 1):
            if "limit" in limits:
                break
            expanded |= frontier
            best: dict[EntityId, float] = {}
            for here in frontier:
                steps = graph.steps(here)
                if request.fan_out is not None and len(steps) > request.fan_out:
                    limits.add("fan_out")
                for step in steps[: request.fan_out]:
                    if step.there not in depths and graph.may_enter(step.there):
                        best[step.there] = max(best.get(step.there, 0.0), step.confidence)
            found = sorted(best, key=lambda one: (-best[one], one))
            room = request.limit - len(depths)
            if len(found) > room:
                limits.add("limit")
            frontier = set(found[:room])
            depths |= dict.fromkeys(found[:room], depth)
        usable = {
            step.edge.id: step.edge for here in expanded for step in graph.steps(here) if step.there in depths
        }
        edges = sorted(usable.values(), key=lambda edge: (-edge.content.confidence, edge.id))
        if len(edges) > request.most_relationships:
            limits.add("max_relationships")
        return Neighborhood(
            entities=[
                ReachedEntity(**asdict(entity_view(graph.entities[one])), depth=depth)
                for one, depth in depths.items()
            ],
            relationships=[relationship_view(edge) for edge in edges[: request.most_relationships]],
            truncated=bool(limits),
            limits_reached=sorted(limits),
        )

    async def neighborhood_json(self, user_id: UserId, request: NeighborhoodRequest) -> NeighborhoodJson:
        return NeighborhoodJson(as_json(await self.neighborhood(user_id, request)))

    async def paths(self, user_id: UserId, request: PathsRequest) -> Paths:
        graph = self._graph(user_id, request.steps, request.source, request.target)
        search = strongest if request.weight is Weight.CONFIDENCE else shortest
        found, truncated = search(
            graph, request.source, request.target, request.max_depth, request.max_visited
        )
        return Paths(
            length=len(found[0]) if found else None,
            paths=[self._path(graph, request.source, trail) for trail in found[: request.limit]],
            truncated=truncated,
        )

    @staticmethod
    def _path(graph: Graph, source: EntityId, trail: Trail) -> Path:
        return Path(
            entities=[entity_view(graph.entities[one]) for one in (source, *(step.there for step in trail))],
            relationships=[relationship_view(step.edge) for step in trail],
            confidence=prod((step.confidence for step in trail), start=1.0),
        )

    async def common_neighbors(self, user_id: UserId, request: CommonNeighborsRequest) -> CommonNeighbors:
        ends = (request.source, request.target)
        graph = self._graph(user_id, request.steps, *ends)
        sides: list[dict[EntityId, list[Step]]] = [{}, {}]
        for end, side in zip(ends, sides, strict=True):
            for step in graph.steps(end):
                if step.there not in ends and graph.may_enter(step.there):
                    side.setdefault(step.there, []).append(step)
        strength = {
            one: min(max(step.confidence for step in side[one]) for side in sides)
            for one in sides[0].keys() & sides[1].keys()
        }
        found = sorted(strength, key=lambda one: (-strength[one], one))
        return CommonNeighbors(
            neighbors=[
                CommonNeighbor(
                    entity=entity_view(graph.entities[one]),
                    relationships=[
                        relationship_view(step.edge)
                        for side in sides
                        for step in sorted(side[one], key=lambda step: (-step.confidence, step.edge.id))
                    ],
                )
                for one in found[: request.limit]
            ],
            truncated=len(found) > request.limit,
        )

    async def stats(self, user_id: UserId) -> GraphStats:
        graph = self._graph(user_id, Steps(direction=Direction.BOTH))
        degrees = Counter(end for edge in graph.edges for end in ends_of(edge))
        return GraphStats(
            entities=len(graph.entities),
            relationships=len(graph.edges),
            entity_types=_counted(entity.content.type for entity in graph.entities.values()),
            relationship_types=_counted(edge.content.relationship_type for edge in graph.edges),
            degrees=degree_bands(Counter(degrees[one] for one in graph.entities)),
            degrees_counted=len(graph.entities),
        )


def _counted(types: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(types).items(), key=lambda item: (-item[1], item[0])))
