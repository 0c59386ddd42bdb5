"""Walking the graph: neighbourhoods, shortest paths, counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from application.graph.views import EntityView, RelationshipView
from domain.shared.checks import Checks
from domain.shared.ids import EntityId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighborhoodRequest:
    """The walk follows relationships in either direction, `depth` steps (1 to 5) from the start.

    Only relationships of `types` (None: any) with at least `min_confidence` are followed. At most `limit`
    (1 to 5000) entities are returned, nearest first, then by the confidence of the relationship that
    reached them.
    """

    entity_id: EntityId
    depth: int = 1
    types: Sequence[str] | None = None
    min_confidence: float = 0.0
    limit: int = 200

    def __post_init__(self) -> None:
        """Raises `InvalidInput` outside the documented ranges."""
        checks = Checks()
        if not 1 <= self.depth <= 5:
            checks.refuse("/depth", "out_of_range", "must be 1 to 5")
        if not 1 <= self.limit <= 5000:
            checks.refuse("/limit", "out_of_range", "must be 1 to 5000")
        checks.fraction("/min_confidence", self.min_confidence)
        if self.types is not None and len(self.types) > 100:
            checks.refuse("/types", "too_many", "at most 100 types")
        checks.finish()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachedEntity(EntityView):
    """An entity with its distance from the start, which has 0."""

    depth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighborhood:
    """A part of the graph. Its relationships are those a walk of that depth can use, between returned
    entities. `truncated` says that a limit left something out."""

    entities: Sequence[ReachedEntity]
    relationships: Sequence[RelationshipView]
    truncated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PathsRequest:
    """Shortest paths between two entities in at most `max_depth` steps (1 to 10), `limit` (1 to 100) of
    them at most; relationships are followed in either direction."""

    source: EntityId
    target: EntityId
    max_depth: int = 6
    limit: int = 10

    def __post_init__(self) -> None:
        """Raises `InvalidInput` outside the documented ranges."""
        checks = Checks()
        if not 1 <= self.max_depth <= 10:
            checks.refuse("/max_depth", "out_of_range", "must be 1 to 10")
        if not 1 <= self.limit <= 100:
            checks.refuse("/limit", "out_of_range", "must be 1 to 100")
        checks.finish()


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A walk from the source to the target: each relationship joins the entities beside it, either way."""

    entities: Sequence[EntityView]
    relationships: Sequence[RelationshipView]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Paths of one length, the shortest there is; `length` is None when nothing connects the two."""

    length: int | None
    paths: Sequence[Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphStats:
    """How many active things of each type there are, most frequent first."""

    entities: int
    relationships: int
    entity_types: Mapping[str, int]
    relationship_types: Mapping[str, int]


class GraphQueries(Protocol):
    """Walks over one user's active entities and relationships."""

    async def neighborhood(self, user_id: UserId, request: NeighborhoodRequest) -> Neighborhood:
        """Raises `EntityNotFound` when the start is absent, deleted or somebody else's."""
        ...

    async def paths(self, user_id: UserId, request: PathsRequest) -> Paths:
        """Raises `EntityNotFound` when either end is absent, deleted or somebody else's."""
        ...

    async def stats(self, user_id: UserId) -> GraphStats:
        """Counts everything anew."""
        ...
