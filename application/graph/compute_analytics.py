"""Carries out a job that computes something about a whole graph: snapshot, computation, stored result."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from application.graph.analytics import (
    AnalyticsRun,
    AnalyticsUnitOfWork,
    Computed,
    GraphAlgorithms,
    GraphSnapshot,
    GraphSnapshots,
    SnapshotLimits,
)
from application.shared.ports import Clock, StartWork
from application.shared.principal import Principal
from domain.graph.analytics import AnalyticsKind, parameters_data, parameters_of
from domain.graph.job import GraphJob, GraphJobOutcome, GraphJobStatus, Progress
from domain.shared.json import rfc3339

# Rows of one statement: the event loop is free again, and a cancelled job noticed, after some milliseconds.
BATCH = 5_000
# Seconds between two looks at whether the job was cancelled.
LOOK = 1.0

CANCELLED = GraphJobOutcome(status=GraphJobStatus.CANCELLED)

Result = TypeVar("Result")


class JobEnded(Exception):
    """The job was ended by somebody else, mostly cancelled."""


class Superseded(Exception):
    """Another consumer has taken the job up since; its result counts."""


class ComputeAnalytics:
    """A `GraphJobRunner`. A job that is run again begins from scratch, unless its result is complete."""

    def __init__(
        self,
        start_work: StartWork[AnalyticsUnitOfWork],
        clock: Clock,
        snapshots: GraphSnapshots,
        algorithms: GraphAlgorithms,
        *,
        limits: SnapshotLimits,
        look: float = LOOK,
    ) -> None:
        self._start_work = start_work
        self._clock = clock
        self._snapshots = snapshots
        self._algorithms = algorithms
        self._limits = limits
        self._look = look

    async def __call__(self, principal: Principal, job: GraphJob, /) -> GraphJobOutcome:
        async with self._start_work(principal) as work:
            stored = await work.analytics.find(job.user_id, job.id)
        if stored is not None and stored.computed_at is not None:
            return outcome_of(stored)  # a consumer died between the result's commit and the job's end
        try:
            return await self._computed(principal, job)
        except JobEnded:
            return CANCELLED

    async def _computed(self, principal: Principal, job: GraphJob) -> GraphJobOutcome:
        kind, parameters = AnalyticsKind(str(job.parameters["kind"])), parameters_of(job.parameters)
        taking = self._snapshots.take(job.user_id, parameters, self._limits)
        snapshot = await self._watched(principal, job, taking)
        computed = await self._watched(principal, job, self._algorithms.compute(snapshot, kind, parameters))
        run = AnalyticsRun(
            id=job.id,
            user_id=job.user_id,
            attempt=job.attempts,
            kind=kind,
            parameters=parameters_data(kind, parameters),
            entities=snapshot.entities,
            relationships=snapshot.relationships,
            groups=int(max(computed.scores, default=0)) if kind.makes_groups else None,
            snapshot_at=snapshot.taken_at,
            facts=computed.facts,
        )
        try:
            await self._store(principal, run, snapshot, computed)
        except JobEnded:
            async with self._start_work(principal) as work:
                await work.analytics.drop(run)
                await work.commit()
            raise
        return outcome_of(run)

    async def _watched(
        self, principal: Principal, job: GraphJob, doing: Coroutine[Any, Any, Result]
    ) -> Result:
        """What `doing` returns; cancels it, and raises `JobEnded`, when the job is ended meanwhile."""
        task = asyncio.ensure_future(doing)
        try:
            while True:
                async with self._start_work(principal) as work:
                    await self._advance(work, job, Progress(total=job.total, done=0))
                    await work.commit()
                if (await asyncio.wait({task}, timeout=self._look))[0]:
                    return task.result()
        finally:
            if not task.done():
                task.cancel()
                # Awaited, so that nothing is left running behind; how it ended does not matter any more.
                await asyncio.gather(task, return_exceptions=True)

    async def _store(
        self, principal: Principal, run: AnalyticsRun, snapshot: GraphSnapshot, computed: Computed
    ) -> None:
        """In short transactions: what is not complete is seen by nobody, and a cancelled job is noticed."""
        total = snapshot.entities
        async with self._start_work(principal) as work:
            await self._advance(work, run, Progress(total=total, done=0))
            await work.analytics.begin(run)
            await work.commit()
        for first in range(0, total, BATCH):
            places = range(first, min(first + BATCH, total))
            ids = [snapshot.entity_id(place) for place in places]
            async with self._start_work(principal) as work:
                await self._advance(work, run, Progress(total=total, done=places.stop))
                scores = computed.scores[places.start : places.stop]
                await work.analytics.add_scores(run, ids, scores)
                await work.commit()
        sizes = sorted(Counter(map(int, computed.scores)).items()) if run.kind.makes_groups else []
        for first in range(0, len(sizes), BATCH):
            await self._add_groups(principal, run, sizes[first : first + BATCH])
        async with self._start_work(principal) as work:
            await self._advance(work, run, Progress(total=total, done=total))
            if not await work.analytics.complete(run, self._clock.now()):
                raise Superseded
            await work.commit()

    async def _add_groups(
        self, principal: Principal, run: AnalyticsRun, sizes: Sequence[tuple[int, int]]
    ) -> None:
        async with self._start_work(principal) as work:
            await self._advance(work, run, Progress(total=run.entities, done=run.entities))
            numbers, counts = [number for number, _ in sizes], [size for _, size in sizes]
            await work.analytics.add_groups(run, numbers, counts)
            await work.commit()

    @staticmethod
    async def _advance(work: AnalyticsUnitOfWork, job: GraphJob | AnalyticsRun, progress: Progress) -> None:
        if await work.graph_jobs.advance(job.user_id, job.id, progress) is None:
            raise JobEnded


def outcome_of(run: AnalyticsRun) -> GraphJobOutcome:
    """The end of a job whose run is complete."""
    return GraphJobOutcome(
        status=GraphJobStatus.SUCCEEDED,
        result={
            "kind": str(run.kind),
            "entities": run.entities,
            "relationships": run.relationships,
            "groups": run.groups,
            "snapshot_at": rfc3339(run.snapshot_at),
            "facts": run.facts,
        },
    )
