"""What identity needs of a store, of cryptography and of the clock's passing."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from application.shared.ports import UnitOfWork
from domain.identity.session import Presented, RefreshToken, Session
from domain.identity.user import User
from domain.shared.ids import ApiKeyId, SessionId, UserId
from domain.shared.roles import Role
from domain.shared.scopes import Scope

# The client of tokens that a person logged in for: nothing is registered, so all such clients are one.
OWN_CLIENT: Final = "kgl"

# Lets this many seconds pass.
Pause = Callable[[float], Awaitable[None]]

# Whether a password is among those that are tried first.
IsCommonPassword = Callable[[str], bool]


class UserRepository(Protocol):
    """The account of the unit of work's user."""

    async def add(self, user: User, password_hash: str | None) -> None:
        """Stores a new account; without a hash no password is its. Raises `EmailTaken`, however the address
        was spelled."""
        ...

    async def get(self, user_id: UserId) -> User:
        """The account, unchanged by others until this unit of work ends. Raises `UserNotFound`."""
        ...

    async def save(self, user: User) -> None:
        """Stores the next version of an account this unit of work has got.

        Raises `UserChanged` when the stored version is not the one before.
        """
        ...

    async def has_password(self, user_id: UserId) -> bool:
        """Whether there is a password that could be right."""
        ...

    async def set_password(self, user: User, password_hash: str | None) -> None:
        """Stores another password's hash, or none, with the next version of an account, as `save` stores the
        rest.

        Raises `UserChanged` when the stored version is not the one before.
        """
        ...

    async def delete(self, user_id: UserId) -> None:
        """Removes the account with everything of its user: all data, sessions, and the events and inbox
        rows committed so far. The audit stays. Raises `UserNotFound`."""
        ...


class SessionRepository(Protocol):
    """The sessions of the unit of work's user and their refresh tokens."""

    async def add(self, session: Session, token: RefreshToken, account_version: int) -> None:
        """Stores a new session with its first token.

        The account stays as it is until this unit of work ends. Raises `AccountChanged` when it is not
        active in that version.
        """
        ...

    async def presented(self, user_id: UserId, token_hash: bytes) -> Presented | None:
        """The refresh token of this hash, used or not, with its session; both unchanged by others until
        this unit of work ends. None for one that was never stored or belongs to somebody else."""
        ...

    async def alive(self, user_id: UserId, session_id: SessionId) -> Session | None:
        """The session unless it is absent or was revoked; it stays so until this unit of work ends."""
        ...

    async def rotate(self, used: RefreshToken, successor: RefreshToken, now: datetime) -> None:
        """Marks a token this unit of work was presented as used and stores its successor. The session was
        last used `now`."""
        ...

    async def end(self, user_id: UserId, session_id: SessionId, now: datetime) -> Session | None:
        """Revokes a session and returns it as it stays; None when it is absent or was revoked before."""
        ...

    async def end_all(
        self, user_id: UserId, now: datetime, keep: SessionId | None = None
    ) -> Sequence[Session]:
        """Revokes every session that is neither revoked nor expired, but for the one to `keep`; returns
        them as they stay, by id."""
        ...


class IdentityUnitOfWork(UnitOfWork, Protocol):
    """One transaction over one user's account and sessions."""

    @property
    def users(self) -> UserRepository: ...

    @property
    def sessions(self) -> SessionRepository: ...


class PasswordHasher(Protocol):
    """Slow on purpose, and never on the event loop."""

    async def hash(self, password: str) -> str:
        """A salted hash to store. Different spellings of the same characters (Unicode NFKC) are one
        password. Raises `TooBusy` instead of letting an endless line form."""
        ...

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Whether this is the password. Without a hash it is not, and finding that out takes as long.

        Raises `TooBusy` as `hash` does.
        """
        ...


class TokenUse(StrEnum):
    """What a token is good for: its `typ` header, so that neither passes for the other (RFC 8725, 3.11)."""

    ACCESS = "at+jwt"
    REFRESH = "rt+jwt"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenClaims:
    """What a token says. Times are UTC and whole seconds once they come out of a token.

    A person's token belongs to a session, which began with a login at `authenticated_at`. A program's
    belongs to an API key instead, and is good for its `scopes` only; a person's has none and may do all
    that the role may.
    """

    user_id: UserId
    role: Role
    session_id: SessionId | None
    token_id: UUID
    issued_at: datetime
    expires_at: datetime
    api_key_id: ApiKeyId | None = None
    scopes: frozenset[Scope] | None = None
    authenticated_at: datetime | None = None

    @property
    def client_id(self) -> str:
        """Who asked for the token (RFC 9068, 2.2): an API key by its id, or a client that needs none."""
        return OWN_CLIENT if self.api_key_id is None else str(self.api_key_id)


class TokenIssuer(Protocol):
    """Signs tokens."""

    def issue(self, use: TokenUse, claims: TokenClaims) -> str:
        """A signed token for this use."""
        ...


class TokenReader(Protocol):
    """Reads tokens of this installation's own making, and no others."""

    def read(self, use: TokenUse, token: str) -> TokenClaims:
        """The claims of a token. Raises `InvalidToken` for one that is not ours, was changed, has
        expired, is not yet valid, or was issued for another use, audience or issuer."""
        ...


class TokenVerifier(Protocol):
    """Says who a bearer token stands for, on every request, without asking the database."""

    def verify(self, token: str) -> TokenClaims:
        """The claims of an access token whose session has not ended as far as this process knows.

        Raises `InvalidToken`.
        """
        ...

    def revoke(self, session_id: SessionId) -> None:
        """Refuses every token of this session from now on."""
        ...

    def revoke_account(self, user_id: UserId) -> None:
        """Refuses every token of this account from now on."""
        ...

    def clear(self) -> None:
        """Forgets what was verified, for a change of keys; what was revoked stays so."""
        ...
