"""Reading accounts of dictionaries."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from adapters.memory.identity import SESSIONS, USERS, UserRow
from adapters.memory.store import MemoryStore
from application.identity.queries import ANY_ACCOUNT, AccountFilter, AccountQueries, Credentials
from application.shared.pages import Page, PageRequest, Position, SortKey
from domain.identity.errors import UserNotFound
from domain.identity.events import UserDeleted
from domain.identity.session import Session
from domain.identity.user import User
from domain.shared.ids import SessionId, UserId

Row = TypeVar("Row")


def keyset(rows: list[Row], page: PageRequest, place: Callable[[Row], tuple[SortKey, UUID]]) -> Page[Row]:
    """The page of these rows, by their sort key and id."""
    rows = sorted(rows, key=place, reverse=page.descending)
    if page.after is not None:
        last = (page.after.key, page.after.id)
        rows = [row for row in rows if (place(row) < last if page.descending else place(row) > last)]
    shown = rows[: page.limit]
    if len(rows) <= page.limit:
        return Page(rows=shown, next=None)
    key, row_id = place(shown[-1])
    return Page(rows=shown, next=Position(key=key, id=row_id))


def fits(user: User, wanted: AccountFilter) -> bool:
    """Whether an account is among those wanted."""
    text = f"{user.email} {user.first_name or ''} {user.last_name or ''}".lower()
    return (
        (wanted.q is None or wanted.q.lower() in text)
        and wanted.role in (None, user.role)
        and wanted.is_active in (None, user.is_active)
    )


class InMemoryAccountQueries(AccountQueries):
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def account(self, user_id: UserId) -> User:
        row = self._store.table(USERS).get(user_id)
        if not isinstance(row, UserRow):
            raise UserNotFound
        return row.user

    async def credentials(self, email: str) -> Credentials | None:
        for row in self._store.table(USERS).values():
            if isinstance(row, UserRow) and row.user.email.lower() == email:
                return Credentials(user=row.user, password_hash=row.password_hash)
        return None

    async def own_credentials(self, user_id: UserId) -> Credentials:
        row = self._store.table(USERS).get(user_id)
        if not isinstance(row, UserRow):
            raise UserNotFound
        return Credentials(user=row.user, password_hash=row.password_hash)

    async def sessions(
        self, user_id: UserId, now: datetime, used_after: datetime, page: PageRequest
    ) -> Page[Session]:
        sessions = [
            session
            for session in self._store.table(SESSIONS).values()
            if isinstance(session, Session)
            and session.user_id == user_id
            and session.revoked_at is None
            and session.expires_at > now
            and session.last_used_at > used_after
        ]
        return keyset(sessions, page, lambda session: (session.created_at, session.id))

    async def accounts(self, page: PageRequest, wanted: AccountFilter = ANY_ACCOUNT) -> Page[User]:
        users = [row.user for row in self._store.table(USERS).values() if isinstance(row, UserRow)]
        users = [user for user in users if fits(user, wanted)]

        def place(user: User) -> tuple[SortKey, UserId]:
            return (user.created_at if page.sort == "created_at" else user.email), user.id

        return keyset(users, page, place)

    async def ended_sessions(self, since: datetime) -> Sequence[SessionId]:
        return [
            session.id
            for session in self._store.table(SESSIONS).values()
            if isinstance(session, Session) and session.revoked_at is not None and session.revoked_at >= since
        ]

    async def deleted_accounts(self, since: datetime) -> Sequence[UserId]:
        return [
            UserId(recorded.event.subject)
            for recorded in self._store.events
            if recorded.event.type == UserDeleted.type and recorded.event.occurred_at >= since
        ]
