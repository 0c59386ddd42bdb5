"""One store of results about whole graphs behind one face, for the suites that need it."""

import contextlib
from array import array
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapters.memory.graph_analytics import InMemoryAnalyticsQueries, InMemoryGraphSnapshots
from adapters.memory.graph_jobs import InMemoryGraphJobQueries
from adapters.postgres.graph_analytics_queries import PostgresAnalyticsQueries
from adapters.postgres.graph_job_queries import PostgresGraphJobQueries
from adapters.postgres.graph_snapshots import PostgresGraphSnapshots
from adapters.postgres.provision import Logins
from application.graph.analytics import (
    AnalyticsQueries,
    AnalyticsRun,
    AnalyticsUnitOfWork,
    GraphSnapshots,
)
from application.graph.jobs import GraphJobQueries, queue
from domain.graph.analytics import AnalyticsKind
from domain.graph.entity import Entity
from domain.graph.job import GraphJob, GraphJobKind
from domain.shared.ids import GraphJobId, UserId
from tests.contract.graph.stores import START, GraphStore, memory_store, postgres_store
from tests.contract.systems import IDS, MemorySystem, PostgresSystem, principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A graph, and what was computed about it."""

    graph: GraphStore
    system: MemorySystem | PostgresSystem
    snapshots: GraphSnapshots
    queries: AnalyticsQueries
    jobs: GraphJobQueries

    def work(self, user: UserId) -> contextlib.AbstractAsyncContextManager[AnalyticsUnitOfWork]:
        return self.system.start_work(principal(user))

    async def queued(self, user: UserId, kind: AnalyticsKind, **parameters: object) -> GraphJob:
        """A job that asks for the kind."""
        job = GraphJob(
            id=GraphJobId(IDS.new()),
            user_id=user,
            kind=GraphJobKind.ANALYTICS,
            parameters={"kind": str(kind), **parameters},
            created_at=START,
        )
        async with self.work(user) as work:
            await queue(work, job)
            await work.commit()
        return job

    async def begun(
        self, user: UserId, kind: AnalyticsKind, at: datetime, job: GraphJob | None = None
    ) -> AnalyticsRun:
        """An incomplete run of a snapshot."""
        run = AnalyticsRun(
            id=GraphJobId(IDS.new()) if job is None else job.id,
            user_id=user,
            attempt=1,
            kind=kind,
            parameters={"min_confidence": 0.5},
            entities=4,
            relationships=3,
            groups=2 if kind.makes_groups else None,
            snapshot_at=at,
            facts={"seconds": 0.25},
        )
        async with self.work(user) as work:
            await work.analytics.begin(run)
            await work.commit()
        return run

    async def complete(
        self,
        run: AnalyticsRun,
        scores: Sequence[tuple[Entity, float]] = (),
        groups: Mapping[int, int] | None = None,
    ) -> bool:
        """Whether the run could be completed with these."""
        async with self.work(run.user_id) as work:
            ids, numbers = [entity.id for entity, _ in scores], array("d", (score for _, score in scores))
            await work.analytics.add_scores(run, ids, numbers)
            await work.analytics.add_groups(run, list(groups or {}), list((groups or {}).values()))
            completed = await work.analytics.complete(run, run.snapshot_at)
            await work.commit()
        return completed

    async def people(self, user: UserId, number: int = 5) -> list[Entity]:
        return [await self.graph.entity(user, f"Person {place}", minute=place) for place in range(number)]

    async def ranked(self, user: UserId, scores: Sequence[float]) -> list[Entity]:
        """Entities with these PageRanks."""
        made = await self.people(user, len(scores))
        run = await self.begun(user, AnalyticsKind.PAGERANK, START)
        assert await self.complete(run, list(zip(made, scores, strict=True)))
        return made


@contextlib.asynccontextmanager
async def memory_bench() -> AsyncIterator[Bench]:
    graph = memory_store()
    assert isinstance(graph.system, MemorySystem)
    store = graph.system.store
    yield Bench(
        graph=graph,
        system=graph.system,
        snapshots=InMemoryGraphSnapshots(store),
        queries=InMemoryAnalyticsQueries(store),
        jobs=InMemoryGraphJobQueries(store),
    )


@contextlib.asynccontextmanager
async def postgres_bench(logins: Logins) -> AsyncIterator[Bench]:
    async with postgres_store(logins) as graph:
        assert isinstance(graph.system, PostgresSystem)
        database = graph.system.database
        yield Bench(
            graph=graph,
            system=graph.system,
            snapshots=PostgresGraphSnapshots(database),
            queries=PostgresAnalyticsQueries(database),
            jobs=PostgresGraphJobQueries(database),
        )
