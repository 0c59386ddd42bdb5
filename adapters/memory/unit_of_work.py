"""The unit of work over dictionaries: what is not committed is never seen by anybody else."""

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

from adapters.memory.graph_history import VERSIONED, keep_versions
from adapters.memory.graph_schema import require_schema
from adapters.memory.repositories import InMemoryRepositories, MemoryWorkSettings
from adapters.memory.store import RecordedEvent
from application.shared.ports import UnitOfWork
from application.shared.principal import Principal
from domain.shared.errors import AlreadyApplied, AlreadyHandled, IdempotencyKeyReused, RequestInFlight
from domain.shared.ids import EventId


class InMemoryUnitOfWork(InMemoryRepositories, UnitOfWork):
    """Drafts over the store."""

    def __init__(self, settings: MemoryWorkSettings, principal: Principal) -> None:
        super().__init__(settings, principal)
        self._handled: list[tuple[str, EventId]] = []
        self._created: UUID | None = None

    def created(self, resource_id: UUID) -> None:
        self._created = resource_id

    def acknowledge(self, handler: str, message_id: EventId) -> None:
        self._handled.append((handler, message_id))

    async def commit(self) -> None:
        store, principal = self._settings.store, self._principal
        seen = {(principal.user_id, handler, message_id) for handler, message_id in self._handled}
        if seen & store.inbox.keys():
            raise AlreadyHandled
        require_schema(store, principal.user_id, self._schema)
        actor = principal.actor_id or principal.user_id
        for name, kept in VERSIONED.items():
            if name in self._drafts:
                keep_versions(store.table(kept), store.table(name), self._drafts[name].written(), actor)
        for draft in self._drafts.values():
            draft.apply()
        for user_id in self._erased:
            store.erase(user_id)
        store.inbox |= dict.fromkeys(seen, datetime.now(UTC))
        told = [*self._announced, *self._events]
        store.events += [RecordedEvent(self._settings.ids.new(), e, principal.trace) for e in told]
        store.audit += [self._settings.audit(event, principal) for event in self._events]
        if principal.idempotency and self._created:
            key = (principal.user_id, principal.idempotency.key)
            store.idempotency[key] = (principal.idempotency, self._created, datetime.now(UTC))
        if self._events:
            self._settings.wake()


@contextlib.asynccontextmanager
async def start_memory_work(
    settings: MemoryWorkSettings, principal: Principal
) -> AsyncIterator[InMemoryUnitOfWork]:
    """A `StartWork`."""
    store, wanted = settings.store, principal.idempotency
    if wanted is None:
        yield InMemoryUnitOfWork(settings, principal)
        return
    key = (principal.user_id, wanted.key)
    if key in store.in_flight:
        raise RequestInFlight
    if key in store.idempotency:
        known, resource_id, _ = store.idempotency[key]
        if known.fingerprint != wanted.fingerprint:
            raise IdempotencyKeyReused
        raise AlreadyApplied(resource_id)
    store.in_flight.add(key)
    try:
        yield InMemoryUnitOfWork(settings, principal)
    finally:
        store.in_flight.discard(key)
