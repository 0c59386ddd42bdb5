"""Tables as dictionaries, so that unit tests run the real use cases without a server."""

from collections.abc import Hashable, MutableMapping
from dataclasses import dataclass, field
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
    inbox: set[tuple[UserId, str, UUID]] = field(default_factory=set)
    idempotency: dict[tuple[UserId, str], tuple[IdempotencyKey, UUID]] = field(default_factory=dict)
    in_flight: set[tuple[UserId, str]] = field(default_factory=set)

    def table(self, name: str) -> Rows:
        """The committed rows of a table, made on first use."""
        return self.tables.setdefault(name, {})
