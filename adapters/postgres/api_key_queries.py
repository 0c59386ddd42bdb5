"""Reads of API keys in one round trip: one's own under row level security, a request's for authentication."""

from datetime import datetime
from functools import lru_cache
from uuid import UUID

from asyncpg import Record
from sqlalchemy import ColumnElement, Select, Uuid, bindparam, select

from adapters.postgres import tables_api_keys as t
from adapters.postgres.api_keys import KEY_COLUMNS, to_key
from adapters.postgres.engine import Database
from adapters.postgres.keyset import keyset
from adapters.postgres.statements import Statement, confined
from application.identity.api_key_queries import ApiKeyQueries, BearerQueries
from application.shared.pages import Page, PageRequest, Position
from domain.identity.api_key import ApiKey, KeyHolder, SocketTicket, TakenTicket
from domain.identity.api_key_errors import ApiKeyNotFound
from domain.shared.ids import ApiKeyId, SessionId, UserId
from domain.shared.roles import Role
from domain.shared.scopes import Scope

SHOWN = [t.api_keys.c[name] for name in KEY_COLUMNS.split(", ")]

KEY = Statement(
    confined(
        lambda user_id: select(*SHOWN).where(
            t.api_keys.c.user_id == user_id, t.api_keys.c.id == bindparam("id", type_=Uuid)
        )
    )
)
# The functions enter the scope that sees all users' keys, and leave it again.
USE_KEY = "select * from backend_auth.use_api_key($1, $2, $3, $4)"
TAKE_TICKET = "select * from backend_auth.take_socket_ticket($1, $2)"


@lru_cache(maxsize=4)
def keys_statement(descending: bool, after: bool) -> Statement:
    """The statement of one order, from the beginning or from within."""
    c = t.api_keys.c

    def build(user_id: ColumnElement[UUID]) -> Select[tuple[object, ...]]:
        query = select(*SHOWN).where(c.user_id == user_id, c.revoked_at.is_(None))
        return keyset(query, c.created_at, c.id, descending=descending, after=after)

    return Statement(confined(build))


class PostgresApiKeyQueries(ApiKeyQueries):
    def __init__(self, database: Database) -> None:
        self._database = database

    async def api_key(self, user_id: UserId, key_id: ApiKeyId) -> ApiKey:
        async with self._database.connection() as connection:
            row = await KEY.fetchrow(connection, user_id=user_id, id=key_id)
        if row is None:
            raise ApiKeyNotFound
        return to_key(row)

    async def api_keys(self, user_id: UserId, page: PageRequest) -> Page[ApiKey]:
        statement = keys_statement(page.descending, page.after is not None)
        place = {"key": page.after.key, "id": page.after.id} if page.after else {}
        async with self._database.connection() as connection:
            rows = await statement.fetch(connection, user_id=user_id, limit=page.limit + 1, **place)
        shown = [to_key(row) for row in rows[: page.limit]]
        more = len(rows) > page.limit
        return Page(rows=shown, next=Position(key=shown[-1].created_at, id=shown[-1].id) if more else None)


class PostgresBearerQueries(BearerQueries):
    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_prefix(self, prefix: str, secret_hash: bytes, now: datetime) -> KeyHolder | None:
        return await self._use(prefix, None, secret_hash, now)

    async def by_id(self, key_id: ApiKeyId, secret_hash: bytes | None, now: datetime) -> KeyHolder | None:
        return await self._use(None, key_id, secret_hash, now)

    async def _use(
        self, prefix: str | None, key_id: ApiKeyId | None, secret_hash: bytes | None, now: datetime
    ) -> KeyHolder | None:
        async with self._database.connection() as connection:
            row = await connection.fetchrow(USE_KEY, prefix, key_id, secret_hash, now)
        if row is None:
            return None
        return KeyHolder(key=to_key(row), role=Role(row["role"]), is_active=row["is_active"])

    async def take_ticket(self, ticket_hash: bytes, now: datetime) -> TakenTicket | None:
        async with self._database.connection() as connection:
            row = await connection.fetchrow(TAKE_TICKET, ticket_hash, now)
        if row is None:
            return None
        return TakenTicket(ticket=to_ticket(row), role=Role(row["role"]), stands=row["stands"])


def to_ticket(row: Record) -> SocketTicket:
    """A row of the tickets' table."""
    session, key, scopes = row["session_id"], row["api_key_id"], row["scopes"]
    return SocketTicket(
        user_id=UserId(row["user_id"]),
        ticket_hash=row["ticket_hash"],
        session_id=None if session is None else SessionId(session),
        api_key_id=None if key is None else ApiKeyId(key),
        scopes=None if scopes is None else frozenset(Scope(scope) for scope in scopes),
        ends_at=row["ends_at"],
        expires_at=row["expires_at"],
    )
