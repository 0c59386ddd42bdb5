"""Counting in memory: right, bounded, and as cheap with many keys as with one."""

import time

import pytest

from adapters.limits.memory import BoundedMemoryStorage


class Watch:
    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def storage(watch: Watch) -> BoundedMemoryStorage:
    return BoundedMemoryStorage(capacity=1_000, now=watch)


async def test_a_count_begins_anew_when_its_time_is_over(storage: BoundedMemoryStorage, watch: Watch) -> None:
    assert [await storage.incr("login:a", 60) for _ in range(3)] == [1, 2, 3]
    watch.seconds += 59
    assert await storage.incr("login:a", 60) == 4
    watch.seconds += 1
    assert await storage.get("login:a") == 0
    assert await storage.incr("login:a", 60) == 1


async def test_a_flood_of_addresses_stays_within_bounds(storage: BoundedMemoryStorage) -> None:
    for number in range(20_000):
        assert await storage.incr(f"anonymous:{number}", 60) == 1
    assert len(storage) == 1_000
    assert await storage.get("anonymous:19999") == 1, "the newest are the ones that are known"


async def test_a_flood_of_strangers_does_not_push_out_who_logged_in(storage: BoundedMemoryStorage) -> None:
    await storage.incr("default:user/1", 60)
    for number in range(5_000):
        await storage.incr(f"anonymous:{number}", 60)
    assert await storage.incr("default:user/1", 60) == 2


async def test_what_has_ended_is_dropped_while_others_count(
    storage: BoundedMemoryStorage, watch: Watch
) -> None:
    for number in range(500):
        await storage.incr(f"anonymous:{number}", 60)
    watch.seconds += 61
    for number in range(250):
        await storage.incr(f"anonymous:later/{number}", 60)
    assert len(storage) == 250


async def test_can_be_asked_and_cleared(storage: BoundedMemoryStorage) -> None:
    await storage.incr("login:a", 60)
    before = time.time()
    assert before + 60 <= await storage.get_expiry("login:a") <= time.time() + 60
    assert await storage.check()
    await storage.clear("login:a")
    assert await storage.get("login:a") == 0
    await storage.incr("login:b", 60)
    assert await storage.reset() == 1
    assert len(storage) == 0
