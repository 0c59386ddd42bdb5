"""Links an account to somebody at the deployment's OpenID provider, by logging in there."""

import secrets
from urllib.parse import urlsplit

import httpx

from tests.e2e.api.client import Client
from tests.servers.oidc_provider import submit

LOGIN = "/auth/oidc/test/login"


def link_identity(client: Client, email: str, password: str) -> tuple[str, str | None]:
    """The new identity, and the refresh token of the session that is the client's own now.

    The first identity takes an account over: the session ends and the password goes. Both are made good, so
    that whoever calls has what it had. Without one the client goes on with its session.
    """
    subject = secrets.token_hex(8)
    nobody = client.speaking(None)
    there = nobody.get(LOGIN).headers["location"]
    issuer = "{0.scheme}://{0.netloc}".format(urlsplit(there))
    claims = {"email": email, "email_verified": True}
    told = httpx.put(f"{issuer}/users/{subject}", json=claims, timeout=30, trust_env=False)
    assert told.status_code == 204, told.text
    back = urlsplit(submit(there, {"sub": subject}))
    came = nobody.get(f"{back.path}?{back.query}")
    assert came.status_code == 200, came.text
    tokens, refresh_token = came.json(), None
    fresh = client.speaking(tokens["access_token"])
    if client.get("/auth/me").status_code == 401:
        client.token, refresh_token = tokens["access_token"], tokens["refresh_token"]
        first = fresh.post("/auth/me/password", json={"new_password": password})
        assert first.status_code == 204, first.text
    linked = [each["id"] for each in fresh.data("/auth/me/identities") if each["subject"] == subject]
    return linked[0], refresh_token
