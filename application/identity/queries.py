"""Reads of accounts: one's own, and those a login or an administrator looks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.shared.pages import Page, PageRequest
from domain.identity.session import Session
from domain.identity.user import User
from domain.shared.ids import SessionId, UserId
from domain.shared.roles import Role

USER_SORTS = ("created_at", "email")
SESSION_SORTS = ("created_at",)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserView:
    """An account as the API shows it. Times are UTC."""

    id: UUID
    email: str
    first_name: str | None
    last_name: str | None
    role: Role
    is_active: bool
    created_at: datetime
    updated_at: datetime


def user_view(user: User) -> UserView:
    """What of an account is shown."""
    return UserView(
        id=user.id,
        email=user.email,
        first_name=user.first_name,
        last_name=user.last_name,
        role=user.role,
        is_active=user.is_active,
        created_at=user.created_at,
        updated_at=user.updated_at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """An account with what its password is checked against, if it has one. Never shown, never logged."""

    user: User
    password_hash: str | None

    def __repr__(self) -> str:
        return f"Credentials({self.user.id})"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """A login as the API shows it; `current` is the one that asks. Times are UTC."""

    id: UUID
    user_agent: str | None
    address: str | None
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    current: bool


def session_view(session: Session, current: SessionId | None) -> SessionView:
    """What of a session is shown to whoever asks from the session `current`."""
    return SessionView(
        id=session.id,
        user_agent=session.user_agent,
        address=session.address,
        created_at=session.created_at,
        last_used_at=session.last_used_at,
        expires_at=session.expires_at,
        current=session.id == current,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFilter:
    """Which accounts to list. `q` is a part of the e-mail address or of the whole name, in any case."""

    q: str | None = None
    role: Role | None = None
    is_active: bool | None = None


ANY_ACCOUNT = AccountFilter()


class AccountQueries(Protocol):
    """Reads accounts."""

    async def account(self, user_id: UserId) -> User:
        """One's own account. Raises `UserNotFound`."""
        ...

    async def credentials(self, email: str) -> Credentials | None:
        """The account with this address in the form it is kept in, whoever's it is."""
        ...

    async def own_credentials(self, user_id: UserId) -> Credentials:
        """One's own account with its password's hash. Raises `UserNotFound`."""
        ...

    async def sessions(
        self, user_id: UserId, now: datetime, used_after: datetime, page: PageRequest
    ) -> Page[Session]:
        """One page of one's own sessions that were not ended, expire after `now` and were used after
        `used_after`, sorted by one of `SESSION_SORTS`."""
        ...

    async def accounts(self, page: PageRequest, wanted: AccountFilter = ANY_ACCOUNT) -> Page[User]:
        """One page of the accounts wanted, sorted by one of `USER_SORTS`. For administration."""
        ...

    async def ended_sessions(self, since: datetime) -> Sequence[SessionId]:
        """The sessions of all users that were ended before their time at `since` or later."""
        ...

    async def deleted_accounts(self, since: datetime) -> Sequence[UserId]:
        """The accounts that were deleted at `since` or later."""
        ...
