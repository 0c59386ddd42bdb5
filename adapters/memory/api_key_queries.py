"""Reading API keys and taking tickets of dictionaries."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from adapters.memory.api_keys import API_KEYS, SOCKET_TICKETS, KeyRow
from adapters.memory.identity import SESSIONS, USERS, UserRow
from adapters.memory.identity_queries import keyset
from adapters.memory.store import MemoryStore
from application.identity.api_key_queries import ApiKeyQueries, BearerQueries
from application.shared.pages import Page, PageRequest
from domain.identity.api_key import ApiKey, KeyHolder, SocketTicket, TakenTicket
from domain.identity.api_key_errors import ApiKeyNotFound
from domain.identity.session import Session
from domain.shared.ids import ApiKeyId, UserId

NOTED_EVERY = timedelta(minutes=1)


def lasts(ends_at: datetime | None, now: datetime) -> bool:
    """Whether something that ends then, or never, goes on."""
    return ends_at is None or ends_at > now


class InMemoryApiKeyQueries(ApiKeyQueries):
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def api_key(self, user_id: UserId, key_id: ApiKeyId) -> ApiKey:
        row = self._store.table(API_KEYS).get((user_id, key_id))
        if not isinstance(row, KeyRow):
            raise ApiKeyNotFound
        return row.key

    async def api_keys(self, user_id: UserId, page: PageRequest) -> Page[ApiKey]:
        keys = [
            row.key
            for row in self._store.table(API_KEYS).values()
            if isinstance(row, KeyRow) and row.key.user_id == user_id and row.key.revoked_at is None
        ]
        return keyset(keys, page, lambda key: (key.created_at, key.id))


class InMemoryBearerQueries(BearerQueries):
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def by_prefix(self, prefix: str, secret_hash: bytes, now: datetime) -> KeyHolder | None:
        return self._use(lambda row: row.key.prefix == prefix and row.secret_hash == secret_hash, now)

    async def by_id(self, key_id: ApiKeyId, secret_hash: bytes | None, now: datetime) -> KeyHolder | None:
        return self._use(
            lambda row: row.key.id == key_id and secret_hash in (None, row.secret_hash),
            now,
        )

    def _use(self, wanted: Callable[[KeyRow], bool], now: datetime) -> KeyHolder | None:
        rows = self._store.table(API_KEYS)
        for place, row in rows.items():
            if isinstance(row, KeyRow) and wanted(row):
                user = self._store.table(USERS)[row.key.user_id]
                if not isinstance(user, UserRow):
                    return None
                last = row.key.last_used_at
                good = row.key.revoked_at is None and lasts(row.key.expires_at, now)
                if good and (last is None or last <= now - NOTED_EVERY):
                    rows[place] = KeyRow(replace(row.key, last_used_at=now), row.secret_hash)
                return KeyHolder(key=row.key, role=user.user.role, is_active=user.user.is_active)
        return None

    async def take_ticket(self, ticket_hash: bytes, now: datetime) -> TakenTicket | None:
        tickets = self._store.table(SOCKET_TICKETS)
        for place, ticket in tickets.items():
            if isinstance(ticket, SocketTicket) and ticket.ticket_hash == ticket_hash:
                del tickets[place]
                user = self._store.table(USERS).get(ticket.user_id)
                if not isinstance(user, UserRow):
                    return None
                stands = user.user.is_active and self._holder_stands(ticket, now)
                return TakenTicket(ticket=ticket, role=user.user.role, stands=stands)
        return None

    def _holder_stands(self, ticket: SocketTicket, now: datetime) -> bool:
        session = self._store.table(SESSIONS).get((ticket.user_id, ticket.session_id))
        if isinstance(session, Session):
            return session.revoked_at is None and session.expires_at > now
        row = self._store.table(API_KEYS).get((ticket.user_id, ticket.api_key_id))
        return isinstance(row, KeyRow) and row.key.revoked_at is None and lasts(row.key.expires_at, now)
