"""Reading accounts of dictionaries."""

from collections.abc import Sequence
from datetime import datetime

from adapters.memory.identity import SESSIONS, USERS, UserRow
from adapters.memory.store import MemoryStore
from application.identity.queries import AccountQueries, Credentials
from application.shared.pages import Page, PageRequest, Position, SortKey
from domain.identity.errors import UserNotFound
from domain.identity.session import Session
from domain.identity.user import User
from domain.shared.ids import SessionId, UserId


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

    async def accounts(self, page: PageRequest) -> Page[User]:
        users = [row.user for row in self._store.table(USERS).values() if isinstance(row, UserRow)]

        def place(user: User) -> tuple[SortKey, UserId]:
            return (user.created_at if page.sort == "created_at" else user.email), user.id

        users.sort(key=place, reverse=page.descending)
        if page.after is not None:
            last = (page.after.key, page.after.id)
            users = [
                user for user in users if (place(user) < last if page.descending else place(user) > last)
            ]
        shown = users[: page.limit]
        more = len(users) > page.limit
        return Page(rows=shown, next=Position(key=place(shown[-1])[0], id=shown[-1].id) if more else None)

    async def ended_sessions(self, since: datetime) -> Sequence[SessionId]:
        return [
            session.id
            for session in self._store.table(SESSIONS).values()
            if isinstance(session, Session) and session.revoked_at is not None and session.revoked_at >= since
        ]
