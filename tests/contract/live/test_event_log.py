"""What the live feed may rely on, in memory and in Postgres."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import asyncpg
import pytest

from adapters.memory.event_log import InMemoryEventLog
from adapters.postgres.engine import driver_dsn
from adapters.postgres.event_log import PostgresEventLog
from adapters.postgres.provision import Logins
from application.live.ports import EventLog
from application.shared.messages import Message
from domain.shared.ids import UserId
from tests.contract.systems import MemorySystem, System, postgres_system, principal, something
from tests.servers.postgres import PostgresTestServer


@dataclass(frozen=True, slots=True)
class Subject:
    """A store, and the log over it."""

    system: System
    log: EventLog

    async def record(self, user: UserId, *words: str) -> None:
        async with self.system.start_work(principal(user)) as work:
            for word in words:
                work.record(something(user, word))
            await work.commit()

    async def announce(self) -> int:
        async with self.system.outbox.lead() as lease:
            return await lease.assign_positions(1000)


class Follower:
    """Collects what a log tells."""

    def __init__(self, log: EventLog, position: int) -> None:
        self.messages: list[Message] = []
        self._more = asyncio.Event()
        self._task = asyncio.create_task(self._run(log, position))

    async def _run(self, log: EventLog, position: int) -> None:
        async for batch in log.follow(position):
            assert batch
            self.messages += batch
            self._more.set()

    async def until(self, count: int) -> Sequence[str]:
        async with asyncio.timeout(20):
            while len(self.messages) < count:
                self._more.clear()
                await self._more.wait()
        return words(self.messages)

    async def stop(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task


@contextlib.asynccontextmanager
async def following(log: EventLog, position: int) -> AsyncIterator[Follower]:
    follower = Follower(log, position)
    try:
        yield follower
    finally:
        await follower.stop()


def words(messages: Sequence[Message]) -> Sequence[str]:
    return [str(message.data["word"]) for message in messages]


class EventLogContract:
    async def test_begins_at_zero(self, subject: Subject) -> None:
        assert await subject.log.head() == 0
        assert await subject.log.since(await subject.system.new_user(), 0, 10) == []

    async def test_knows_nothing_of_what_has_no_position_yet(self, subject: Subject) -> None:
        ada = await subject.system.new_user()
        await subject.record(ada, "a")
        assert await subject.log.head() == 0
        assert await subject.log.since(ada, 0, 10) == []

    async def test_reads_one_users_events_by_position_page_after_page(self, subject: Subject) -> None:
        ada, bob = await subject.system.new_user(), await subject.system.new_user()
        await subject.record(ada, "a1", "a2")
        await subject.record(bob, "b1")
        await subject.record(ada, "a3")
        assert await subject.announce() == 4
        first = await subject.log.since(ada, 0, 2)
        assert words(first) == ["a1", "a2"]
        rest = await subject.log.since(ada, first[-1].position, 2)
        assert words(rest) == ["a3"]
        assert [message.position for message in (*first, *rest)] == [1, 2, 4]
        assert words(await subject.log.since(bob, 0, 10)) == ["b1"]
        assert await subject.log.since(ada, 4, 10) == []
        assert await subject.log.head() == 4

    async def test_tells_events_whole(self, subject: Subject) -> None:
        ada = await subject.system.new_user()
        event = something(ada, "a")
        acting = principal(ada)
        async with subject.system.start_work(acting) as work:
            work.record(event)
            await work.commit()
        await subject.announce()
        (read,) = await subject.log.since(ada, 0, 10)
        async with following(subject.log, 0) as follower:
            await follower.until(1)
        assert follower.messages == [read]
        assert (read.type, read.subject, read.user_id) == (event.type, event.subject, ada)
        assert (read.data, read.time, read.source) == (event.data, event.occurred_at, "test")
        assert (read.request_id, read.traceparent) == (acting.trace.request_id, acting.trace.traceparent)

    async def test_follows_all_users_after_a_position(self, subject: Subject) -> None:
        ada, bob = await subject.system.new_user(), await subject.system.new_user()
        await subject.record(ada, "a1", "a2")
        await subject.announce()
        async with following(subject.log, 1) as follower:
            assert await follower.until(1) == ["a2"]
            await subject.record(bob, "b1")
            await subject.record(ada, "a3")
            await subject.announce()
            assert await follower.until(3) == ["a2", "b1", "a3"]
            assert [message.position for message in follower.messages] == [2, 3, 4]

    async def test_tells_every_follower_everything_in_batches_of_any_size(self, subject: Subject) -> None:
        ada = await subject.system.new_user()
        async with following(subject.log, 0) as one, following(subject.log, 0) as other:
            for start in range(0, 60, 20):
                await subject.record(ada, *map(str, range(start, start + 20)))
                await subject.announce()
            expected = [str(number) for number in range(60)]
            assert await one.until(60) == expected
            assert await other.until(60) == expected


class TestInMemoryEventLog(EventLogContract):
    @pytest.fixture
    def subject(self) -> Subject:
        system = MemorySystem()
        return Subject(system, InMemoryEventLog(system.store, "test", batch=7))


class TestPostgresEventLog(EventLogContract):
    @pytest.fixture
    async def subject(self, migrated_database: Logins) -> AsyncIterator[Subject]:
        async with postgres_system(migrated_database) as system:
            # So long a poll that only notifications can explain what arrives in time.
            yield Subject(system, PostgresEventLog(system.database, "test", batch=7, poll=120))

    async def test_loses_and_repeats_nothing_when_its_connection_is_killed(
        self, subject: Subject, migrated_database: Logins, postgres_server: PostgresTestServer
    ) -> None:
        ada = await subject.system.new_user()
        async with following(subject.log, 0) as follower:
            await subject.record(ada, "before")
            await subject.announce()
            await follower.until(1)
            for round_ in range(3):
                assert await self.kill_listeners(migrated_database, postgres_server) >= 1
                await subject.record(ada, f"away {round_}")
                await subject.announce()
                await follower.until(2 * round_ + 2)
                await subject.record(ada, f"back {round_}")
                await subject.announce()
                await follower.until(2 * round_ + 3)
            told = words(follower.messages)
        assert told == ["before", "away 0", "back 0", "away 1", "back 1", "away 2", "back 2"]

    async def kill_listeners(self, logins: Logins, server: PostgresTestServer) -> int:
        name = driver_dsn(logins.runtime_url).rpartition("/")[2].partition("?")[0]
        connection = await asyncpg.connect(server.database_dsn(name))
        try:
            killed = await connection.fetch(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = $1 and application_name = 'kgl-listen'",
                name,
            )
        finally:
            await connection.close()
        return len(killed)
