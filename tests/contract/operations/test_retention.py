"""Old rows go and what is still needed stays, in memory and in Postgres."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import asyncpg
import pytest

from adapters.memory.event_log import InMemoryEventLog
from adapters.memory.retention import InMemoryExpiredRows
from adapters.postgres.engine import driver_dsn
from adapters.postgres.event_log import PostgresEventLog
from adapters.postgres.provision import Logins
from adapters.postgres.retention import PURGE_LOCK, PostgresExpiredRows
from application.live.ports import EventLog
from application.operations.retention_ports import ExpiredRows, Kind
from application.shared.principal import IdempotencyKey
from domain.identity.session import RefreshToken, Session
from domain.identity.user import User
from domain.shared.errors import AlreadyApplied, AlreadyHandled
from domain.shared.ids import EventId, SessionId, UserId
from domain.shared.roles import Role
from tests.contract.systems import (
    IDS,
    MemorySystem,
    PostgresSystem,
    SomethingHappened,
    postgres_system,
    principal,
)

NOW = datetime.now(UTC)
OLD = NOW - timedelta(days=40)
BEFORE = NOW - timedelta(days=30)
# Later than anything a run stores, however long ago its tests were collected.
LATER = NOW + timedelta(days=1)
HANDLER = "extraction.run"


@dataclass(frozen=True, slots=True)
class Subject:
    """A system, its event log, and what removes old rows of it."""

    system: MemorySystem | PostgresSystem
    log: EventLog
    rows: ExpiredRows

    async def happen(self, user: UserId, *times: datetime) -> None:
        async with self.system.start_work(principal(user)) as work:
            for time in times:
                work.record(SomethingHappened(user_id=user, subject=IDS.new(), occurred_at=time, data={}))
            await work.commit()

    async def publish(self, position: int | None = None) -> int:
        """Gives positions to all, and confirms those up to `position`; the last position given."""
        async with self.system.outbox.lead() as lease:
            await lease.assign_positions(1000)
            last = await self.log.head()
            await lease.mark_published(last if position is None else position)
        return last

    async def positions(self, user: UserId) -> list[int]:
        return [message.position for message in await self.log.since(user, 0, 100)]

    async def create(self, user: UserId, key: bytes) -> None:
        idempotency = IdempotencyKey(key=key.decode(), fingerprint=sha256(key).digest())
        async with self.system.start_work(principal(user, idempotency)) as work:
            work.created(IDS.new())
            await work.commit()

    async def handle(self, user: UserId, message: EventId) -> None:
        async with self.system.start_work(principal(user)) as work:
            work.acknowledge(HANDLER, message)
            await work.commit()

    async def person(self) -> UserId:
        """A user who can log in."""
        user_id = UserId(IDS.new())
        user = User(
            id=user_id,
            email=f"{user_id}@example.org",
            first_name=None,
            last_name=None,
            role=Role.USER,
            is_active=True,
            version=1,
            created_at=OLD,
            updated_at=OLD,
        )
        async with self.system.start_work(principal(user_id)) as work:
            await work.users.add(user, "a hash")
            await work.commit()
        return user_id

    async def log_in(self, user: UserId, expires_at: datetime, token_expires_at: datetime) -> Session:
        session = Session(
            user_id=user,
            id=SessionId(IDS.new()),
            user_agent=None,
            address=None,
            created_at=OLD,
            last_used_at=OLD,
            expires_at=expires_at,
        )
        token = RefreshToken(
            user_id=user,
            id=IDS.new(),
            session_id=session.id,
            token_hash=sha256(session.id.bytes).digest(),
            issued_at=OLD,
            expires_at=token_expires_at,
        )
        async with self.system.start_work(principal(user)) as work:
            await work.sessions.add(session, token, 1)
            await work.commit()
        return session

    async def is_known(self, session: Session) -> bool:
        """Whether its refresh token, and so the session, is still there."""
        async with self.system.start_work(principal(session.user_id)) as work:
            found = await work.sessions.presented(session.user_id, sha256(session.id.bytes).digest())
        return found is not None


class RetentionContract:
    async def test_old_events_go_by_position_and_readers_are_told(self, subject: Subject) -> None:
        ada, bob = await subject.system.new_user(), await subject.system.new_user()
        await subject.happen(ada, OLD, OLD)
        await subject.happen(bob, OLD)
        await subject.happen(ada, NOW, OLD)
        assert await subject.publish() == 5
        assert await subject.log.purged() == 0
        assert await subject.rows.remove(Kind.EVENTS, BEFORE, 2) == 2
        assert await subject.log.purged() == 2
        assert await subject.rows.remove(Kind.EVENTS, BEFORE, 2) == 1
        assert await subject.rows.remove(Kind.EVENTS, BEFORE, 2) == 0
        assert await subject.log.purged() == 3
        assert await subject.positions(ada) == [4, 5], "an old one after a new one waits for it"
        assert await subject.positions(bob) == []
        assert await subject.log.head() == 5

    async def test_what_the_transport_has_not_confirmed_stays(self, subject: Subject) -> None:
        ada = await subject.system.new_user()
        await subject.happen(ada, OLD, OLD, OLD)
        await subject.publish(position=1)
        await subject.happen(ada, OLD)
        assert await subject.rows.remove(Kind.EVENTS, LATER, 100) == 1
        assert await subject.log.purged() == 1
        assert await subject.publish() == 4
        assert await subject.rows.remove(Kind.EVENTS, LATER, 100) == 3

    async def test_an_idempotency_key_is_known_for_its_time(self, subject: Subject) -> None:
        ada = await subject.system.new_user()
        await subject.create(ada, b"k" * 32)
        assert await subject.rows.remove(Kind.IDEMPOTENCY_KEYS, BEFORE, 100) == 0
        with pytest.raises(AlreadyApplied):
            await subject.create(ada, b"k" * 32)
        assert await subject.rows.remove(Kind.IDEMPOTENCY_KEYS, LATER, 100) == 1
        await subject.create(ada, b"k" * 32)

    async def test_handled_messages_are_forgotten_once_they_cannot_come_again(self, subject: Subject) -> None:
        ada = await subject.system.new_user()
        await subject.happen(ada, OLD)
        async with subject.system.outbox.lead() as lease:
            await lease.assign_positions(1)
            (message,) = await lease.unpublished(10)
        await subject.handle(ada, message.id)
        assert await subject.rows.remove_handled(HANDLER, BEFORE, 100) == 0
        assert await subject.rows.remove_handled(HANDLER, LATER, 100) == 0, "it is not published yet"
        with pytest.raises(AlreadyHandled):
            await subject.handle(ada, message.id)
        await subject.publish()
        assert await subject.rows.remove_handled("another.handler", LATER, 100) == 0
        assert await subject.rows.remove_handled(HANDLER, LATER, 100) == 1
        await subject.handle(ada, message.id)

    async def test_ended_sessions_go_with_their_tokens_and_living_ones_stay(self, subject: Subject) -> None:
        ada, bob = await subject.person(), await subject.person()
        expired = await subject.log_in(ada, OLD, OLD)
        revoked = await subject.log_in(ada, LATER, LATER)
        living = await subject.log_in(bob, LATER, LATER)
        async with subject.system.start_work(principal(ada)) as work:
            await work.sessions.end(ada, revoked.id, OLD)
            await work.commit()
        assert await subject.rows.remove(Kind.SESSIONS, BEFORE, 1) == 1
        assert await subject.rows.remove(Kind.SESSIONS, BEFORE, 100) == 1
        found = [await subject.is_known(session) for session in (expired, revoked, living)]
        assert found == [False, False, True]

    async def test_expired_refresh_tokens_go_before_their_session(self, subject: Subject) -> None:
        ada = await subject.person()
        used, fresh = await subject.log_in(ada, LATER, OLD), await subject.log_in(ada, LATER, LATER)
        assert await subject.rows.remove(Kind.REFRESH_TOKENS, BEFORE, 100) == 1
        assert [await subject.is_known(session) for session in (used, fresh)] == [False, True]

    @pytest.mark.parametrize("kind", Kind)
    async def test_of_nothing_nothing_goes(self, subject: Subject, kind: Kind) -> None:
        assert await subject.rows.remove(kind, LATER, 100) == 0


class TestInMemoryRetention(RetentionContract):
    @pytest.fixture
    def subject(self) -> Subject:
        system = MemorySystem()
        return Subject(system, InMemoryEventLog(system.store, "test"), InMemoryExpiredRows(system.store))


class TestPostgresRetention(RetentionContract):
    @pytest.fixture
    async def subject(self, migrated_database: Logins) -> AsyncIterator[Subject]:
        async with postgres_system(migrated_database) as system:
            log, rows = PostgresEventLog(system.database, "test"), PostgresExpiredRows(system.database)
            yield Subject(system, log, rows)

    async def test_a_message_that_waits_in_a_queue_is_remembered(
        self, subject: Subject, migrated_database: Logins
    ) -> None:
        ada, message = await subject.system.new_user(), EventId(IDS.new())
        await subject.handle(ada, message)
        async with scoped(migrated_database, "relay") as connection:
            await connection.execute(
                "insert into backend_operations.message_queues (queue, topics) values ($1, '{}')", HANDLER
            )
            queued = "insert into backend_operations.messages (queue, id, position, body) "
            queued += "values ($1, $2, 1, '{}')"
            await connection.execute(queued, HANDLER, message)
        assert await subject.rows.remove_handled(HANDLER, LATER, 100) == 0
        async with scoped(migrated_database, "relay") as connection:
            await connection.execute("delete from backend_operations.messages")
        assert await subject.rows.remove_handled(HANDLER, LATER, 100) == 1

    async def test_no_statement_in_its_scope_removes_what_is_still_needed(
        self, subject: Subject, migrated_database: Logins
    ) -> None:
        ada = await subject.system.new_user()
        await subject.happen(ada, OLD, OLD)
        await subject.publish(position=1)
        await subject.happen(ada, OLD)
        async with scoped(migrated_database, "purging") as connection:
            assert await connection.execute("delete from backend_operations.events") == "DELETE 1"
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute("delete from backend_operations.audit_logs")

    async def test_two_do_not_purge_at_once(self, subject: Subject, migrated_database: Logins) -> None:
        ada = await subject.system.new_user()
        await subject.happen(ada, OLD)
        await subject.publish()
        async with scoped(migrated_database, "purging") as connection:
            await connection.fetchval("select pg_advisory_xact_lock($1)", PURGE_LOCK)
            assert await subject.rows.remove(Kind.EVENTS, BEFORE, 100) == 0
        assert await subject.rows.remove(Kind.EVENTS, BEFORE, 100) == 1


@contextlib.asynccontextmanager
async def scoped(logins: Logins, scope: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    """The runtime login in a transaction that sees what this scope sees; rolled back when it fails."""
    connection = await asyncpg.connect(driver_dsn(logins.runtime_url))
    try:
        async with connection.transaction():
            await connection.execute("select set_config('app.scope', $1, true)", scope)
            yield connection
    finally:
        await connection.close()
