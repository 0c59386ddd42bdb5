"""Reads of accounts in one round trip: one's own under row level security, others' for authentication."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Select,
    Text,
    bindparam,
    collate,
    func,
    literal_column,
    select,
)

from adapters.postgres import tables as t
from adapters.postgres.engine import Database
from adapters.postgres.identity import SESSION_COLUMNS, USER_COLUMNS, to_session, to_user
from adapters.postgres.keyset import TIME, keyset
from adapters.postgres.statements import Statement, confined, within
from application.identity.queries import ANY_ACCOUNT, AccountFilter, AccountQueries, Credentials
from application.shared.pages import Page, PageRequest, Position
from domain.identity.errors import UserNotFound
from domain.identity.events import UserDeleted
from domain.identity.session import Session
from domain.identity.user import User
from domain.shared.ids import SessionId, UserId

# The scope whose policies let a login find an account before anybody is logged in.
SCOPE = "authentication"
SHOWN = [t.users.c[name] for name in USER_COLUMNS.split(", ")]

ACCOUNT = Statement(confined(lambda user_id: select(*SHOWN).where(t.users.c.id == user_id)))
CREDENTIALS = Statement(
    within(
        SCOPE,
        select(*SHOWN, t.users.c.password_hash).where(
            func.lower(t.users.c.email) == bindparam("email", type_=Text)
        ),
    )
)
ENDED_SESSIONS = Statement(
    within(SCOPE, select(t.sessions.c.id).where(t.sessions.c.revoked_at >= bindparam("since", type_=TIME)))
)
OWN_CREDENTIALS = Statement(
    confined(lambda user_id: select(*SHOWN, t.users.c.password_hash).where(t.users.c.id == user_id))
)
# The events of every user are the relay's to see.
DELETED_ACCOUNTS = Statement(
    within(
        "relay",
        select(t.events.c.subject).where(
            # Spelled out, as in the index that holds no other events.
            t.events.c.type == literal_column(f"'{UserDeleted.type}'"),
            t.events.c.occurred_at >= bindparam("since", type_=TIME),
        ),
    )
)
SESSION_SHOWN = [t.sessions.c[name] for name in SESSION_COLUMNS.split(", ")]


def _parts() -> Mapping[str, ColumnElement[bool]]:
    """Every condition a list of accounts can be asked for, by the parameter that brings its value."""
    c = t.users.c
    name = func.coalesce(c.first_name, "") + " " + func.coalesce(c.last_name, "")
    part = func.lower(bindparam("q", type_=Text))
    return {
        "q": func.strpos(func.lower(c.email + " " + name), part) > 0,
        "role": c.role == bindparam("role", type_=Text),
        "is_active": c.is_active == bindparam("is_active", type_=Boolean),
    }


CONDITIONS = _parts()


@lru_cache(maxsize=4)
def sessions_statement(descending: bool, after: bool) -> Statement:
    """The statement of one order, from the beginning or from within."""
    c = t.sessions.c

    def build(user_id: ColumnElement[UUID]) -> Select[tuple[object, ...]]:
        query: Select[tuple[object, ...]] = select(*SESSION_SHOWN).where(
            c.user_id == user_id,
            c.revoked_at.is_(None),
            c.expires_at > bindparam("now", type_=TIME),
            c.last_used_at > bindparam("used_after", type_=TIME),
        )
        return keyset(query, c.created_at, c.id, descending=descending, after=after)

    return Statement(confined(build))


@lru_cache(maxsize=64)
def accounts_statement(sort: str, descending: bool, after: bool, given: frozenset[str]) -> Statement:
    """The statement of one order under these conditions, from the beginning or from within."""
    by_time = sort == "created_at"
    # Byte order, which is the same on every server.
    key = t.users.c.created_at if by_time else collate(t.users.c.email, "C")
    query: Select[tuple[object, ...]] = select(*SHOWN).where(*(CONDITIONS[name] for name in sorted(given)))
    kind = TIME if by_time else Text()
    paged = keyset(query, key, t.users.c.id, descending=descending, after=after, kind=kind)
    return Statement(within(SCOPE, paged))


class PostgresAccountQueries(AccountQueries):
    """Accounts in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def account(self, user_id: UserId) -> User:
        async with self._database.connection() as connection:
            row = await ACCOUNT.fetchrow(connection, user_id=user_id)
        if row is None:
            raise UserNotFound
        return to_user(row)

    async def credentials(self, email: str) -> Credentials | None:
        async with self._database.connection() as connection:
            row = await CREDENTIALS.fetchrow(connection, email=email)
        return Credentials(user=to_user(row), password_hash=row["password_hash"]) if row else None

    async def own_credentials(self, user_id: UserId) -> Credentials:
        async with self._database.connection() as connection:
            row = await OWN_CREDENTIALS.fetchrow(connection, user_id=user_id)
        if row is None:
            raise UserNotFound
        return Credentials(user=to_user(row), password_hash=row["password_hash"])

    async def sessions(
        self, user_id: UserId, now: datetime, used_after: datetime, page: PageRequest
    ) -> Page[Session]:
        statement = sessions_statement(page.descending, page.after is not None)
        place = {"key": page.after.key, "id": page.after.id} if page.after else {}
        async with self._database.connection() as connection:
            rows = await statement.fetch(
                connection, user_id=user_id, now=now, used_after=used_after, limit=page.limit + 1, **place
            )
        shown = [to_session(row) for row in rows[: page.limit]]
        more = len(rows) > page.limit
        return Page(rows=shown, next=Position(key=shown[-1].created_at, id=shown[-1].id) if more else None)

    async def accounts(self, page: PageRequest, wanted: AccountFilter = ANY_ACCOUNT) -> Page[User]:
        values = {"q": wanted.q, "role": wanted.role and wanted.role.value, "is_active": wanted.is_active}
        given = {name: value for name, value in values.items() if value is not None}
        after = page.after is not None
        statement = accounts_statement(page.sort, page.descending, after, frozenset(given))
        place = {"key": page.after.key, "id": page.after.id} if page.after else {}
        async with self._database.connection() as connection:
            # One more than the page holds tells whether there is a next one.
            rows = await statement.fetch(connection, limit=page.limit + 1, **place, **given)
        shown = rows[: page.limit]
        more = len(rows) > page.limit
        return Page(
            rows=[to_user(row) for row in shown],
            next=Position(key=shown[-1][page.sort], id=shown[-1]["id"]) if more else None,
        )

    async def ended_sessions(self, since: datetime) -> Sequence[SessionId]:
        async with self._database.connection() as connection:
            rows = await ENDED_SESSIONS.fetch(connection, since=since)
        return [SessionId(row["id"]) for row in rows]

    async def deleted_accounts(self, since: datetime) -> Sequence[UserId]:
        async with self._database.connection() as connection:
            rows = await DELETED_ACCOUNTS.fetch(connection, since=since)
        return [UserId(row["subject"]) for row in rows]
