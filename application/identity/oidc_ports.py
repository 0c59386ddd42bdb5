"""What a login with a provider needs: the provider, a place to keep the attempt, and the identities."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from application.identity.api_key_ports import ApiKeyRepository
from application.identity.ports import IdentityUnitOfWork
from domain.identity.external_identity import Assertion, ExternalIdentity
from domain.identity.user import User
from domain.shared.ids import ExternalIdentityId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingLogin:
    """A login that has begun. The browser carries it, sealed; `state` ties the provider's answer to it,
    `nonce` the ID token, and `code_verifier` the code (RFC 7636)."""

    provider: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the provider has sent the browser back with: a code or an error, and who it says it is
    (`issuer`, RFC 9207)."""

    state: str = field(repr=False)
    code: str | None = field(default=None, repr=False)
    error: str | None = None
    issuer: str | None = None


class IdentityProvider(Protocol):
    """One OpenID provider of the settings."""

    async def authorization_url(self, pending: PendingLogin) -> str:
        """Where the browser goes to log in. Raises `ProviderUnavailable`."""
        ...

    async def assertion(self, answer: Answer, pending: PendingLogin) -> Assertion:
        """Who came back: trades the code for an ID token and checks that it is this provider's, for us, for
        this login, and not stale.

        Raises `LoginDenied` for an error or a refused code, `UntrustedIdentity` for an answer or a token that
        is not what it should be, `ProviderUnavailable`.
        """
        ...


class IdentityProviders(Protocol):
    """The providers of the settings."""

    def names(self) -> Sequence[str]:
        """Sorted."""
        ...

    def get(self, name: str) -> IdentityProvider:
        """Raises `ProviderNotFound`."""
        ...


class LoginSeal(Protocol):
    """Makes a pending login something a browser can carry, but neither read nor make up."""

    def seal(self, pending: PendingLogin) -> str:
        """In letters, digits, `-` and `_`."""
        ...

    def open(self, sealed: str) -> PendingLogin:
        """Raises `LoginNotPending` for what was not sealed here."""
        ...


class SpentLogins(Protocol):
    """The logins that were finished, remembered by all processes until they would have expired."""

    async def spend(self, pending: PendingLogin, now: datetime) -> bool:
        """Whether this is the first time. Of two at the same time, one is."""
        ...


class ExternalIdentityRepository(Protocol):
    """The external identities of the unit of work's user."""

    async def add(self, identity: ExternalIdentity) -> None:
        """Stores a new link. Raises `IdentityTaken` when issuer and subject are linked, to whomever."""
        ...

    async def of_user(self, user_id: UserId) -> Sequence[ExternalIdentity]:
        """All of them, by id."""
        ...

    async def use(self, user_id: UserId, identity_id: ExternalIdentityId, now: datetime) -> bool:
        """Notes that it was logged in with `now`; False when it is not there any more. What is there stays
        until this unit of work ends."""
        ...

    async def remove(self, user_id: UserId, identity_id: ExternalIdentityId) -> None:
        """Raises `IdentityNotFound`."""
        ...


class OidcUnitOfWork(IdentityUnitOfWork, Protocol):
    """One transaction over one user's account, sessions, keys and external identities."""

    @property
    def api_keys(self) -> ApiKeyRepository: ...

    @property
    def external_identities(self) -> ExternalIdentityRepository: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedAccount:
    """An external identity with its account."""

    user: User
    identity: ExternalIdentity


class ExternalIdentityQueries(Protocol):
    """Reads external identities."""

    async def linked(self, issuer: str, subject: str) -> LinkedAccount | None:
        """The account this person is linked to, whoever's it is. For logins."""
        ...

    async def identities(self, user_id: UserId) -> Sequence[ExternalIdentity]:
        """One's own, by id."""
        ...
