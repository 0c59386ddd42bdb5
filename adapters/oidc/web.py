"""Talks to providers' servers: bounded in time and size, never redirected, and only where it was told to."""

import asyncio
import functools
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from adapters.oidc.config import is_loopback
from adapters.on_demand import on_demand

if TYPE_CHECKING:
    import httpx
else:
    httpx = on_demand("httpx")

TIMEOUT: Final = 10.0  # seconds, for all of one exchange
LARGEST: Final = 512 * 1024


class Unreachable(Exception):
    """No usable reply; the message says why, and quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A reply. Its repr shows no body: there may be tokens in it."""

    status: int
    body: bytes = field(repr=False)

    def json_object(self) -> Mapping[str, Any]:
        """Raises `Unreachable` when the body is something else."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise Unreachable(f"the reply ({self.status}) is not JSON") from error
        if not isinstance(value, dict):
            raise Unreachable(f"the reply ({self.status}) is not a JSON object")
        return value


@functools.cache
def authorities() -> ssl.SSLContext:
    """Whom a TLS connection is believed by. Reads all of them from disk: once in a process is enough."""
    return httpx.create_ssl_context()


class Web:
    """`transport` stands for the network in tests."""

    def __init__(
        self, *, transport: "httpx.AsyncBaseTransport | None" = None, timeout: float = TIMEOUT
    ) -> None:
        self._transport = transport
        self._timeout = timeout

    async def fetch(
        self, method: str, url: str, *, headers: Mapping[str, str], content: str | None = None
    ) -> Fetched:
        """One exchange. Raises `Unreachable`."""
        try:
            async with (
                asyncio.timeout(self._timeout),
                httpx.AsyncClient(
                    transport=self._transport,
                    verify=authorities(),
                    timeout=self._timeout,
                    # A proxy of the environment is for the way out, not for this machine.
                    trust_env=not is_loopback(urlsplit(url).hostname),
                ) as client,
                client.stream(method, url, headers=dict(headers), content=content) as response,
            ):
                body = bytearray()
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) > LARGEST:
                        raise Unreachable("the reply is too large")
                return Fetched(response.status_code, bytes(body))
        except TimeoutError as error:
            raise Unreachable("no reply in time") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise Unreachable(type(error).__name__) from error

    async def document(self, url: str, headers: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        """A JSON object that is there. Raises `Unreachable`."""
        reply = await self.fetch("GET", url, headers={"Accept": "application/json", **(headers or {})})
        if reply.status != 200:
            raise Unreachable(f"status {reply.status}")
        return reply.json_object()
