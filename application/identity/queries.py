"""Reads of accounts: one's own, and those a login or an administrator looks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.shared.pages import Page, PageRequest
from domain.identity.user import User
from domain.shared.ids import SessionId, UserId
from domain.shared.roles import Role

USER_SORTS = ("created_at", "email")


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
    """An account with what its password is checked against. Never shown, never logged."""

    user: User
    password_hash: str

    def __repr__(self) -> str:
        return f"Credentials({self.user.id})"


class AccountQueries(Protocol):
    """Reads accounts."""

    async def account(self, user_id: UserId) -> User:
        """One's own account. Raises `UserNotFound`."""
        ...

    async def credentials(self, email: str) -> Credentials | None:
        """The account with this address in the form it is kept in, whoever's it is."""
        ...

    async def accounts(self, page: PageRequest) -> Page[User]:
        """One page of all accounts, sorted by one of `USER_SORTS`. For administration."""
        ...

    async def ended_sessions(self, since: datetime) -> Sequence[SessionId]:
        """The sessions of all users that were ended before their time at `since` or later."""
        ...
