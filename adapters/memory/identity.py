"""Accounts and their sessions as dictionaries of one unit of work."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from adapters.memory.store import Rows
from application.identity.ports import SessionRepository, UserRepository
from domain.identity.errors import AccountChanged, EmailTaken, UserChanged, UserNotFound
from domain.identity.session import Presented, RefreshToken, Session, used_now
from domain.identity.user import User
from domain.shared.ids import SessionId, UserId

USERS = "users"
SESSIONS = "sessions"
REFRESH_TOKENS = "refresh_tokens"


@dataclass(frozen=True, slots=True)
class UserRow:
    """An account with its password's hash, if it has one."""

    user: User
    password_hash: str | None


class InMemoryUserRepository(UserRepository):
    """`erase` removes all of a user but for the account itself."""

    def __init__(self, users: Rows, erase: Callable[[UserId], None]) -> None:
        self._users = users
        self._erase = erase

    async def add(self, user: User, password_hash: str | None) -> None:
        wanted = user.email.lower()
        if any(isinstance(row, UserRow) and row.user.email.lower() == wanted for row in self._users.values()):
            raise EmailTaken
        self._users[user.id] = UserRow(user, password_hash)

    async def get(self, user_id: UserId) -> User:
        row = self._users.get(user_id)
        if not isinstance(row, UserRow):
            raise UserNotFound
        return row.user

    async def save(self, user: User) -> None:
        row = self._users.get(user.id)
        if not isinstance(row, UserRow) or row.user.version != user.version - 1:
            raise UserChanged
        # Like the statement this stands for: the address and the time of registration stay.
        kept = replace(user, email=row.user.email, created_at=row.user.created_at)
        self._users[user.id] = UserRow(kept, row.password_hash)

    async def has_password(self, user_id: UserId) -> bool:
        row = self._users.get(user_id)
        return isinstance(row, UserRow) and row.password_hash is not None

    async def set_password(self, user: User, password_hash: str | None) -> None:
        row = self._users.get(user.id)
        if not isinstance(row, UserRow) or row.user.version != user.version - 1:
            raise UserChanged
        kept = replace(row.user, version=user.version, updated_at=user.updated_at)
        self._users[user.id] = UserRow(kept, password_hash)

    async def delete(self, user_id: UserId) -> None:
        if user_id not in self._users:
            raise UserNotFound
        del self._users[user_id]
        self._erase(user_id)


class InMemorySessionRepository(SessionRepository):
    def __init__(self, users: Rows, sessions: Rows, tokens: Rows) -> None:
        self._users = users
        self._sessions = sessions
        self._tokens = tokens

    async def add(self, session: Session, token: RefreshToken, account_version: int) -> None:
        row = self._users.get(session.user_id)
        if not isinstance(row, UserRow) or not row.user.is_active or row.user.version != account_version:
            raise AccountChanged
        self._sessions[session.user_id, session.id] = session
        self._tokens[token.user_id, token.id] = token

    async def presented(self, user_id: UserId, token_hash: bytes) -> Presented | None:
        for token in list(self._tokens.values()):
            if (
                isinstance(token, RefreshToken)
                and token.user_id == user_id
                and token.token_hash == token_hash
            ):
                session = self._sessions[user_id, token.session_id]
                row = self._users[user_id]
                if isinstance(session, Session) and isinstance(row, UserRow):
                    return Presented(
                        token=token, session=session, role=row.user.role, is_active=row.user.is_active
                    )
        return None

    async def alive(self, user_id: UserId, session_id: SessionId) -> Session | None:
        session = self._sessions.get((user_id, session_id))
        return session if isinstance(session, Session) and session.revoked_at is None else None

    async def rotate(self, used: RefreshToken, successor: RefreshToken, now: datetime) -> None:
        self._tokens[used.user_id, used.id] = replace(used, used_at=now)
        self._tokens[successor.user_id, successor.id] = successor
        session = self._sessions[used.user_id, used.session_id]
        if isinstance(session, Session):
            self._sessions[session.user_id, session.id] = used_now(session, now)

    async def end(self, user_id: UserId, session_id: SessionId, now: datetime) -> Session | None:
        session = self._sessions.get((user_id, session_id))
        if not isinstance(session, Session) or session.revoked_at is not None:
            return None
        ended = replace(session, revoked_at=now)
        self._sessions[user_id, session_id] = ended
        return ended

    async def end_all(
        self, user_id: UserId, now: datetime, keep: SessionId | None = None
    ) -> Sequence[Session]:
        live = [
            session.id
            for session in self._sessions.values()
            if isinstance(session, Session)
            and session.user_id == user_id
            and session.expires_at > now
            and session.id != keep
        ]
        ended = [await self.end(user_id, session_id, now) for session_id in sorted(live)]
        return [session for session in ended if session is not None]
