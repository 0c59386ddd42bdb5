"""Asks OpenAI and Hugging Face whether a token is good, by the cheapest call that needs one."""

import asyncio
import functools
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from adapters.on_demand import on_demand
from application.credentials.ports import CredentialCheck
from domain.credentials.credential import Provider
from domain.credentials.errors import CredentialRefusedByProvider, ProviderUnavailable
from domain.shared.secret import Secret

if TYPE_CHECKING:
    import httpx
else:
    httpx = on_demand("httpx")

REFUSALS: Final = (401, 403)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderAddresses:
    """Where the providers are: the operator's word alone, never a client's. `patience` is in seconds."""

    openai: str
    huggingface: str
    patience: float = 8.0

    def asked_at(self, provider: Provider) -> str:
        """What answers 200 to a good token, and changes nothing."""
        if provider is Provider.OPENAI:
            return self.openai.rstrip("/") + "/models"
        return self.huggingface.rstrip("/") + "/api/whoami-v2"


@functools.cache
def authorities() -> ssl.SSLContext:
    """Whom a TLS connection is believed by. Reading all of them takes as long as a few hundred requests."""
    return httpx.create_ssl_context()


class HttpCredentialCheck(CredentialCheck):
    """One request a question. A redirect is not followed: the token is for the provider alone."""

    def __init__(
        self, addresses: ProviderAddresses, transport: "httpx.AsyncBaseTransport | None" = None
    ) -> None:
        self._addresses = addresses
        self._transport = transport

    async def __call__(self, provider: Provider, token: Secret) -> None:
        try:
            async with asyncio.timeout(self._addresses.patience):
                status, media_type = await self._asked(provider, token)
        except TimeoutError as error:
            raise unavailable(provider, f"it did not answer within {self._addresses.patience:g} s") from error
        except (httpx.TransportError, httpx.InvalidURL) as error:
            # Only its kind: what went wrong in detail may repeat what was sent.
            raise unavailable(provider, f"it could not be reached ({type(error).__name__})") from error
        if status in REFUSALS:
            raise CredentialRefusedByProvider(provider.value)
        if status != 200:
            raise unavailable(provider, f"it answered with status {status}")
        if media_type != "application/json":
            # A portal or a proxy says 200 to everything.
            raise unavailable(provider, "it answered, but not as its API does")

    async def _asked(self, provider: Provider, token: Secret) -> tuple[int, str]:
        trust = await asyncio.to_thread(authorities)
        headers = {"Authorization": f"Bearer {token.reveal()}", "Accept": "application/json"}
        timeout = httpx.Timeout(self._addresses.patience, connect=min(self._addresses.patience, 4.0))
        async with (
            httpx.AsyncClient(
                verify=trust, timeout=timeout, follow_redirects=False, transport=self._transport
            ) as client,
            # The body is nobody's business, however long it is.
            client.stream("GET", self._addresses.asked_at(provider), headers=headers) as response,
        ):
            media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            return response.status_code, media_type


def unavailable(provider: Provider, reason: str) -> ProviderUnavailable:
    """The refusal to store what could not be checked."""
    return ProviderUnavailable(
        f"{provider.value} could not be asked about this credential: {reason}; nothing was stored"
    )
