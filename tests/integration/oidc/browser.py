"""A browser that logs in with a provider: it keeps cookies and goes where it is sent."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from quart import Quart

from tests.servers.oidc_provider import OidcTestProvider

HERE = "http://127.0.0.1:8000"
API = "/api/v1"
LOGIN = f"{API}/auth/oidc/test/login"


class Browser:
    """One of these is one cookie jar."""

    def __init__(self, app: Quart, provider: OidcTestProvider) -> None:
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]  # Quart spells ASGI's types out
        self.http = httpx.AsyncClient(transport=transport, base_url=HERE)
        self.provider = provider

    async def sent_to(self) -> str:
        """Begins a login; where that leads."""
        reply = await self.http.get(LOGIN)
        assert reply.status_code == 302, reply.text
        assert reply.headers["cache-control"] == "no-store"
        return reply.headers["location"]

    async def come_back(self, url: str) -> httpx.Response:
        """Follows the provider's redirect."""
        assert url.startswith(f"{HERE}{API}/auth/oidc/test/callback?")
        return await self.http.get(url)

    async def log_in(self, subject: str) -> httpx.Response:
        """The whole way there and back."""
        return await self.come_back(self.provider.log_in(await self.sent_to(), subject))

    async def logged_in(self, subject: str) -> dict[str, Any]:
        """The tokens of a login that has to work."""
        reply = await self.log_in(subject)
        assert reply.status_code == 200, reply.text
        tokens: dict[str, Any] = reply.json()
        return tokens

    async def as_account(
        self, tokens: dict[str, Any], method: str, path: str, json: object = None
    ) -> httpx.Response:
        """A call with an access token."""
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        return await self.http.request(method, API + path, headers=bearer, json=json)

    async def account(self, tokens: dict[str, Any]) -> dict[str, Any]:
        reply = await self.as_account(tokens, "GET", "/auth/me")
        assert reply.status_code == 200, reply.text
        shown: dict[str, Any] = reply.json()["data"]
        return shown

    async def identities(self, tokens: dict[str, Any]) -> list[dict[str, Any]]:
        reply = await self.as_account(tokens, "GET", "/auth/me/identities")
        assert reply.status_code == 200, reply.text
        shown: list[dict[str, Any]] = reply.json()["data"]
        return shown


def parameters(url: str) -> dict[str, str]:
    """The query of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def swapped(url: str, **changes: str | None) -> str:
    """The address with other parameters; None takes one away."""
    query = {**parameters(url), **changes}
    kept = {name: value for name, value in query.items() if value is not None}
    return str(httpx.URL(url.partition("?")[0], params=kept))


def problem(reply: httpx.Response) -> tuple[int, str]:
    """A refusal's status and kind."""
    assert reply.headers["content-type"] == "application/problem+json", reply.text
    assert "access_token" not in reply.text
    return reply.status_code, reply.json()["type"].rpartition("/")[2]
