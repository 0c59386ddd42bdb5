"""A job that computes about a whole graph leaves exactly one result, whatever happens on the way."""

import asyncio
from array import array
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from adapters.analytics.process import SubprocessAlgorithms
from adapters.system.clock import SystemClock
from application.graph.analytics import Computed, GraphAlgorithms, GraphSnapshot, SnapshotLimits
from application.graph.cancel_graph_job import CancelGraphJob, CancelGraphJobCommand
from application.graph.compute_analytics import ComputeAnalytics
from application.graph.jobs import GraphJobView
from application.graph.request_analytics import RequestAnalytics, RequestAnalyticsCommand
from application.graph.run_graph_job import RunGraphJob, RunGraphJobCommand
from application.shared.messages import RetryPolicy
from application.shared.pages import PageRequest
from domain.graph.analytics import AnalyticsKind, AnalyticsParameters
from domain.graph.entity import Entity
from domain.graph.errors import AnalyticsNotComputed
from domain.graph.job import GraphJob, GraphJobKind
from domain.shared.errors import InvalidInput
from domain.shared.ids import EventId, UserId
from tests.contract.graph.analytics import Bench, memory_bench
from tests.contract.systems import IDS, principal

BEST = PageRequest(sort="score", descending=True)
LARGEST = PageRequest(sort="number")

Do = Callable[[GraphSnapshot], Awaitable[None]]


class Places(GraphAlgorithms):
    """Scores every entity with its place, once `do` has returned."""

    def __init__(self, do: Do | None = None) -> None:
        self._do = do
        self.started = asyncio.Event()
        self.was_cancelled = False

    async def compute(
        self, snapshot: GraphSnapshot, kind: AnalyticsKind, parameters: AnalyticsParameters
    ) -> Computed:
        self.started.set()
        try:
            if self._do is not None:
                await self._do(snapshot)
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise
        return Computed(scores=array("d", range(snapshot.entities)), facts={"kind": str(kind)})


def runner_of(bench: Bench, algorithms: GraphAlgorithms, limits: SnapshotLimits | None = None) -> RunGraphJob:
    compute = ComputeAnalytics(
        bench.system.start_work,
        SystemClock(),
        bench.snapshots,
        algorithms,
        limits=limits or SnapshotLimits(),
        look=0.01,
    )
    runners = {GraphJobKind.ANALYTICS: compute}
    return RunGraphJob(bench.system.start_work, SystemClock(), RetryPolicy(attempts=2), runners)


async def requested(
    bench: Bench, user: UserId, kind: AnalyticsKind, parameters: AnalyticsParameters | None = None
) -> GraphJob:
    request = RequestAnalytics(bench.system.start_work, SystemClock(), IDS)
    command = RequestAnalyticsCommand(
        principal=principal(user), kind=kind, parameters=parameters or AnalyticsParameters()
    )
    return await request(command)


async def deliver(run: RunGraphJob, job: GraphJob) -> None:
    message = EventId(IDS.new())
    await run(RunGraphJobCommand(principal=principal(job.user_id), message_id=message, job_id=job.id))


async def shown(bench: Bench, job: GraphJob) -> GraphJobView:
    view = await bench.jobs.get(job.user_id, job.id)
    assert view is not None
    return view


async def triangle_and_pair(bench: Bench, user: UserId) -> list[Entity]:
    a, b, c, d, e = [await bench.graph.entity(user, name) for name in "abcde"]
    for source, target in ((a, b), (b, c), (c, a), (d, e)):
        await bench.graph.edge(source, target)
    return [a, b, c, d, e]


async def test_components_of_a_graph_from_request_to_result(bench: Bench) -> None:
    user = await bench.system.new_user()
    made = await triangle_and_pair(bench, user)
    job = await requested(bench, user, AnalyticsKind.COMPONENTS)
    await deliver(runner_of(bench, SubprocessAlgorithms(4 * 2**30)), job)
    view = await shown(bench, job)
    assert (view.status, view.total, view.done) == ("succeeded", 5, 5)
    assert view.result is not None
    assert (view.result["entities"], view.result["relationships"], view.result["groups"]) == (5, 4, 2)
    run, page = await bench.queries.groups(user, AnalyticsKind.COMPONENTS, LARGEST)
    assert [(row.number, row.size) for row in page.rows] == [(1, 3), (2, 2)]
    assert run.id == job.id
    assert run.parameters == {
        "relationship_types": None,
        "min_confidence": 0.0,
        "connection": "weak",
    }
    assert run.computed_at >= run.snapshot_at >= job.created_at.astimezone(UTC)
    _, scored = await bench.queries.scores(user, AnalyticsKind.COMPONENTS, BEST)
    assert {row.id: row.score for row in scored.rows} == {
        each.id: 1.0 if place < 3 else 2.0 for place, each in enumerate(made)
    }


async def test_an_empty_graph_has_a_result(bench: Bench) -> None:
    user = await bench.system.new_user()
    job = await requested(bench, user, AnalyticsKind.COMMUNITIES)
    await deliver(runner_of(bench, SubprocessAlgorithms(4 * 2**30)), job)
    assert (await shown(bench, job)).status == "succeeded"
    run, page = await bench.queries.groups(user, AnalyticsKind.COMMUNITIES, LARGEST)
    assert (run.entities, run.groups, page.rows) == (0, 0, [])


async def test_a_job_that_is_cancelled_while_it_computes_stops_and_leaves_nothing(bench: Bench) -> None:
    user = await bench.system.new_user()
    await triangle_and_pair(bench, user)
    job = await requested(bench, user, AnalyticsKind.PAGERANK)

    async def for_ever(_: GraphSnapshot) -> None:
        await asyncio.Event().wait()

    algorithms = Places(for_ever)
    async with asyncio.timeout(10):
        running = asyncio.ensure_future(deliver(runner_of(bench, algorithms), job))
        await algorithms.started.wait()
        cancel = CancelGraphJob(bench.system.start_work, SystemClock())
        await cancel(CancelGraphJobCommand(principal=principal(user), job_id=job.id))
        await running
    assert algorithms.was_cancelled
    assert (await shown(bench, job)).status == "cancelled"
    async with bench.work(user) as work:
        assert await work.analytics.find(user, job.id) is None


async def test_a_crash_between_the_result_and_the_end_of_the_job_computes_nothing_again(bench: Bench) -> None:
    user = await bench.system.new_user()
    await triangle_and_pair(bench, user)
    job = await requested(bench, user, AnalyticsKind.PAGERANK)
    run = await bench.begun(user, AnalyticsKind.PAGERANK, datetime.now(UTC), job)
    assert await bench.complete(run)
    algorithms = Places()
    await deliver(runner_of(bench, algorithms), job)
    assert not algorithms.started.is_set()
    view = await shown(bench, job)
    assert (view.status, view.result and view.result["facts"]) == ("succeeded", {"seconds": 0.25})


async def test_a_job_that_failed_half_way_begins_from_scratch(bench: Bench) -> None:
    user = await bench.system.new_user()
    made = await triangle_and_pair(bench, user)
    job = await requested(bench, user, AnalyticsKind.DEGREE)
    # What an attempt that died while it stored leaves: a run with a score of an entity that is gone.
    left = await bench.begun(user, AnalyticsKind.DEGREE, datetime.now(UTC), job)
    async with bench.work(user) as work:
        await work.analytics.add_scores(left, [made[0].id, IDS.new()], [9.0, 9.0])
        await work.commit()

    async def fail(_: GraphSnapshot) -> None:
        raise RuntimeError("the machine is on fire")

    with pytest.raises(RuntimeError):
        await deliver(runner_of(bench, Places(fail)), job)
    await deliver(runner_of(bench, Places()), job)
    _, page = await bench.queries.scores(user, AnalyticsKind.DEGREE, BEST)
    assert [row.score for row in page.rows] == [4, 3, 2, 1, 0]
    assert (await shown(bench, job)).status == "succeeded"


async def test_an_attempt_that_lost_its_job_to_another_one_does_not_end_it(bench: Bench) -> None:
    user = await bench.system.new_user()
    await triangle_and_pair(bench, user)
    job = await requested(bench, user, AnalyticsKind.DEGREE)

    async def overtaken(_: GraphSnapshot) -> None:
        await deliver(runner_of(bench, Places()), job)

    # The other attempt has ended the job: this one finds that out, and leaves the result alone.
    await deliver(runner_of(bench, Places(overtaken)), job)
    view = await shown(bench, job)
    assert view.status == "succeeded"
    _, page = await bench.queries.scores(user, AnalyticsKind.DEGREE, BEST)
    assert [row.score for row in page.rows] == [4, 3, 2, 1, 0]


async def test_a_graph_that_is_too_large_fails_once_with_the_reason(bench: Bench) -> None:
    user = await bench.system.new_user()
    await triangle_and_pair(bench, user)
    job = await requested(bench, user, AnalyticsKind.PAGERANK)
    await deliver(runner_of(bench, Places(), SnapshotLimits(entities=2)), job)
    view = await shown(bench, job)
    assert view.status == "failed"
    assert "graph" in (view.error or "")
    with pytest.raises(AnalyticsNotComputed):
        await bench.queries.scores(user, AnalyticsKind.PAGERANK, BEST)


@pytest.mark.parametrize(
    ("parameters", "pointer"),
    [
        (AnalyticsParameters(min_confidence=1.5), "/min_confidence"),
        (AnalyticsParameters(relationship_types=()), "/relationship_types"),
        (AnalyticsParameters(relationship_types=("a\x00",)), "/relationship_types/0"),
        (AnalyticsParameters(damping=1), "/damping"),
        (AnalyticsParameters(damping=float("nan")), "/damping"),
        (AnalyticsParameters(max_iterations=0), "/max_iterations"),
        (AnalyticsParameters(tolerance=0), "/tolerance"),
        (AnalyticsParameters(resolution=0), "/resolution"),
        (AnalyticsParameters(seed=-1), "/seed"),
        (AnalyticsParameters(samples=10_001), "/samples"),
    ],
)
async def test_parameters_out_of_range_are_refused(parameters: AnalyticsParameters, pointer: str) -> None:
    async with memory_bench() as bench:
        user = await bench.system.new_user()
        with pytest.raises(InvalidInput) as refused:
            await requested(bench, user, AnalyticsKind.PAGERANK, parameters)
    assert [each.pointer for each in refused.value.violations] == [pointer]
