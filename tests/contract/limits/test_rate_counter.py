"""What every counter of rates keeps to: in memory, in Redis, and in memory because Redis is away."""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator

import pytest

from adapters.limits.counter import StoredRateCounter
from adapters.limits.memory import BoundedMemoryStorage
from adapters.limits.redis import RedisRateCounter
from application.shared.rate_counter import RateCounter
from tests.e2e.resilience.polling import eventually
from tests.servers.redis import RedisTestServer


class RateCounterContract:
    """`counter` is a fixture of the subclass."""

    async def test_counts_each_key_by_itself(self, counter: RateCounter) -> None:
        key, other = secrets.token_hex(8), secrets.token_hex(8)
        assert [await counter.add(key, 60) for _ in range(3)] == [1, 2, 3]
        assert await counter.add(other, 60) == 1

    async def test_counts_all_that_come_at_once(self, counter: RateCounter) -> None:
        key = secrets.token_hex(8)
        counts = await asyncio.gather(*(counter.add(key, 60) for _ in range(100)))
        assert sorted(counts) == list(range(1, 101))

    async def test_forgets(self, counter: RateCounter) -> None:
        key = secrets.token_hex(8)
        assert await counter.add(key, 1) == 1

        async def begun_anew() -> bool:
            return await counter.add(key, 1) == 1

        await eventually(begun_anew, "the count to begin anew", within=10, poll=0.1)


class TestInMemory(RateCounterContract):
    @pytest.fixture
    def counter(self) -> RateCounter:
        return StoredRateCounter(BoundedMemoryStorage())


class TestInRedis(RateCounterContract):
    @pytest.fixture
    async def counter(self, redis_server: RedisTestServer) -> AsyncIterator[RateCounter]:
        standby = StoredRateCounter(BoundedMemoryStorage())
        async with RedisRateCounter(
            redis_server.url, standby, prefix=secrets.token_hex(4), patience=20
        ) as counter:
            yield counter
            assert not counter.lost, "it was Redis that was tested"

    async def test_processes_share_a_count(self, redis_server: RedisTestServer) -> None:
        key, prefix = secrets.token_hex(8), secrets.token_hex(4)
        standby = StoredRateCounter(BoundedMemoryStorage())
        async with (
            RedisRateCounter(redis_server.url, standby, prefix=prefix, patience=20) as one,
            RedisRateCounter(redis_server.url, standby, prefix=prefix, patience=20) as another,
            RedisRateCounter(redis_server.url, standby, prefix=secrets.token_hex(4), patience=20) as stranger,
        ):
            assert await one.add(key, 60) == 1
            assert await another.add(key, 60) == 2
            assert await stranger.add(key, 60) == 1


class TestWithoutItsRedis(RateCounterContract):
    @pytest.fixture
    async def counter(self) -> AsyncIterator[RateCounter]:
        standby = StoredRateCounter(BoundedMemoryStorage())
        with socket.socket() as deaf:
            # Held without listening: a port that was let go of would be another server's the next moment.
            deaf.bind(("127.0.0.1", 0))
            async with RedisRateCounter(f"redis://127.0.0.1:{deaf.getsockname()[1]}/0", standby) as counter:
                assert counter.lost
                yield counter
