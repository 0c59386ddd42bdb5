"""Walks and counts over dictionaries, by the plainest means that are right."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from adapters.memory.graph_queries import all_entities, all_relationships
from adapters.memory.graph_relationships import ends_of
from adapters.memory.store import MemoryStore
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
from application.graph.views import entity_view, relationship_view
from domain.graph.entity import Entity
from domain.graph.errors import EntityNotFound
from domain.graph.relationship import Relationship
from domain.shared.ids import EntityId, UserId

RELATIONSHIPS_PER_ENTITY = 10


class InMemoryGraphQueries(GraphQueries):
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def _entities(self, user_id: UserId) -> dict[EntityId, Entity]:
        return {entity.id: entity for entity in all_entities(self._store, user_id) if entity.is_active}

    def _relationships(self, user_id: UserId) -> list[Relationship]:
        return [edge for edge in all_relationships(self._store, user_id) if edge.is_active]

    async def neighborhood(self, user_id: UserId, request: NeighborhoodRequest) -> Neighborhood:
        entities = self._entities(user_id)
        if request.entity_id not in entities:
            raise EntityNotFound
        usable = [
            edge
            for edge in self._relationships(user_id)
            if edge.content.confidence >= request.min_confidence
            and (request.types is None or edge.content.relationship_type in request.types)
        ]
        depths = {request.entity_id: 0}
        frontier, expanded, truncated = {request.entity_id}, set[EntityId](), False
        for step in range(1, request.depth + 1):
            if truncated:
                break
            expanded |= frontier
            best: dict[EntityId, float] = {}
            for edge in usable:
                for here, there in _both_ways(edge):
                    if here in frontier and there not in depths:
                        best[there] = max(best.get(there, 0.0), edge.content.confidence)
            found = sorted(best, key=lambda one: (-best[one], one))
            room = request.limit - len(depths)
            truncated = len(found) > room
            frontier = set(found[:room])
            depths |= dict.fromkeys(found[:room], step)
        edges = sorted(
            (e for e in usable if set(ends_of(e)) <= depths.keys() and expanded & set(ends_of(e))),
            key=lambda e: (-e.content.confidence, e.id),
        )
        most = request.limit * RELATIONSHIPS_PER_ENTITY
        return Neighborhood(
            entities=[
                ReachedEntity(**asdict(entity_view(entities[one])), depth=depth)
                for one, depth in depths.items()
            ],
            relationships=[relationship_view(edge) for edge in edges[:most]],
            truncated=truncated or len(edges) > most,
        )

    async def paths(self, user_id: UserId, request: PathsRequest) -> Paths:
        entities = self._entities(user_id)
        if request.source not in entities or request.target not in entities:
            raise EntityNotFound
        edges = self._relationships(user_id)
        walks: list[tuple[list[EntityId], list[Relationship]]] = [([request.source], [])]
        seen = {request.source}
        for _ in range(request.max_depth):
            if request.target in seen:
                break
            walks = [
                ([*nodes, there], [*trail, edge])
                for nodes, trail in walks
                for edge, there in _steps(nodes[-1], edges)
                if there not in seen
            ]
            seen |= {nodes[-1] for nodes, _ in walks}
        found = [
            Path(
                entities=[entity_view(entities[node]) for node in nodes],
                relationships=[relationship_view(edge) for edge in trail],
            )
            for nodes, trail in walks
            if nodes[-1] == request.target
        ]
        return Paths(
            length=len(found[0].relationships) if found else None,
            paths=found[: request.limit],
        )

    async def stats(self, user_id: UserId) -> GraphStats:
        entities, relationships = self._entities(user_id), self._relationships(user_id)
        return GraphStats(
            entities=len(entities),
            relationships=len(relationships),
            entity_types=_counted(entity.content.type for entity in entities.values()),
            relationship_types=_counted(edge.content.relationship_type for edge in relationships),
        )


def _both_ways(edge: Relationship) -> Iterator[tuple[EntityId, EntityId]]:
    source, target = ends_of(edge)
    yield source, target
    yield target, source


def _steps(here: EntityId, edges: Iterable[Relationship]) -> Iterator[tuple[Relationship, EntityId]]:
    for edge in edges:
        for begin, end in _both_ways(edge):
            if begin == here != end:
                yield edge, end


def _counted(types: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(types).items(), key=lambda item: (-item[1], item[0])))
