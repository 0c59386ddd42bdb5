"""Tables as dictionaries, so that unit tests run the real use cases without a server."""

from collections.abc import Hashable, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from application.shared.principal import IdempotencyKey, Trace
from domain.operations.audit import AuditEntry
from domain.shared.events import DomainEvent
from domain.shared.ids import UserId

# Rows of every table by their whole primary key; adapters know the types of their own tables.
Rows: TypeAlias = MutableMapping[Hashable, object]


@dataclass(slots=True)
class RecordedEvent:
    """One row of the outbox. `position` and `published` are the relay's."""

    id: UUID
    event: DomainEvent
    trace: Trace
    position: int | None = None
    published: bool = False


@dataclass(slots=True)
class MemoryStore:
    """What all units of work of one test share: committed rows only."""

    tables: dict[str, Rows] = field(default_factory=dict)
    events: list[RecordedEvent] = field(default_factory=list)
    audit: list[AuditEntry] = field(default_factory=list)
    inbox: dict[tuple[UserId, str, UUID], datetime] = field(default_factory=dict)
    idempotency: dict[tuple[UserId, str], tuple[IdempotencyKey, UUID, datetime]] = field(default_factory=dict)
    in_flight: set[tuple[UserId, str]] = field(default_factory=set)
    # The last position given: events may go, their positions are not given again.
    head: int = 0
    # Events up to this position are gone.
    purged: int = 0

    def table(self, name: str) -> Rows:
        """The committed rows of a table, made on first use."""
        return self.tables.setdefault(name, {})

    def erase(self, user_id: UserId) -> None:
        """Removes what a user has outside of the tables, but for the audit."""
        self.events = [recorded for recorded in self.events if recorded.event.user_id != user_id]
        self.inbox = {seen: when for seen, when in self.inbox.items() if seen[0] != user_id}
        self.idempotency = {key: kept for key, kept in self.idempotency.items() if key[0] != user_id}
