"""Redis goes, hangs and comes back: nobody waits for it twice, nothing fails, two lines say so."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from adapters.limits.counter import StoredRateCounter
from adapters.limits.memory import BoundedMemoryStorage
from adapters.limits.redis import RedisRateCounter
from tests.e2e.resilience.polling import eventually
from tests.servers.process import ServerUnavailable
from tests.servers.redis import PrivateRedis, private_redis

# Longer than any stall of a loaded machine: what is lost here is lost for good reason.
PATIENCE = 10.0


@pytest.fixture
def server() -> Iterator[PrivateRedis]:
    """A server that is this test's alone."""
    try:
        with private_redis() as started:
            yield started
    except ServerUnavailable as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
async def counter(server: PrivateRedis) -> AsyncIterator[RedisRateCounter]:
    standby = StoredRateCounter(BoundedMemoryStorage())
    async with RedisRateCounter(server.url, standby, patience=PATIENCE, pause=0.05) as counter:
        yield counter


async def found_again(counter: RedisRateCounter) -> None:
    await eventually(lambda: not counter.lost, "Redis to be found again", within=60)


def names(logs: Sequence[Mapping[str, object]]) -> list[object]:
    return [line["event"] for line in logs]


async def test_goes_on_in_memory_and_returns_by_itself(
    server: PrivateRedis, counter: RedisRateCounter
) -> None:
    with capture_logs() as logs:
        assert await counter.add("a", 600) == 1
        assert await counter.add("a", 600) == 2
        server.kill()
        counts = await asyncio.gather(*(counter.add("a", 600) for _ in range(200)))
        assert sorted(counts) == list(range(1, 201)), "memory begins at one, and nothing fails"
        assert counter.lost
        assert names(logs) == ["rate_limit_store_lost"]
        server.start()
        await found_again(counter)
        assert await counter.add("a", 600) == 1, "counted by the new server"
        assert names(logs) == ["rate_limit_store_lost", "rate_limit_store_back"]


async def test_a_server_that_hangs_is_waited_for_once(
    server: PrivateRedis, counter: RedisRateCounter
) -> None:
    assert await counter.add("a", 600) == 1
    with capture_logs() as logs:
        os.kill(server.pid, signal.SIGSTOP)  # connections stay open, and nothing is ever answered
        try:
            counts = await asyncio.gather(*(counter.add("a", 600) for _ in range(200)))
            assert sorted(counts) == list(range(1, 201))
            assert counter.lost
            begun = time.monotonic()
            for _ in range(1_000):
                await counter.add("b", 600)
            assert names(logs) == ["rate_limit_store_lost"]
            assert counter.lost
            assert time.monotonic() - begun < 100, "a thousand waits would be 10,000 s"
        finally:
            os.kill(server.pid, signal.SIGCONT)
        await found_again(counter)
        assert await counter.add("c", 600) == 1
        assert names(logs) == ["rate_limit_store_lost", "rate_limit_store_back"]


async def test_starts_without_redis_and_finds_it_later(server: PrivateRedis) -> None:
    server.kill()
    standby = StoredRateCounter(BoundedMemoryStorage())
    with capture_logs() as logs:
        async with RedisRateCounter(server.url, standby, patience=PATIENCE, pause=0.05) as counter:
            assert names(logs) == ["rate_limit_store_lost"], "said at the start, not by the first request"
            assert await counter.add("a", 600) == 1
            server.start()
            await found_again(counter)
            assert await counter.add("a", 600) == 1
            assert await counter.add("a", 600) == 2
    assert names(logs) == ["rate_limit_store_lost", "rate_limit_store_back"]


async def test_a_server_that_refuses_to_write_is_no_use(
    server: PrivateRedis, counter: RedisRateCounter
) -> None:
    async with Redis.from_url(server.url) as client:
        await client.config_set("maxmemory", "1")
        assert await counter.add("a", 600) == 1
        assert counter.lost
        await client.config_set("maxmemory", "0")
    await found_again(counter)


async def test_a_caller_that_leaves_breaks_nothing(counter: RedisRateCounter) -> None:
    for number in range(100):
        leaving = asyncio.ensure_future(counter.add(f"k{number}", 600))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
    assert [await counter.add("a", 600) for _ in range(50)] == list(range(1, 51)), "no reply went astray"
    assert not counter.lost
