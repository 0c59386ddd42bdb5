"""A job is carried out once, whatever happens to its runner."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from adapters.memory.graph_jobs import InMemoryGraphJobQueries
from application.graph.cancel_graph_job import CancelGraphJob, CancelGraphJobCommand
from application.graph.jobs import GraphJobView, queue
from application.graph.run_graph_job import RunGraphJob, RunGraphJobCommand
from application.shared.messages import Rejected, RetryPolicy
from application.shared.principal import Principal
from domain.graph.errors import GraphJobFinishedAlready
from domain.graph.job import GraphJob, GraphJobKind, GraphJobOutcome, GraphJobStatus
from domain.shared.errors import Unavailable
from domain.shared.ids import EventId, GraphJobId, UserId
from tests.contract.systems import IDS, MemorySystem, principal

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SUCCESS = GraphJobOutcome(status=GraphJobStatus.SUCCEEDED, result={"edges": 2})


class FixedClock:
    def now(self) -> datetime:
        return NOW


class Bench:
    """One user with one queued job, and what a runner does with it."""

    def __init__(self, run: Callable[[GraphJob], Awaitable[GraphJobOutcome]], attempts: int = 3) -> None:
        self.system = MemorySystem()
        self.who = principal(UserId(IDS.new()))
        self.job = GraphJob(
            id=GraphJobId(IDS.new()),
            user_id=self.who.user_id,
            kind=GraphJobKind.ANALYTICS,
            parameters={},
            created_at=NOW,
        )

        async def runner(_: Principal, job: GraphJob) -> GraphJobOutcome:
            return await run(job)

        self.run = RunGraphJob(
            self.system.start_work,
            FixedClock(),
            RetryPolicy(attempts=attempts, deliveries=4),
            {GraphJobKind.ANALYTICS: runner},
        )
        self.cancel = CancelGraphJob(self.system.start_work, FixedClock())

    async def queued(self) -> "Bench":
        async with self.system.start_work(self.who) as work:
            await queue(work, self.job)
            await work.commit()
        return self

    async def deliver(self) -> None:
        command = RunGraphJobCommand(principal=self.who, message_id=EventId(self.job.id), job_id=self.job.id)
        await self.run(command)

    async def shown(self) -> GraphJobView:
        view = await InMemoryGraphJobQueries(self.system.store).get(self.who.user_id, self.job.id)
        assert view is not None
        return view

    def told(self) -> list[str]:
        return [recorded.event.type for recorded in self.system.store.events]


async def succeed(_: GraphJob) -> GraphJobOutcome:
    return SUCCESS


async def test_a_job_that_succeeds_ends_and_tells_of_it() -> None:
    bench = await Bench(succeed).queued()
    await bench.deliver()
    view = await bench.shown()
    assert (view.status, view.result, view.finished_at) == ("succeeded", {"edges": 2}, NOW)
    assert bench.told() == ["graph_job.queued", "graph_job.finished"]


async def test_a_job_that_was_cancelled_is_not_run() -> None:
    async def never(_: GraphJob) -> GraphJobOutcome:
        raise AssertionError("it was run")

    bench = await Bench(never).queued()
    await bench.cancel(CancelGraphJobCommand(principal=bench.who, job_id=bench.job.id))
    await bench.deliver()
    assert (await bench.shown()).status == "cancelled"
    with pytest.raises(GraphJobFinishedAlready):
        await bench.cancel(CancelGraphJobCommand(principal=bench.who, job_id=bench.job.id))


async def test_a_job_cancelled_while_it_runs_stays_cancelled() -> None:
    async def cancelled_meanwhile(_: GraphJob) -> GraphJobOutcome:
        await bench.cancel(CancelGraphJobCommand(principal=bench.who, job_id=bench.job.id))
        return SUCCESS

    bench = await Bench(cancelled_meanwhile).queued()
    await bench.deliver()
    assert (await bench.shown()).status == "cancelled"
    assert bench.told().count("graph_job.finished") == 1


async def test_a_job_that_fails_is_tried_again_until_its_attempts_are_used_up() -> None:
    async def fail(_: GraphJob) -> GraphJobOutcome:
        raise ZeroDivisionError("a detail of ours")

    bench = await Bench(fail).queued()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            await bench.deliver()
        assert (await bench.shown()).status == "running"
    await bench.deliver()
    view = await bench.shown()
    assert (view.status, view.error) == ("failed", "the job failed unexpectedly (ZeroDivisionError)")


async def test_a_job_that_cannot_succeed_fails_at_once() -> None:
    async def refuse(_: GraphJob) -> GraphJobOutcome:
        raise Rejected("the file is no GraphML")

    bench = await Bench(refuse).queued()
    await bench.deliver()
    assert ((await bench.shown()).status, (await bench.shown()).error) == ("failed", "the file is no GraphML")


async def test_an_outage_is_no_failure() -> None:
    async def outage(_: GraphJob) -> GraphJobOutcome:
        raise Unavailable("the database is away")

    bench = await Bench(outage, attempts=1).queued()
    for _ in range(3):
        with pytest.raises(Unavailable):
            await bench.deliver()
    assert (await bench.shown()).status == "running"


async def test_a_job_whose_consumer_dies_every_time_fails() -> None:
    async def die(_: GraphJob) -> GraphJobOutcome:
        raise KeyboardInterrupt

    bench = await Bench(die).queued()
    for _ in range(4):
        with pytest.raises(KeyboardInterrupt):
            await bench.deliver()
    await bench.deliver()
    assert (await bench.shown()).error == "the consumer ended each time it worked on this job"
