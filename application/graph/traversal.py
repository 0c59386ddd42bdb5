"""Walking the graph: neighbourhoods, paths, common neighbours, counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType, Protocol

from application.graph.views import EntityView, RelationshipView
from domain.shared.checks import Checks
from domain.shared.ids import EntityId, UserId

RELATIONSHIPS_PER_ENTITY = 10
MOST_ENTITIES = 5000
MOST_RELATIONSHIPS = 50_000
MOST_VISITED = 1_000_000


class Direction(StrEnum):
    """Which way relationships are followed: from source to target, the other way, or both."""

    OUT = "out"
    IN = "in"
    BOTH = "both"


class Weight(StrEnum):
    """What makes a path better than another: fewer steps, or a greater product of confidences."""

    STEPS = "steps"
    CONFIDENCE = "confidence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """What a walk may step on: relationships of `types` (None: any) with at least `min_confidence`, followed
    in `direction`, to entities of `entity_types` (None: any). Where a walk begins and is to end may be of
    any type."""

    direction: Direction = Direction.BOTH
    types: Sequence[str] | None = None
    entity_types: Sequence[str] | None = None
    min_confidence: float = 0.0

    def check(self, checks: Checks) -> None:
        checks.fraction("/min_confidence", self.min_confidence)
        for name, given in (("types", self.types), ("entity_types", self.entity_types)):
            if given is not None and len(given) > 100:
                checks.refuse(f"/{name}", "too_many", "at most 100 types")


def _within(checks: Checks, name: str, value: int | None, most: int) -> None:
    if value is not None and not 1 <= value <= most:
        checks.refuse(f"/{name}", "out_of_range", f"must be 1 to {most}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighborhoodRequest:
    """The walk goes `depth` steps (1 to 5) from the start.

    At most `limit` (1 to 5000) entities are returned, nearest first, then by the confidence of the
    relationship that reached them, then by id. Of each entity only the `fan_out` (1 to 5000, None: all) most
    confident relationships are followed, equal ones in the order of the entities they lead to. At most
    `max_relationships` (1 to 50000, None: ten times `limit`) are returned, the most confident first.
    """

    entity_id: EntityId
    depth: int = 1
    steps: Steps = Steps()
    limit: int = 200
    fan_out: int | None = None
    max_relationships: int | None = None

    def __post_init__(self) -> None:
        """Raises `InvalidInput` outside the documented ranges."""
        checks = Checks()
        _within(checks, "depth", self.depth, 5)
        _within(checks, "limit", self.limit, MOST_ENTITIES)
        _within(checks, "fan_out", self.fan_out, MOST_ENTITIES)
        _within(checks, "max_relationships", self.max_relationships, MOST_RELATIONSHIPS)
        self.steps.check(checks)
        checks.finish()

    @property
    def most_relationships(self) -> int:
        return self.max_relationships or self.limit * RELATIONSHIPS_PER_ENTITY


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachedEntity(EntityView):
    """An entity with its distance from the start, which has 0."""

    depth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighborhood:
    """A part of the graph. Its relationships are those a walk of that depth can use, between returned
    entities. `truncated` says that a limit left something out, `limits_reached` which: `fan_out`, `limit`,
    `max_relationships`, in this order."""

    entities: Sequence[ReachedEntity]
    relationships: Sequence[RelationshipView]
    truncated: bool
    limits_reached: Sequence[str]


NeighborhoodJson = NewType("NeighborhoodJson", str)
"""A `Neighborhood` as JSON: what is only passed on to a client need not become values first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathsRequest:
    """Paths between two entities in at most `max_depth` steps (1 to 10).

    By steps: the shortest, `limit` (1 to 100) of them at most. By confidence: the one with the greatest
    product of confidences, of equal ones the shortest. At most `max_visited` (1 to 1000000) entities are
    looked at: by steps the search ends there, by confidence the least promising are left out.
    """

    source: EntityId
    target: EntityId
    max_depth: int = 6
    steps: Steps = Steps()
    weight: Weight = Weight.STEPS
    limit: int = 10
    max_visited: int = 200_000

    def __post_init__(self) -> None:
        """Raises `InvalidInput` outside the documented ranges."""
        checks = Checks()
        _within(checks, "max_depth", self.max_depth, 10)
        _within(checks, "limit", self.limit, 100)
        _within(checks, "max_visited", self.max_visited, MOST_VISITED)
        self.steps.check(checks)
        checks.finish()


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A walk from the source to the target: each relationship joins the entities beside it. `confidence` is
    the product of its relationships' confidences, 1 when there are none."""

    entities: Sequence[EntityView]
    relationships: Sequence[RelationshipView]
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Paths of one length; `length` is None when nothing connects the two. `truncated` says that
    `max_visited` was reached: there may be a path, or a better one."""

    length: int | None
    paths: Sequence[Path]
    truncated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonNeighborsRequest:
    """Entities one step from both the source and the target (two different ones), at most `limit` (1 to
    200): those whose weaker connection is the strongest first, then by id."""

    source: EntityId
    target: EntityId
    steps: Steps = Steps()
    limit: int = 50

    def __post_init__(self) -> None:
        """Raises `InvalidInput` outside the documented ranges."""
        checks = Checks()
        if self.source == self.target:
            checks.refuse("/target", "invalid", "must be another entity than the source")
        _within(checks, "limit", self.limit, 200)
        self.steps.check(checks)
        checks.finish()


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonNeighbor:
    """An entity and the relationships that connect it: with the source first, then with the target, each
    most confident first."""

    entity: EntityView
    relationships: Sequence[RelationshipView]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonNeighbors:
    """`truncated` says that there are more than were asked for."""

    neighbors: Sequence[CommonNeighbor]
    truncated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DegreeBand:
    """How many entities have at least `minimum` and at most `maximum` relationships."""

    minimum: int
    maximum: int
    entities: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphStats:
    """How many active things of each type there are, most frequent first, and how many relationships the
    entities have, in bands whose bounds double. `degrees_counted` says on how many entities the bands
    rest: all, up to 5000, else about as many, spread evenly."""

    entities: int
    relationships: int
    entity_types: Mapping[str, int]
    relationship_types: Mapping[str, int]
    degrees: Sequence[DegreeBand]
    degrees_counted: int


def degree_bands(degrees: Mapping[int, int]) -> Sequence[DegreeBand]:
    """The bands 0, 1, 2 to 3, 4 to 7, ... of a count of entities for each degree, without empty ones at the
    end."""
    counts = [0] * max((degree.bit_length() + 1 for degree in degrees), default=0)
    for degree, entities in degrees.items():
        counts[degree.bit_length()] += entities
    return [
        DegreeBand(minimum=1 << (bits - 1) if bits else 0, maximum=(1 << bits) - 1, entities=number)
        for bits, number in enumerate(counts)
    ]


class GraphQueries(Protocol):
    """Walks over one user's active entities and relationships."""

    async def neighborhood(self, user_id: UserId, request: NeighborhoodRequest) -> Neighborhood:
        """Raises `EntityNotFound` when the start is absent, deleted or somebody else's."""
        ...

    async def neighborhood_json(self, user_id: UserId, request: NeighborhoodRequest) -> NeighborhoodJson:
        """The same, to be passed on as it is."""
        ...

    async def paths(self, user_id: UserId, request: PathsRequest) -> Paths:
        """Raises `EntityNotFound` when either end is absent, deleted or somebody else's."""
        ...

    async def common_neighbors(self, user_id: UserId, request: CommonNeighborsRequest) -> CommonNeighbors:
        """Raises `EntityNotFound` when either end is absent, deleted or somebody else's."""
        ...

    async def stats(self, user_id: UserId) -> GraphStats:
        """Counts everything anew."""
        ...
