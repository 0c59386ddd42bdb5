"""Sends a browser to a provider, with what ties its return to this browser and this attempt."""

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from application.identity.oidc_ports import IdentityProviders, LoginSeal, PendingLogin
from application.shared.ports import Clock

LIFETIME: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginOidcLoginCommand:
    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunLogin:
    """Where the browser goes, and what it carries back; `lifetime` is for how long that is good."""

    url: str = field(repr=False)
    sealed: str = field(repr=False)
    lifetime: timedelta


class BeginOidcLogin:
    """Stores nothing, so that a flood of logins that nobody finishes fills nothing.

    Raises `ProviderNotFound`, `ProviderUnavailable`.
    """

    def __init__(self, providers: IdentityProviders, seal: LoginSeal, clock: Clock) -> None:
        self._providers = providers
        self._seal = seal
        self._clock = clock

    async def __call__(self, command: BeginOidcLoginCommand) -> BegunLogin:
        provider = self._providers.get(command.provider)
        # 32 random bytes each: more than can be guessed, and 43 characters, as RFC 7636, 4.1 asks for.
        pending = PendingLogin(
            provider=command.provider,
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            code_verifier=secrets.token_urlsafe(32),
            expires_at=self._clock.now() + LIFETIME,
        )
        url = await provider.authorization_url(pending)
        return BegunLogin(url=url, sealed=self._seal.seal(pending), lifetime=LIFETIME)
