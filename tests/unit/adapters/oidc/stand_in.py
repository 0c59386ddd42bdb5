"""A provider's side of the wire without a wire: keys, tokens and replies that a test can bend."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from adapters.oidc.config import ProviderConfig
from adapters.oidc.provider import OidcProvider
from adapters.oidc.web import Web
from application.identity.oidc_ports import Answer, PendingLogin
from application.shared.ports import Clock

ISSUER = "https://login.example.org"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PENDING = PendingLogin(
    provider="test",
    state="s" * 43,
    nonce="n" * 43,
    code_verifier="v" * 43,
    expires_at=NOW + timedelta(minutes=10),
)
ANSWER = Answer(state="s" * 43, code="the-code")
CONFIG = ProviderConfig(issuer=ISSUER, client_id="kgl", client_secret="a-secret")
RSA = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
EC = ECKey.generate_key("P-256", {"kid": "ec"})
STRANGE = RSAKey.generate_key(2048, {"kid": "rsa"})

Key = RSAKey | ECKey | OctKey


class SetClock(Clock):
    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time


def claims(**changes: object) -> dict[str, Any]:
    """What an ID token should say; None takes a claim away."""
    issued = int(NOW.timestamp())
    said: dict[str, Any] = {
        "iss": ISSUER,
        "aud": "kgl",
        "sub": "ada",
        "iat": issued,
        "exp": issued + 300,
        "nonce": PENDING.nonce,
        "email": "ada@example.org",
        "email_verified": True,
        **changes,
    }
    return {name: value for name, value in said.items() if value is not None}


def signed(said: dict[str, Any], key: Key = RSA, algorithm: str = "RS256", **header: object) -> str:
    kid = {"kid": key.kid} if key.kid else {}
    return jwt.encode({"alg": algorithm, **kid, **header}, said, key, algorithms=[algorithm])


class StandIn:
    """`documents` are replied by path: a value, a status, or whatever a function returns or raises."""

    def __init__(self) -> None:
        self.clock = SetClock()
        self.asked: list[str] = []
        self.forms: list[dict[str, list[str]]] = []
        self.headers: list[httpx.Headers] = []
        self.keys: list[Key] = [RSA, EC]
        self.metadata: dict[str, Any] = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize?tenant=1",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/jwks",
            "userinfo_endpoint": f"{ISSUER}/userinfo",
            "id_token_signing_alg_values_supported": ["none", "HS256", "RS256", "ES256"],
        }
        self.id_token = signed(claims())
        self.documents: dict[str, Callable[[], httpx.Response]] = {
            "/.well-known/openid-configuration": lambda: httpx.Response(200, json=self.metadata),
            "/jwks": lambda: httpx.Response(
                200, json={"keys": [key.as_dict(private=False) for key in self.keys]}
            ),
            "/token": lambda: httpx.Response(
                200, json={"access_token": "at", "token_type": "Bearer", "id_token": self.id_token}
            ),
        }

    def provider(self, config: ProviderConfig = CONFIG) -> OidcProvider:
        web = Web(transport=httpx.MockTransport(self._reply), timeout=60)
        return OidcProvider("test", config, "https://kgl.example/cb", web, self.clock)

    def _reply(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        self.headers.append(request.headers)
        if request.method == "POST":
            self.forms.append(parse_qs(request.content.decode()))
        return self.documents[request.url.path]()


def page(status: int, body: object) -> Callable[[], httpx.Response]:
    """A reply: text as it is, anything else as JSON."""
    content = body if isinstance(body, str) else json.dumps(body)
    return lambda: httpx.Response(status, text=content)
