"""Reads of accounts in one round trip: one's own under row level security, others' for authentication."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from sqlalchemy import DateTime, Integer, Select, Text, Uuid, bindparam, collate, func, select, tuple_

from adapters.postgres import tables as t
from adapters.postgres.engine import Database
from adapters.postgres.identity import USER_COLUMNS, to_user
from adapters.postgres.statements import Statement, confined, within
from application.identity.queries import AccountQueries, Credentials
from application.shared.pages import Page, PageRequest, Position
from domain.identity.errors import UserNotFound
from domain.identity.user import User
from domain.shared.ids import SessionId, UserId

# The scope whose policies let a login find an account before anybody is logged in.
SCOPE = "authentication"
TIME = DateTime(timezone=True)
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


@lru_cache(maxsize=8)
def accounts_statement(sort: str, descending: bool, after: bool) -> Statement:
    """The statement of one order, from the beginning or from within."""
    by_time = sort == "created_at"
    # Byte order, which is the same on every server.
    key = t.users.c.created_at if by_time else collate(t.users.c.email, "C")
    query: Select[tuple[object, ...]] = select(*SHOWN)
    if after:
        last = tuple_(bindparam("key", type_=TIME if by_time else Text), bindparam("id", type_=Uuid))
        here = tuple_(key, t.users.c.id)
        query = query.where(here < last if descending else here > last)
    order = (key.desc(), t.users.c.id.desc()) if descending else (key, t.users.c.id)
    return Statement(within(SCOPE, query.order_by(*order).limit(bindparam("limit", type_=Integer))))


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

    async def accounts(self, page: PageRequest) -> Page[User]:
        statement = accounts_statement(page.sort, page.descending, page.after is not None)
        place = {"key": page.after.key, "id": page.after.id} if page.after else {}
        async with self._database.connection() as connection:
            # One more than the page holds tells whether there is a next one.
            rows = await statement.fetch(connection, limit=page.limit + 1, **place)
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
