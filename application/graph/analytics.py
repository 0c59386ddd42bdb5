"""Results about a whole graph: what computes them, what keeps them, what callers read of them."""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from application.graph.jobs import GraphJobUnitOfWork
from application.graph.queries import ANALYTICS_SORTS, EntityFilter
from application.shared.pages import Page, PageRequest, Position
from domain.graph.analytics import AnalyticsKind, AnalyticsParameters
from domain.shared.checks import Checks
from domain.shared.ids import GraphJobId, UserId
from domain.shared.json import JsonObject

ID_BYTES = 16

SCORE_SORTS = ("score",)
GROUP_SORTS = ("number",)


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphSnapshot:
    """A graph as it was at one moment, without what is deleted.

    `entity_ids` holds 16 bytes an entity, ascending. A relationship is the places of its ends in it, and its
    confidence; `sources`, `targets` ("I", unsigned) and `confidences` ("d") are of one length. Times are UTC.
    """

    taken_at: datetime
    entity_ids: bytes
    sources: "array[int]"
    targets: "array[int]"
    confidences: "array[float]"

    @property
    def entities(self) -> int:
        return len(self.entity_ids) // ID_BYTES

    @property
    def relationships(self) -> int:
        return len(self.sources)

    def entity_id(self, place: int) -> UUID:
        """The entity at a place."""
        return UUID(bytes=self.entity_ids[place * ID_BYTES : (place + 1) * ID_BYTES])


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotLimits:
    """The largest graph that is taken: about 200 bytes a relationship while it is computed on."""

    entities: int = 5_000_000
    relationships: int = 10_000_000


class GraphSnapshots(Protocol):
    """Takes snapshots of users' graphs."""

    async def take(
        self, user_id: UserId, parameters: AnalyticsParameters, limits: SnapshotLimits
    ) -> GraphSnapshot:
        """Every active entity, and the active relationships between them that the parameters name, as of one
        moment. Raises `Rejected` for a graph beyond the limits."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """`scores` has one number an entity, in the snapshot's order: of a kind that makes groups, the number of
    its group. `facts` say how it was computed."""

    scores: "array[float]"
    facts: JsonObject = field(default_factory=dict)


class GraphAlgorithms(Protocol):
    """Computes on snapshots, without holding up what else the process does."""

    async def compute(
        self, snapshot: GraphSnapshot, kind: AnalyticsKind, parameters: AnalyticsParameters
    ) -> Computed:
        """Groups are numbered from 1 by size, equal ones by their first entity's place. Raises `Rejected`
        when no retry can help: the memory it may take does not suffice, or the scores do not settle.
        Cancelled, it ends the computation at once."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyticsRun:
    """One computation; its id is its job's, and `attempt` tells which of the job's attempts it is of.
    `computed_at` None: not complete, and seen by nobody."""

    id: GraphJobId
    user_id: UserId
    attempt: int
    kind: AnalyticsKind
    parameters: JsonObject
    entities: int
    relationships: int
    groups: int | None
    snapshot_at: datetime
    facts: JsonObject
    computed_at: datetime | None = None


class AnalyticsRepository(Protocol):
    """The runs of the unit of work's user."""

    async def find(self, user_id: UserId, run_id: GraphJobId) -> AnalyticsRun | None:
        """A run, complete or not."""
        ...

    async def begin(self, run: AnalyticsRun) -> None:
        """Stores an incomplete run without any score, in the place of an earlier attempt at it. Raises
        `AccountGone` when the account no longer exists."""
        ...

    async def add_scores(
        self, run: AnalyticsRun, entity_ids: Sequence[UUID], scores: Sequence[float]
    ) -> None:
        """Adds scores, one an entity. Nothing happens to a run that is of another attempt by now, here and
        below."""
        ...

    async def add_groups(self, run: AnalyticsRun, numbers: Sequence[int], sizes: Sequence[int]) -> None:
        """Adds groups."""
        ...

    async def complete(self, run: AnalyticsRun, now: datetime) -> bool:
        """Makes the run the one that is read, and drops those of its kind that it replaces: complete ones of
        an earlier snapshot, and what jobs that have ended left incomplete. Whether it was this attempt's."""
        ...

    async def drop(self, run: AnalyticsRun) -> None:
        """Removes an incomplete run with its scores."""
        ...


class AnalyticsUnitOfWork(GraphJobUnitOfWork, Protocol):
    """One transaction over one user's jobs and their results."""

    @property
    def analytics(self) -> AnalyticsRepository: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyticsRunView:
    """A complete computation: on how many `entities` and `relationships`, as they were at `snapshot_at`.
    `groups` is how many communities or components there are. `id` is that of its job; times are UTC."""

    id: UUID
    kind: str
    parameters: Mapping[str, Any]
    entities: int
    relationships: int
    groups: int | None
    snapshot_at: datetime
    computed_at: datetime
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredEntity:
    """An entity, and its score when that was computed."""

    id: UUID
    name: str
    type: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    """A community or component, and how many entities were in it when that was computed."""

    number: int
    size: int


class AnalyticsQueries(Protocol):
    """Reads the last complete run of each kind. What another user owns is not there."""

    async def runs(self, user_id: UserId) -> Sequence[AnalyticsRunView]:
        """Complete runs, the newest snapshot first."""
        ...

    async def scores(
        self, user_id: UserId, kind: AnalyticsKind, page: PageRequest
    ) -> tuple[AnalyticsRunView, Page[ScoredEntity]]:
        """The last run and a page of its entities that are not deleted, by one of `SCORE_SORTS`. Raises
        `AnalyticsNotComputed`, and `InvalidInput` when the page before was of a run that was replaced."""
        ...

    async def groups(
        self, user_id: UserId, kind: AnalyticsKind, page: PageRequest
    ) -> tuple[AnalyticsRunView, Page[GroupView]]:
        """The last run and a page of its groups, by one of `GROUP_SORTS`. Raises as `scores` does."""
        ...


def run_view(run: AnalyticsRun, computed_at: datetime) -> AnalyticsRunView:
    """A complete run as callers see it."""
    return AnalyticsRunView(
        id=run.id,
        kind=run.kind,
        parameters=run.parameters,
        entities=run.entities,
        relationships=run.relationships,
        groups=run.groups,
        snapshot_at=run.snapshot_at,
        computed_at=computed_at,
        facts=run.facts,
    )


def position_in(run_id: UUID, key: float, row_id: UUID) -> Position:
    """Where a page of a run's rows ends; only that run's next page begins there."""
    return Position(key=f"{run_id} {key!r}", id=row_id)


def key_in(position: Position) -> tuple[UUID, float]:
    """The run and the key of `position_in`."""
    run_id, _, key = str(position.key).partition(" ")
    return UUID(run_id), float(key)


def check_same_run(after: Position | None, run_id: UUID) -> None:
    """Raises `InvalidInput` for the page after one of another run."""
    if after is not None and key_in(after)[0] != run_id:
        checks = Checks()
        checks.refuse("/cursor", "outdated", "this was computed anew since: begin with the first page again")
        checks.finish()


def kinds_asked(wanted: EntityFilter, sort: str) -> Mapping[str, AnalyticsKind]:
    """What a list of entities needs computed, by the pointer to the parameter that asks for it."""
    asked = {
        f"/{name}": kind for name, (kind, value) in analytics_filters(wanted).items() if value is not None
    }
    return asked | ({"/sort": AnalyticsKind(sort)} if sort in ANALYTICS_SORTS else {})


def analytics_filters(wanted: EntityFilter) -> Mapping[str, tuple[AnalyticsKind, float | None]]:
    """The filters by results, with what each compares."""
    return {
        "min_pagerank": (AnalyticsKind.PAGERANK, wanted.min_pagerank),
        "min_degree": (AnalyticsKind.DEGREE, wanted.min_degree),
        "min_betweenness": (AnalyticsKind.BETWEENNESS, wanted.min_betweenness),
        "community": (AnalyticsKind.COMMUNITIES, wanted.community),
        "component": (AnalyticsKind.COMPONENTS, wanted.component),
    }


def refuse_uncomputed(asked: Mapping[str, AnalyticsKind], computed: frozenset[AnalyticsKind]) -> None:
    """Raises `InvalidInput` for a list that needs what was never computed: calling it empty would mislead."""
    checks = Checks()
    for pointer, kind in asked.items():
        if kind not in computed:
            detail = f"was never computed for this graph: POST /api/v1/graph/analytics/{kind} first"
            checks.refuse(pointer, "not_computed", detail)
    checks.finish()
