"""All providers of the settings, by name; none is asked for anything before somebody logs in with it."""

from collections.abc import Mapping, Sequence

from adapters.oidc.config import ProviderConfig
from adapters.oidc.provider import OidcProvider
from adapters.oidc.web import Web
from application.identity.oidc_ports import IdentityProvider, IdentityProviders
from application.shared.ports import Clock
from domain.identity.errors import ProviderNotFound


class OidcProviders(IdentityProviders):
    """`public_url` is where browsers reach this installation."""

    def __init__(
        self, configs: Mapping[str, ProviderConfig], public_url: str, clock: Clock, web: Web | None = None
    ) -> None:
        base, shared = public_url.rstrip("/"), web or Web()
        self._providers = {
            name: OidcProvider(name, config, f"{base}/api/v1/auth/oidc/{name}/callback", shared, clock)
            for name, config in configs.items()
        }

    def names(self) -> Sequence[str]:
        return sorted(self._providers)

    def get(self, name: str) -> IdentityProvider:
        if name not in self._providers:
            raise ProviderNotFound
        return self._providers[name]
