"""What a walk in memory may step on, and the paths that are made of such steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from adapters.memory.graph_relationships import ends_of
from application.graph.traversal import Direction, Steps
from domain.graph.entity import Entity
from domain.graph.relationship import Relationship
from domain.shared.ids import EntityId


@dataclass(frozen=True, slots=True)
class Step:
    """Along a relationship to the entity at its other end."""

    edge: Relationship
    there: EntityId

    @property
    def confidence(self) -> float:
        return self.edge.content.confidence


Trail: TypeAlias = Sequence[Step]


@dataclass(frozen=True, slots=True)
class Graph:
    """One user's active entities and relationships, and what may be stepped on."""

    entities: Mapping[EntityId, Entity]
    edges: Sequence[Relationship]
    allowed: Steps

    def steps(self, here: EntityId) -> list[Step]:
        """All steps from an entity, most confident first, equal ones by where they lead."""
        found = []
        for edge in self.edges:
            source, target = ends_of(edge)
            if edge.content.confidence < self.allowed.min_confidence:
                continue
            if self.allowed.types is not None and edge.content.relationship_type not in self.allowed.types:
                continue
            if source == here and self.allowed.direction is not Direction.IN:
                found.append(Step(edge, target))
            if target == here and self.allowed.direction is not Direction.OUT:
                found.append(Step(edge, source))
        return sorted(found, key=lambda step: (-step.confidence, step.there, step.edge.id))

    def may_enter(self, there: EntityId) -> bool:
        types = self.allowed.entity_types
        return types is None or self.entities[there].content.type in types


def shortest(
    graph: Graph, source: EntityId, target: EntityId, max_depth: int, max_visited: int
) -> tuple[list[Trail], bool]:
    """All shortest trails, and whether the search was given up."""
    trails: list[list[Step]] = [[]]
    seen = {source}
    for _ in range(max_depth):
        if target in seen:
            break
        if len(seen | {target}) > max_visited:
            return [], True
        trails = [
            [*trail, step]
            for trail in trails
            for step in graph.steps(trail[-1].there if trail else source)
            if step.there not in seen and (step.there == target or graph.may_enter(step.there))
        ]
        seen |= {trail[-1].there for trail in trails}
    return [trail for trail in trails if (trail[-1].there if trail else source) == target], False


def strongest(
    graph: Graph, source: EntityId, target: EntityId, max_depth: int, max_visited: int
) -> tuple[list[Trail], bool]:
    """The trail with the greatest product, of equal ones the shortest: the best by each number of steps.
    With it, whether less promising ones were left out."""
    if source == target:
        return [[]], False
    room, cut = max_visited - 1, False
    best: tuple[float, list[Step]] | None = None
    reached: dict[EntityId, tuple[float, list[Step]]] = {source: (1.0, [])}
    known: dict[EntityId, float] = {source: 1.0}
    for _ in range(max_depth):
        following: dict[EntityId, tuple[float, list[Step]]] = {}
        for here, (product, trail) in reached.items():
            for step in graph.steps(here):
                there, worth = step.there, product * step.confidence
                if there != target and not graph.may_enter(there):
                    continue
                if there in known and worth <= known[there]:
                    continue  # fewer steps reach it as well
                if there not in following or worth > following[there][0]:
                    following[there] = (worth, [*trail, step])
        kept = sorted(following, key=lambda there: (-following[there][0], there))[: max(0, room)]
        cut |= len(kept) < len(following)
        room -= len(kept)
        following = {there: following[there] for there in kept}
        known |= {there: worth for there, (worth, _) in following.items()}
        if target in following and (best is None or following[target][0] > best[0]):
            best = following.pop(target)
        following.pop(target, None)
        reached = following
    return [] if best is None else [best[1]], cut
