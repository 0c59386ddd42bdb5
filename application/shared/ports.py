"""The ports every feature needs: time, identity, and one transaction around one decision."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from application.shared.principal import Principal
from domain.operations.audit import AuditEntry
from domain.shared.events import DomainEvent
from domain.shared.ids import EventId


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The present moment, timezone-aware, in UTC."""
        ...


class IdGenerator(Protocol):
    """Makes identifiers."""

    def new(self) -> UUID:
        """A fresh UUIDv7 (RFC 9562): ids made later in one process sort later."""
        ...


class UnitOfWork(Protocol):
    """One transaction for one principal; every feature adds its repositories to this.

    Used as `async with start_work(principal) as work`. Leaving the block without `commit` rolls back.
    """

    def record(self, event: DomainEvent) -> None:
        """Announces what happened; stored with the state by `commit`, with one audit row each."""
        ...

    def created(self, resource_id: UUID) -> None:
        """Names the resource a repeated request with the same idempotency key is answered with."""
        ...

    def acknowledge(self, handler: str, message_id: EventId) -> None:
        """Marks a message as handled; stored with its effects by `commit`.

        `commit` then raises `AlreadyHandled`, and stores nothing, when it was handled before.
        """
        ...

    async def commit(self) -> None:
        """Stores state, audit, outbox, inbox and idempotency rows, all or none.

        Raises `AlreadyHandled` as `acknowledge` says. May be called once.
        """
        ...


Work = TypeVar("Work", bound=UnitOfWork)

# Opening a unit of work raises `AlreadyApplied`, `RequestInFlight` or `IdempotencyKeyReused` when the
# principal brings an idempotency key that was seen before.
StartWork = Callable[[Principal], AbstractAsyncContextManager[Work]]

# Called inside `commit`, once for each event: what it returns is stored in the same transaction.
AuditSubscriber = Callable[[DomainEvent, Principal], AuditEntry]

# Called after a commit that recorded events: a hint that hurries the relay, never needed for correctness.
Wake = Callable[[], None]
