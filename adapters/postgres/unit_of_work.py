"""One transaction around one decision: state, audit, outbox, inbox and idempotency rows, all or none."""

import contextlib
import hashlib
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import asyncpg

from adapters.postgres import json
from adapters.postgres.repositories import PostgresRepositories, WorkSettings
from adapters.postgres.statements import DriverConnection
from application.shared.ports import UnitOfWork
from application.shared.principal import Principal
from domain.graph.errors import SchemaChanged
from domain.shared.errors import (
    AccountGone,
    AlreadyApplied,
    AlreadyHandled,
    Conflict,
    IdempotencyKeyReused,
    KnowledgeGraphError,
    RequestInFlight,
)
from domain.shared.events import DomainEvent
from domain.shared.ids import EventId

# Everything a commit adds to the state, in one statement: one round trip whatever there is to write.
RECORD = """
with logged as (
    insert into backend_operations.events
        (user_id, id, type, subject, data, occurred_at, request_id, traceparent)
    select e.user_id, e.id, e.type, e.subject, e.data, e.occurred_at, $1, $2
    from unnest($3::uuid[], $4::uuid[], $5::text[], $6::uuid[], $7::jsonb[], $8::timestamptz[])
        with ordinality as e(user_id, id, type, subject, data, occurred_at, place)
    order by e.place
), audited as (
    insert into backend_operations.audit_logs
        (user_id, id, actor_id, action, resource_id, outcome, address, request_id, occurred_at, reason)
    select a.user_id, a.id, a.actor_id, a.action, a.resource_id, a.outcome, $9, $1, a.occurred_at, a.reason
    from unnest(
        $10::uuid[], $11::uuid[], $12::uuid[], $13::text[], $14::uuid[], $22::text[], $15::timestamptz[],
        $23::text[]
    ) as a(user_id, id, actor_id, action, resource_id, outcome, occurred_at, reason)
), seen as (
    insert into backend_operations.inbox (user_id, handler, message_id)
    select $16, i.handler, i.message_id from unnest($17::text[], $18::uuid[]) as i(handler, message_id)
)
insert into backend_operations.idempotency_keys (user_id, key, fingerprint, resource_id)
select $16, k.key, k.fingerprint, k.resource_id
from unnest($19::bytea[], $20::bytea[], $21::uuid[]) as k(key, fingerprint, resource_id)
"""

REFUSALS: dict[str, type[KnowledgeGraphError]] = {"KG001": RequestInFlight, "KG002": IdempotencyKeyReused}


class PostgresUnitOfWork(PostgresRepositories, UnitOfWork):
    """A transaction as one user."""

    def __init__(self, settings: WorkSettings, principal: Principal, connection: DriverConnection) -> None:
        super().__init__(settings, principal, connection)
        self._events: list[DomainEvent] = []
        self._handled: list[tuple[str, EventId]] = []
        self._created: UUID | None = None

    def record(self, event: DomainEvent) -> None:
        self._events.append(event)

    def created(self, resource_id: UUID) -> None:
        self._created = resource_id

    def acknowledge(self, handler: str, message_id: EventId) -> None:
        self._handled.append((handler, message_id))

    async def commit(self) -> None:
        arguments = self._records()
        if arguments is not None:
            try:
                await self.connection.execute(RECORD, *arguments)
            except asyncpg.UniqueViolationError as error:
                if error.constraint_name == "inbox_pkey":
                    raise AlreadyHandled from error
                if error.constraint_name == "idempotency_keys_pkey":
                    raise RequestInFlight from error
                raise
        await self._finish()
        if self._events:
            self._settings.wake()

    async def _finish(self) -> None:
        """COMMIT, in one message with the demand that the schema is still what was checked against."""
        user_id, expected = self._principal.user_id, self._schema.version
        if expected is None:
            await self.connection.execute("commit")
            return
        try:
            demand = f"select backend_entities.require_schema('{user_id}', {expected})"
            await self.connection.execute(f"{demand}; commit")
        except asyncpg.PostgresError as error:
            if error.sqlstate != "KG014":
                raise
            self._settings.schemas.drop(user_id)
            raise SchemaChanged from error

    def _records(self) -> Sequence[object] | None:
        """The arguments of RECORD, None when there is nothing to write."""
        principal, ids = self._principal, self._settings.ids
        key = principal.idempotency if self._created is not None else None
        if not self._events and not self._handled and key is None:
            return None
        entries = [self._settings.audit(event, principal) for event in self._events]
        return (
            principal.trace.request_id,
            principal.trace.traceparent,
            [e.user_id for e in self._events],
            [ids.new() for _ in self._events],
            [e.type for e in self._events],
            [e.subject for e in self._events],
            [json.encode(e.data) for e in self._events],
            [e.occurred_at for e in self._events],
            principal.trace.address,
            [a.user_id for a in entries],
            [ids.new() for _ in entries],
            [a.actor_id for a in entries],
            [a.action for a in entries],
            [a.resource_id for a in entries],
            [a.occurred_at for a in entries],
            principal.user_id,
            [handler for handler, _ in self._handled],
            [message_id for _, message_id in self._handled],
            [hashed(key.key)] if key else [],
            [key.fingerprint] if key else [],
            [self._created] if key else [],
            [a.outcome for a in entries],
            [a.reason for a in entries],
        )


def hashed(key: str) -> bytes:
    """An idempotency key as it is stored: of one length, and harmless inside a statement."""
    return hashlib.sha256(key.encode()).digest()


def begin(principal: Principal) -> str:
    """BEGIN and who acts on whose account, in one message. Everything inlined is hexadecimal: ids and
    digests."""
    key = principal.idempotency
    digests = f"'\\x{hashed(key.key).hex()}', '\\x{key.fingerprint.hex()}'" if key else "null, null"
    work = f"begin; select backend_operations.begin_work('{principal.user_id}', {digests})"
    if principal.actor_id is None:
        return work
    return f"{work}, set_config('app.actor_id', '{principal.actor_id}', true)"


@contextlib.asynccontextmanager
async def start_postgres_work(
    settings: WorkSettings, principal: Principal
) -> AsyncIterator[PostgresUnitOfWork]:
    """A `StartWork`. What is not committed is rolled back."""
    async with settings.database.connection() as connection:
        try:
            await open_work(connection, principal)
            yield PostgresUnitOfWork(settings, principal, connection)
        except asyncpg.ForeignKeyViolationError as error:
            # The key of a tenant table to its account: it was deleted while this token was still good.
            if (error.constraint_name or "").endswith("_user_id_fkey"):
                raise AccountGone from error
            raise
        except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError) as error:
            raise Conflict("another change to the same things came first; try again") from error
        finally:
            if connection.is_in_transaction() and not connection.is_closed():
                await connection.execute("rollback")


async def open_work(connection: DriverConnection, principal: Principal) -> None:
    """Begins the transaction. Raises `AlreadyApplied`, `RequestInFlight` and `IdempotencyKeyReused`."""
    try:
        await connection.execute(begin(principal))
    except asyncpg.PostgresError as error:
        if error.sqlstate == "KG003":
            raise AlreadyApplied(UUID(error.detail)) from error
        if error.sqlstate in REFUSALS:
            raise REFUSALS[error.sqlstate] from error
        raise
