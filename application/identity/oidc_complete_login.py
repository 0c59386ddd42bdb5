"""Takes back a browser that logged in at a provider, and starts a session for the account that is its."""

import hmac
from dataclasses import dataclass, field

from application.identity.oidc_accounts import OidcAccounts
from application.identity.oidc_ports import (
    Answer,
    IdentityProviders,
    LoginSeal,
    PendingLogin,
    SpentLogins,
)
from application.identity.token_pairs import TokenPair
from application.shared.ports import Clock
from application.shared.principal import Trace
from domain.identity.errors import LoginNotPending


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteOidcLoginCommand:
    """`sealed` is what this browser was given when the login began."""

    trace: Trace
    provider: str
    answer: Answer
    sealed: str | None = field(repr=False)
    user_agent: str | None = None


class CompleteOidcLogin:
    """Raises `ProviderNotFound`, `LoginNotPending`, `LoginDenied`, `UntrustedIdentity`, `EmailNotVerified`,
    `AccountInactive`, `AccountChanged`, `ProviderUnavailable`."""

    def __init__(
        self,
        providers: IdentityProviders,
        seal: LoginSeal,
        spent: SpentLogins,
        accounts: OidcAccounts,
        clock: Clock,
    ) -> None:
        self._providers = providers
        self._seal = seal
        self._spent = spent
        self._accounts = accounts
        self._clock = clock

    async def __call__(self, command: CompleteOidcLoginCommand) -> TokenPair:
        provider = self._providers.get(command.provider)
        pending = self._pending(command)
        # Before the code is sent anywhere: an answer that comes twice is worth nothing the second time.
        if not await self._spent.spend(pending, self._clock.now()):
            raise LoginNotPending
        assertion = await provider.assertion(command.answer, pending)
        return await self._accounts.log_in(assertion, command.trace, command.user_agent)

    def _pending(self, command: CompleteOidcLoginCommand) -> PendingLogin:
        if command.sealed is None:
            raise LoginNotPending
        pending = self._seal.open(command.sealed)
        same = hmac.compare_digest(pending.state.encode(), command.answer.state.encode())
        if not same or pending.provider != command.provider or pending.expires_at <= self._clock.now():
            raise LoginNotPending
        return pending
