"""What a store of graph jobs promises, in memory and in Postgres."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.memory.graph_jobs import InMemoryGraphJobQueries
from adapters.postgres.graph_job_queries import PostgresGraphJobQueries
from adapters.postgres.provision import Logins
from application.graph.jobs import GraphJobQueries, GraphJobUnitOfWork
from application.shared.pages import PageRequest
from application.shared.principal import Principal
from domain.graph.job import (
    GraphJob,
    GraphJobKind,
    GraphJobOutcome,
    GraphJobStatus,
    Progress,
    RefusedPlace,
)
from domain.shared.ids import GraphJobId, UserId
from tests.contract.systems import IDS, MemorySystem, PostgresSystem, postgres_system, principal

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DONE = GraphJobOutcome(status=GraphJobStatus.SUCCEEDED, result={"entities": 3})


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """A store of jobs."""

    system: MemorySystem | PostgresSystem
    queries: GraphJobQueries

    def work(self, who: Principal) -> AbstractAsyncContextManager[GraphJobUnitOfWork]:
        return self.system.start_work(who)

    async def queued(self, user: UserId, *, minute: int = 0) -> GraphJob:
        job = GraphJob(
            id=GraphJobId(IDS.new()),
            user_id=user,
            kind=GraphJobKind.IMPORT,
            parameters={"format": "jsonl"},
            created_at=NOW + timedelta(minutes=minute),
        )
        async with self.work(principal(user)) as work:
            await work.graph_jobs.add(job)
            await work.commit()
        return job


@pytest.fixture(params=["memory", "postgres"])
async def jobs(request: pytest.FixtureRequest) -> AsyncIterator[Jobs]:
    if request.param == "memory":
        system = MemorySystem()
        yield Jobs(system=system, queries=InMemoryGraphJobQueries(system.store))
        return
    logins: Logins = request.getfixturevalue("migrated_database")
    async with postgres_system(logins) as real:
        yield Jobs(system=real, queries=PostgresGraphJobQueries(real.database))


async def test_a_job_goes_from_queued_to_its_end_and_counts_on_the_way(jobs: Jobs) -> None:
    user = await jobs.system.new_user()
    job = await jobs.queued(user)
    async with jobs.work(principal(user)) as work:
        claimed = await work.graph_jobs.claim(user, job.id, NOW)
        assert claimed == replace(job, status=GraphJobStatus.RUNNING, attempts=1, started_at=NOW)
        assert await work.graph_jobs.note_failure(user, job.id, "the file is damaged") == 1
        advanced = await work.graph_jobs.advance(user, job.id, Progress(total=10, done=4, refused=1))
        assert advanced is not None
        assert (advanced.total, advanced.done, advanced.refused) == (10, 4, 1)
        again = await work.graph_jobs.claim(user, job.id, NOW + timedelta(minutes=1))
        assert again is not None
        assert (again.attempts, again.started_at, again.done) == (2, NOW, 4)
        ended = await work.graph_jobs.finish(user, job.id, DONE, NOW + timedelta(minutes=2))
        await work.commit()
    assert ended is not None
    shown = await jobs.queries.get(user, job.id)
    assert shown is not None
    assert (shown.status, shown.result, shown.error) == ("succeeded", {"entities": 3}, None)
    assert shown.finished_at == NOW + timedelta(minutes=2)


async def test_nothing_moves_a_job_that_has_ended(jobs: Jobs) -> None:
    user = await jobs.system.new_user()
    job = await jobs.queued(user)
    async with jobs.work(principal(user)) as work:
        cancelled = GraphJobOutcome(status=GraphJobStatus.CANCELLED)
        assert await work.graph_jobs.finish(user, job.id, cancelled, NOW) is not None
        await work.commit()
    async with jobs.work(principal(user)) as work:
        assert await work.graph_jobs.claim(user, job.id, NOW) is None
        assert await work.graph_jobs.advance(user, job.id, Progress(total=1, done=1)) is None
        assert await work.graph_jobs.note_failure(user, job.id, "late") is None
        assert await work.graph_jobs.finish(user, job.id, DONE, NOW) is None
    shown = await jobs.queries.get(user, job.id)
    assert shown is not None
    assert (shown.status, shown.done) == ("cancelled", 0)


async def test_what_was_refused_is_kept_once_and_read_in_order(jobs: Jobs) -> None:
    user = await jobs.system.new_user()
    job = await jobs.queued(user)
    places = [
        RefusedPlace(place=place, pointer=pointer, code=code, detail=f"is {code}")
        for place, pointer, code in (
            (12, "/name", "required"),
            (2, "/type", "too_long"),
            (2, "/type", "pattern"),
            (2, "/name", "required"),
        )
    ]
    assert await jobs.queries.refused(user, job.id, (0, "", ""), 10) == []
    for _ in range(2):
        async with jobs.work(principal(user)) as work:
            await work.graph_jobs.refuse(user, job.id, places)
            await work.commit()
    found = await jobs.queries.refused(user, job.id, (0, "", ""), 2)
    assert found is not None
    assert [one.key for one in found] == [(2, "/name", "required"), (2, "/type", "pattern")]
    rest = await jobs.queries.refused(user, job.id, found[-1].key, 10)
    assert rest is not None
    assert [one.key for one in rest] == [(2, "/type", "too_long"), (12, "/name", "required")]
    assert rest[0].detail == "is too_long"


async def test_jobs_are_listed_by_age_kind_and_status(jobs: Jobs) -> None:
    user = await jobs.system.new_user()
    made = [await jobs.queued(user, minute=minute) for minute in range(3)]
    async with jobs.work(principal(user)) as work:
        await work.graph_jobs.finish(user, made[0].id, DONE, NOW)
        await work.commit()

    async def listed(kind: str | None, status: str | None, page: PageRequest) -> list[GraphJobId]:
        return [GraphJobId(view.id) for view in (await jobs.queries.list(user, kind, status, page)).rows]

    oldest = PageRequest(sort="created_at", descending=False, limit=2, after=None)
    newest = replace(oldest, descending=True, limit=50)
    assert await listed(None, None, newest) == [job.id for job in reversed(made)]
    assert await listed("import", "queued", newest) == [made[2].id, made[1].id]
    assert await listed("analytics", None, newest) == []
    first = await jobs.queries.list(user, None, None, oldest)
    assert [view.id for view in first.rows] == [made[0].id, made[1].id]
    assert await listed(None, None, replace(oldest, after=first.next)) == [made[2].id]


async def test_somebody_elses_job_is_not_there(jobs: Jobs) -> None:
    user, stranger = await jobs.system.new_user(), await jobs.system.new_user()
    job = await jobs.queued(user)
    async with jobs.work(principal(stranger)) as work:
        for owner in (stranger, user) if isinstance(jobs.system, PostgresSystem) else (stranger,):
            assert await work.graph_jobs.claim(owner, job.id, NOW) is None
            assert await work.graph_jobs.finish(owner, job.id, DONE, NOW) is None
    assert await jobs.queries.get(stranger, job.id) is None
    assert await jobs.queries.refused(stranger, job.id, (0, "", ""), 10) is None
    page = PageRequest(sort="created_at", descending=True, limit=50, after=None)
    assert (await jobs.queries.list(stranger, None, None, page)).rows == []
