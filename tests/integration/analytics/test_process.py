"""The process that computes: its result, its limits and its end."""

import asyncio
import sys
import threading
import time
from array import array
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import psutil
import pytest

from adapters.analytics.process import ROOT, WORKER, ComputationFailed, SubprocessAlgorithms
from application.graph.analytics import GraphSnapshot
from application.shared.messages import Rejected
from domain.graph.analytics import AnalyticsKind, AnalyticsParameters
from tests.servers.running import running

MEMORY = 4 * 2**30


def snapshot(edges: list[tuple[int, int]], size: int) -> GraphSnapshot:
    return GraphSnapshot(
        taken_at=datetime(2026, 1, 1, tzinfo=UTC),
        entity_ids=b"".join(UUID(int=place).bytes for place in range(size)),
        sources=array("I", (source for source, _ in edges)),
        targets=array("I", (target for _, target in edges)),
        confidences=array("d", (1.0 for _ in edges)),
    )


def chain(size: int) -> GraphSnapshot:
    return snapshot([(place, place + 1) for place in range(size - 1)], size)


async def until(holds: Callable[[], bool]) -> None:
    """Waits for a condition of other processes, which no event of this one tells of."""
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.02)


def workers() -> list[psutil.Process]:
    """The computations of this process."""
    children = psutil.Process().children()
    return [child for child in children if child.is_running() and WORKER in " ".join(command_of(child))]


def command_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []


async def test_computes_in_a_process_that_is_gone_afterwards() -> None:
    computed = await SubprocessAlgorithms(MEMORY).compute(
        snapshot([(0, 1), (1, 2), (3, 3)], 5), AnalyticsKind.COMPONENTS, AnalyticsParameters()
    )
    assert list(computed.scores) == [1, 1, 1, 2, 3]
    assert computed.facts["seconds"] >= 0  # type: ignore[operator]  # JSON values are of any type
    assert computed.facts["peak_memory_bytes"] > 2**20  # type: ignore[operator]  # the same
    assert not workers()


async def test_a_cancelled_computation_ends_at_once_and_leaves_no_process() -> None:
    """Betweenness of a long chain takes minutes."""
    computing = asyncio.ensure_future(
        SubprocessAlgorithms(MEMORY).compute(
            chain(60_000), AnalyticsKind.BETWEENNESS, AnalyticsParameters(samples=10_000)
        )
    )
    await until(lambda: bool(workers()))
    begun = time.monotonic()
    computing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await computing
    assert time.monotonic() - begun < 20
    assert not workers()


async def test_the_event_loop_stays_free_meanwhile() -> None:
    computing = asyncio.ensure_future(
        SubprocessAlgorithms(MEMORY).compute(
            chain(60_000), AnalyticsKind.BETWEENNESS, AnalyticsParameters(samples=1)
        )
    )
    await until(lambda: bool(workers()))
    [worker] = workers()
    worker.suspend()  # for as long as the loop is looked at, however fast or slow it is
    rescue = threading.Timer(60, worker.resume)  # a loop that waits for the worker would wait for ever
    rescue.start()
    try:
        for _ in range(100):
            await asyncio.sleep(0.005)
        assert rescue.is_alive(), "the loop waited for the worker"
        assert not computing.done()
    finally:
        rescue.cancel()
        rescue.join()
        worker.resume()
    await computing


async def test_a_graph_that_needs_more_memory_than_allowed_is_rejected_with_advice() -> None:
    with pytest.raises(Rejected, match="min_confidence"):
        await SubprocessAlgorithms(64 * 2**20).compute(
            chain(300_000),
            AnalyticsKind.COMMUNITIES,
            AnalyticsParameters(),
        )


async def test_scores_that_do_not_settle_are_rejected_with_advice() -> None:
    with pytest.raises(Rejected, match="allow more of them"):
        await SubprocessAlgorithms(MEMORY).compute(
            chain(50), AnalyticsKind.PAGERANK, AnalyticsParameters(max_iterations=1)
        )


async def test_a_process_that_dies_is_told_from_a_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.analytics.process.WORKER", "adapters.analytics.nothing_of_this_name")
    with pytest.raises(ComputationFailed, match="nothing_of_this_name"):
        await SubprocessAlgorithms(MEMORY).compute(chain(3), AnalyticsKind.DEGREE, AnalyticsParameters())


PARENT = f"""
import asyncio
from {__name__} import MEMORY, chain
from adapters.analytics.process import SubprocessAlgorithms
from domain.graph.analytics import AnalyticsKind, AnalyticsParameters
from tests.servers.running import running

wanted = AnalyticsParameters(samples=10_000)
asyncio.run(SubprocessAlgorithms(MEMORY).compute(chain(60_000), AnalyticsKind.BETWEENNESS, wanted))
"""


async def test_a_computation_dies_with_the_process_that_wanted_it() -> None:
    """A consumer that is killed cleans up nothing: its pipe closes."""
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, cwd=ROOT)
    await until(lambda: bool(psutil.Process(parent.pid).children()))
    computing = psutil.Process(parent.pid).children()
    parent.kill()
    await parent.wait()
    await until(lambda: not running(computing))
