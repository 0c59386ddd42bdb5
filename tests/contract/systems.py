"""A whole store behind one face, in memory and in Postgres, for every contract suite that needs one."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, Protocol
from uuid import UUID

from adapters.json_schema.metadata_schemas import CompiledSchemas
from adapters.memory.outbox import InMemoryOutbox
from adapters.memory.repositories import MemoryWorkSettings
from adapters.memory.store import MemoryStore
from adapters.memory.unit_of_work import InMemoryUnitOfWork, start_memory_work
from adapters.postgres.engine import Database, PoolSettings
from adapters.postgres.outbox import PostgresOutbox
from adapters.postgres.provision import Logins
from adapters.postgres.repositories import WorkSettings
from adapters.postgres.unit_of_work import PostgresUnitOfWork, start_postgres_work
from adapters.system.ids import Uuid7Generator
from application.operations.ports import Outbox
from application.operations.when_anything_happens_audit import audit
from application.shared.ports import UnitOfWork
from application.shared.principal import IdempotencyKey, Principal, Role, Trace
from domain.shared.events import DomainEvent
from domain.shared.ids import UserId

IDS = Uuid7Generator()


class SomethingHappened(DomainEvent):
    """An event no feature knows."""

    __slots__ = ()
    type: ClassVar[str] = "something.happened"


def something(user_id: UserId, word: str = "") -> SomethingHappened:
    return SomethingHappened(
        user_id=user_id, subject=IDS.new(), occurred_at=datetime.now(UTC), data={"word": word}
    )


def principal(user_id: UserId, idempotency: IdempotencyKey | None = None) -> Principal:
    trace = Trace(
        request_id="request-1", traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01", address="::1"
    )
    return Principal(user_id=user_id, role=Role.USER, trace=trace, idempotency=idempotency)


@dataclass(frozen=True, slots=True)
class Audited:
    """What a contract asks of an audit row."""

    action: str
    resource_id: UUID
    actor_id: UUID
    request_id: str
    address: str | None


class System(Protocol):
    """One store and its units of work."""

    def start_work(self, principal: Principal) -> contextlib.AbstractAsyncContextManager[UnitOfWork]: ...

    @property
    def outbox(self) -> Outbox: ...

    async def new_user(self) -> UserId:
        """A user that exists."""
        ...

    async def audited(self, user_id: UserId) -> Sequence[Audited]: ...


class MemorySystem:
    def __init__(self) -> None:
        self.store = MemoryStore()
        self.outbox = InMemoryOutbox(self.store, "test")
        self.settings = MemoryWorkSettings(
            store=self.store, ids=IDS, audit=audit, wake=self.outbox.wake, metadata_schemas=CompiledSchemas()
        )

    def start_work(self, principal: Principal) -> contextlib.AbstractAsyncContextManager[InMemoryUnitOfWork]:
        return start_memory_work(self.settings, principal)

    async def new_user(self) -> UserId:
        return UserId(IDS.new())

    async def audited(self, user_id: UserId) -> Sequence[Audited]:
        return [
            Audited(e.action, e.resource_id, e.actor_id, e.request_id, e.address)
            for e in self.store.audit
            if e.user_id == user_id
        ]


class PostgresSystem:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.outbox = PostgresOutbox(database, "test", standby=0.01)
        self.settings = WorkSettings(
            database=database, ids=IDS, audit=audit, wake=lambda: None, metadata_schemas=CompiledSchemas()
        )

    def start_work(self, principal: Principal) -> contextlib.AbstractAsyncContextManager[PostgresUnitOfWork]:
        return start_postgres_work(self.settings, principal)

    async def new_user(self) -> UserId:
        user_id = UserId(IDS.new())
        async with self.database.connection() as connection, connection.transaction():
            await connection.execute("select backend_operations.act_as($1)", user_id)
            await connection.execute(
                "insert into backend_auth.users (id, email, password_hash, created_at, updated_at) "
                "values ($1, $2, '', now(), now())",
                user_id,
                f"{user_id}@example.org",
            )
        return user_id

    async def audited(self, user_id: UserId) -> Sequence[Audited]:
        async with self.database.connection() as connection, connection.transaction():
            await connection.execute("select backend_operations.act_as($1)", user_id)
            rows = await connection.fetch(
                "select action, resource_id, actor_id, request_id, address "
                "from backend_operations.audit_logs order by id"
            )
        return [Audited(*row) for row in rows]


@contextlib.asynccontextmanager
async def postgres_system(logins: Logins, *, pool: int = 10) -> AsyncIterator[PostgresSystem]:
    async with Database(logins.runtime_url, PoolSettings(max_size=pool)) as database:
        yield PostgresSystem(database)
