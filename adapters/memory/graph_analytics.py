"""Results about whole graphs over dictionaries, for tests without a server."""

from array import array
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from adapters.memory.graph_jobs import GRAPH_JOBS
from adapters.memory.store import MemoryStore, Rows
from application.graph.analytics import (
    AnalyticsQueries,
    AnalyticsRepository,
    AnalyticsRun,
    AnalyticsRunView,
    GraphSnapshot,
    GraphSnapshots,
    GroupView,
    ScoredEntity,
    SnapshotLimits,
    analytics_filters,
    check_same_run,
    key_in,
    position_in,
    run_view,
)
from application.graph.queries import EntityFilter
from application.shared.messages import Rejected
from application.shared.pages import Page, PageRequest
from domain.graph.analytics import AnalyticsKind, AnalyticsParameters
from domain.graph.entity import Entity
from domain.graph.errors import AnalyticsNotComputed
from domain.graph.job import GraphJob
from domain.graph.relationship import Relationship
from domain.shared.ids import GraphJobId, UserId

# Tables by (user id, run id), (user id, run id, entity id) and (user id, run id, number).
ANALYTICS_RUNS = "analytics_runs"  # AnalyticsRun
ANALYTICS_SCORES = "analytics_scores"  # float
ANALYTICS_GROUPS = "analytics_groups"  # int
# As in the modules of entities and relationships, which read from this one.
ENTITIES = "entities"
RELATIONSHIPS = "relationships"

View = TypeVar("View", ScoredEntity, GroupView)


class InMemoryAnalyticsRepository(AnalyticsRepository):
    """Works on the tables of one unit of work."""

    def __init__(self, table: Callable[[str], Rows]) -> None:
        self._table = table
        self._runs = table(ANALYTICS_RUNS)

    async def find(self, user_id: UserId, run_id: GraphJobId) -> AnalyticsRun | None:
        run = self._runs.get((user_id, run_id))
        return run if isinstance(run, AnalyticsRun) else None

    async def begin(self, run: AnalyticsRun) -> None:
        self._remove(run)
        self._runs[(run.user_id, run.id)] = run

    async def add_scores(
        self, run: AnalyticsRun, entity_ids: Sequence[UUID], scores: Sequence[float]
    ) -> None:
        if self._is_writing(run):
            rows = self._table(ANALYTICS_SCORES)
            for entity_id, score in zip(entity_ids, scores, strict=True):
                rows[(run.user_id, run.id, entity_id)] = score

    async def add_groups(self, run: AnalyticsRun, numbers: Sequence[int], sizes: Sequence[int]) -> None:
        if self._is_writing(run):
            rows = self._table(ANALYTICS_GROUPS)
            for number, size in zip(numbers, sizes, strict=True):
                rows[(run.user_id, run.id, number)] = size

    async def complete(self, run: AnalyticsRun, now: datetime) -> bool:
        if not self._is_writing(run):
            return False
        self._runs[(run.user_id, run.id)] = replace(run, computed_at=now)
        for other in runs_of(self._runs, run.user_id):
            if other.id != run.id and other.kind is run.kind and self._is_replaced(other, run):
                self._remove(other)
        return True

    async def drop(self, run: AnalyticsRun) -> None:
        if self._is_writing(run):
            self._remove(run)

    def _is_writing(self, run: AnalyticsRun) -> bool:
        kept = self._runs.get((run.user_id, run.id))
        return isinstance(kept, AnalyticsRun) and kept.attempt == run.attempt and kept.computed_at is None

    def _is_replaced(self, other: AnalyticsRun, run: AnalyticsRun) -> bool:
        if other.computed_at is not None:
            return other.snapshot_at <= run.snapshot_at
        job = self._table(GRAPH_JOBS).get((other.user_id, other.id))
        return not (isinstance(job, GraphJob) and job.status.is_open)

    def _remove(self, run: AnalyticsRun) -> None:
        self._runs.pop((run.user_id, run.id), None)
        for name in (ANALYTICS_SCORES, ANALYTICS_GROUPS):
            rows = self._table(name)
            for key in [key for key in rows if isinstance(key, tuple) and key[:2] == (run.user_id, run.id)]:
                del rows[key]


def runs_of(rows: Rows, user_id: UserId) -> list[AnalyticsRun]:
    """The user's runs, the newest snapshot first."""
    found = [run for run in rows.values() if isinstance(run, AnalyticsRun) and run.user_id == user_id]
    return sorted(found, key=lambda run: (run.snapshot_at, run.id), reverse=True)


def last_run(store: MemoryStore, user_id: UserId, kind: AnalyticsKind) -> AnalyticsRun | None:
    """The last complete run of a kind."""
    runs = runs_of(store.table(ANALYTICS_RUNS), user_id)
    return next((run for run in runs if run.kind is kind and run.computed_at is not None), None)


def of_run(store: MemoryStore, table: str, run: AnalyticsRun | None) -> Mapping[Hashable, float]:
    """A run's numbers, by entity or by group."""
    if run is None:
        return {}
    found: dict[Hashable, float] = {}
    for key, value in store.table(table).items():
        if isinstance(key, tuple) and key[:2] == (run.user_id, run.id) and isinstance(value, int | float):
            found[key[2]] = value
    return found


def last_scores(store: MemoryStore, user_id: UserId, kind: AnalyticsKind) -> Mapping[Hashable, float]:
    """The scores of the last complete run of a kind, by entity."""
    return of_run(store, ANALYTICS_SCORES, last_run(store, user_id, kind))


def passing(store: MemoryStore, user_id: UserId, wanted: EntityFilter) -> Callable[[UUID], bool]:
    """Whether an entity passes the filters by results."""
    asked = [
        (last_scores(store, user_id, kind), value, kind.makes_groups)
        for kind, value in analytics_filters(wanted).values()
        if value is not None
    ]
    return lambda entity_id: all(
        entity_id in scores and (scores[entity_id] == value if equal else scores[entity_id] >= value)
        for scores, value, equal in asked
    )


class InMemoryAnalyticsQueries(AnalyticsQueries):
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def runs(self, user_id: UserId) -> Sequence[AnalyticsRunView]:
        runs = runs_of(self._store.table(ANALYTICS_RUNS), user_id)
        return [run_view(run, run.computed_at) for run in runs if run.computed_at is not None]

    async def scores(
        self, user_id: UserId, kind: AnalyticsKind, page: PageRequest
    ) -> tuple[AnalyticsRunView, Page[ScoredEntity]]:
        run, view = self._last(user_id, kind, page)
        found = []
        for entity_id, score in of_run(self._store, ANALYTICS_SCORES, run).items():
            entity = self._store.table(ENTITIES).get((user_id, entity_id))
            if isinstance(entity, Entity) and entity.is_active:
                content = entity.content
                scored = ScoredEntity(id=entity.id, name=content.name, type=content.type, score=score)
                found.append((score, scored.id, scored))
        return view, page_of(found, run.id, page)

    async def groups(
        self, user_id: UserId, kind: AnalyticsKind, page: PageRequest
    ) -> tuple[AnalyticsRunView, Page[GroupView]]:
        run, view = self._last(user_id, kind, page)
        sizes = of_run(self._store, ANALYTICS_GROUPS, run)
        found = [
            (float(number), UUID(int=run.id.int), GroupView(number=number, size=int(size)))
            for number, size in sizes.items()
            if isinstance(number, int)
        ]
        return view, page_of(found, run.id, page)

    def _last(
        self, user_id: UserId, kind: AnalyticsKind, page: PageRequest
    ) -> tuple[AnalyticsRun, AnalyticsRunView]:
        run = last_run(self._store, user_id, kind)
        if run is None or run.computed_at is None:
            raise AnalyticsNotComputed
        check_same_run(page.after, run.id)
        return run, run_view(run, run.computed_at)


def page_of(found: Sequence[tuple[float, UUID, View]], run_id: UUID, page: PageRequest) -> Page[View]:
    """One page of rows that come with their key and id."""
    ordered = sorted(found, key=lambda row: row[:2], reverse=page.descending)
    if page.after is not None:
        last = (key_in(page.after)[1], page.after.id)
        ordered = [row for row in ordered if row[:2] != last and (row[:2] < last) == page.descending]
    shown = ordered[: page.limit]
    more = len(ordered) > page.limit
    following = position_in(run_id, shown[-1][0], shown[-1][1]) if more else None
    return Page(rows=[row[2] for row in shown], next=following)


class InMemoryGraphSnapshots(GraphSnapshots):
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def take(
        self, user_id: UserId, parameters: AnalyticsParameters, limits: SnapshotLimits
    ) -> GraphSnapshot:
        entities = sorted(
            row.id
            for row in self._store.table(ENTITIES).values()
            if isinstance(row, Entity) and row.user_id == user_id and row.is_active
        )
        places = {entity_id: place for place, entity_id in enumerate(entities)}
        types = parameters.relationship_types
        edges = [
            (places[content.source_entity_id], places[content.target_entity_id], content.confidence)
            for row in self._store.table(RELATIONSHIPS).values()
            if isinstance(row, Relationship) and row.user_id == user_id and row.is_active
            for content in (row.content,)
            if content.confidence >= parameters.min_confidence
            and (types is None or content.relationship_type in types)
        ]
        if len(entities) > limits.entities or len(edges) > limits.relationships:
            raise Rejected("the graph is too large")
        return GraphSnapshot(
            taken_at=datetime.now(UTC),
            entity_ids=b"".join(entity_id.bytes for entity_id in entities),
            sources=array("I", (source for source, _, _ in edges)),
            targets=array("I", (target for _, target, _ in edges)),
            confidences=array("d", (confidence for _, _, confidence in edges)),
        )
