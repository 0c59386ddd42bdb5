"""What is over goes in bounded steps, and what a broker may hand out again is not forgotten."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from application.operations.purge_expired import PurgeExpired, Retention
from application.operations.redeliveries import KnownRedeliveries, ObservedRedeliveries
from application.operations.relay import RelayObserver
from application.operations.retention_ports import ExpiredRows, Kind, Redeliveries
from application.shared.messages import MessageQueues, QueueStatus, Subscription
from application.shared.ports import Clock
from domain.shared.errors import Unavailable

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
QUEUE = Subscription(queue="a.queue", topics=())


class SetClock(Clock):
    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time


class Rows(ExpiredRows):
    """So many rows of each kind, all of them old."""

    def __init__(self, **counts: int) -> None:
        self.left = dict(counts)
        self.asked: dict[str, datetime] = {}
        self.failures: list[Exception] = []

    async def remove(self, kind: Kind, before: datetime, limit: int) -> int:
        return self._take(kind.value, before, limit)

    async def remove_handled(self, handler: str, before: datetime, limit: int) -> int:
        return self._take(handler, before, limit)

    def _take(self, name: str, before: datetime, limit: int) -> int:
        if self.failures:
            raise self.failures.pop()
        self.asked[name] = before
        taken = min(limit, self.left.get(name, 0))
        self.left[name] = self.left.get(name, 0) - taken
        return taken


class Counted(MessageQueues):
    """One queue, with what is in it."""

    def __init__(self) -> None:
        self.ready = self.delayed = self.dead = 0

    async def declare(self, subscriptions: Sequence[Subscription]) -> None:
        raise NotImplementedError

    async def status(self) -> Sequence[QueueStatus]:
        return [
            QueueStatus(
                queue=QUEUE.queue, ready=self.ready, delayed=self.delayed, active=None, dead=self.dead
            )
        ]


def ignore(event: str, reason: str) -> None:
    """Whoever does not listen."""


def purge(
    rows: Rows,
    redeliveries: Redeliveries | None = None,
    observe: RelayObserver = ignore,
) -> PurgeExpired:
    return PurgeExpired(
        rows,
        redeliveries or KnownRedeliveries([QUEUE]),
        SetClock(),
        Retention(),
        observe,
        batch=10,
        pace=timedelta(milliseconds=1),
        pause=timedelta(0),
    )


async def test_everything_goes_batch_by_batch_and_is_counted() -> None:
    rows = Rows(events=25, sessions=10, **{QUEUE.queue: 11})
    removed = await purge(rows)()
    assert removed == {
        "events": 25,
        "idempotency_keys": 0,
        "inbox": 11,
        "refresh_tokens": 0,
        "sessions": 10,
        "socket_tickets": 0,
    }
    assert not any(rows.left.values())


async def test_each_kind_is_kept_for_its_own_time() -> None:
    rows = Rows()
    await purge(rows)()
    ages: Mapping[str, timedelta] = {name: NOW - before for name, before in rows.asked.items()}
    assert ages == {
        "events": timedelta(days=30),
        "idempotency_keys": timedelta(hours=24),
        "refresh_tokens": timedelta(days=30),
        "sessions": timedelta(days=30),
        "socket_tickets": timedelta(hours=1),
        QUEUE.queue: timedelta(days=7),
    }


async def test_an_outage_is_told_and_the_next_round_goes_on() -> None:
    rows = Rows(events=3)
    rows.failures.append(Unavailable("away"))
    heard: list[tuple[str, str]] = []
    done = asyncio.Event()

    def observe(event: str, reason: str) -> None:
        heard.append((event, reason))
        if event == "purged":
            done.set()

    running = asyncio.create_task(purge(rows, observe=observe).run())
    try:
        async with asyncio.timeout(30):
            await done.wait()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert heard == [("purge_interrupted", "away"), ("purged", "events 3")]


async def test_a_brokers_queue_has_settled_when_it_was_empty_twice_an_hour_apart() -> None:
    queues, clock = Counted(), SetClock()
    observed = ObservedRedeliveries(queues, clock)
    assert await observed.settled() == {}, "what is with a consumer was not counted"
    clock.time += timedelta(minutes=59)
    assert await observed.settled() == {}
    clock.time += timedelta(minutes=1)
    assert await observed.settled() == {QUEUE.queue: NOW}


@pytest.mark.parametrize("where", ["ready", "delayed", "dead"])
async def test_what_waits_in_a_brokers_queue_begins_the_hour_anew(where: str) -> None:
    queues, clock = Counted(), SetClock()
    observed = ObservedRedeliveries(queues, clock)
    await observed.settled()
    setattr(queues, where, 1)
    clock.time += timedelta(hours=2)
    assert await observed.settled() == {}
    setattr(queues, where, 0)
    clock.time += timedelta(hours=2)
    assert await observed.settled() == {}
    clock.time += timedelta(hours=1)
    assert await observed.settled() == {QUEUE.queue: NOW + timedelta(hours=4)}


async def test_nothing_newer_than_the_first_look_is_forgotten() -> None:
    class Settled(Redeliveries):
        async def settled(self) -> Mapping[str, datetime | None]:
            return {"early": NOW - timedelta(days=8), "late": NOW - timedelta(days=1)}

    rows = Rows()
    await purge(rows, Settled())()
    assert rows.asked["early"] == NOW - timedelta(days=8)
    assert rows.asked["late"] == NOW - timedelta(days=7)
