"""Removes old rows of the memory store, as Postgres does."""

from collections.abc import Callable, Hashable, MutableMapping
from datetime import datetime
from typing import TypeVar

from adapters.memory.api_keys import SOCKET_TICKETS
from adapters.memory.identity import REFRESH_TOKENS, SESSIONS
from adapters.memory.store import MemoryStore
from application.operations.retention_ports import ExpiredRows, Kind
from domain.identity.api_key import SocketTicket
from domain.identity.session import RefreshToken, Session

Key = TypeVar("Key", bound=Hashable)
Row = TypeVar("Row")


class InMemoryExpiredRows(ExpiredRows):
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def remove(self, kind: Kind, before: datetime, limit: int) -> int:
        store = self._store
        match kind:
            case Kind.EVENTS:
                return self._events(before, limit)
            case Kind.IDEMPOTENCY_KEYS:
                return drop(store.idempotency, lambda row: row[2], before, limit)
            case Kind.REFRESH_TOKENS:
                return drop(store.table(REFRESH_TOKENS), expiry, before, limit)
            case Kind.SOCKET_TICKETS:
                return drop(store.table(SOCKET_TICKETS), expiry, before, limit)
            case Kind.SESSIONS:
                removed = drop(store.table(SESSIONS), expiry, before, limit)
                tokens, left = store.table(REFRESH_TOKENS), store.table(SESSIONS)
                for key, token in list(tokens.items()):
                    if isinstance(token, RefreshToken) and (token.user_id, token.session_id) not in left:
                        del tokens[key]
                return removed

    async def remove_handled(self, handler: str, before: datetime, limit: int) -> int:
        waiting = {recorded.id for recorded in self._store.events if not recorded.published}
        old = [
            key
            for key, when in self._store.inbox.items()
            if key[1] == handler and when < before and key[2] not in waiting
        ][:limit]
        for key in old:
            del self._store.inbox[key]
        return len(old)

    def _events(self, before: datetime, limit: int) -> int:
        placed = [(r.position, r) for r in self._store.events if r.position is not None and r.published]
        gone = set()
        for position, recorded in sorted(placed, key=lambda each: each[0])[:limit]:
            if recorded.event.occurred_at >= before:
                break
            gone.add(recorded.id)
            self._store.purged = position
        self._store.events = [recorded for recorded in self._store.events if recorded.id not in gone]
        return len(gone)


def expiry(row: object) -> datetime | None:
    """When something that expires was over; None for what is nothing of the kind."""
    if isinstance(row, Session) and row.revoked_at is not None:
        return min(row.revoked_at, row.expires_at)
    return row.expires_at if isinstance(row, Session | RefreshToken | SocketTicket) else None


def drop(
    rows: MutableMapping[Key, Row], over: Callable[[Row], datetime | None], before: datetime, limit: int
) -> int:
    """Removes the oldest rows that were over before that time."""
    found = [(when, key) for key, row in rows.items() if (when := over(row)) is not None and when < before]
    for _, key in sorted(found, key=lambda each: each[0])[:limit]:
        del rows[key]
    return min(len(found), limit)
