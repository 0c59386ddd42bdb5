"""OAuth 2.0 clients that others wrote find their way from the metadata alone."""

import base64
import json
import time
from collections.abc import Mapping
from typing import Any

import httpx
import jwt
import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jwt.algorithms import OKPAlgorithm
from oauthlib.oauth2 import BackendApplicationClient, InvalidGrantError, LegacyApplicationClient
from requests_oauthlib import OAuth2Session

from tests.e2e.api.processes import Process
from tests.e2e.oauth.conftest import Person

CLIENT = "a-client-of-somebody-else"


@pytest.fixture(scope="module")
def metadata(api: Process) -> dict[str, Any]:
    response = httpx.get(f"{api.url}/.well-known/oauth-authorization-server", timeout=20, trust_env=False)
    assert response.status_code == 200
    found: dict[str, Any] = response.json()
    return found


@pytest.fixture(autouse=True)
def without_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    """oauthlib refuses plain http, even to this machine, unless it is told."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def verified(token: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The claims of an access token, checked by a library we do not use, with nothing but public keys."""
    header = jwt.get_unverified_header(token)
    keys = httpx.get(metadata["jwks_uri"], timeout=20, trust_env=False).json()["keys"]
    [key] = [key for key in keys if key["kid"] == header["kid"]]
    assert key["alg"] == header["alg"] == "Ed25519"
    checker = jwt.PyJWS()
    checker.register_algorithm("Ed25519", OKPAlgorithm())  # RFC 9864 came after its names
    public = OKPAlgorithm.from_jwk({name: key[name] for name in ("kty", "crv", "x")})
    assert isinstance(public, Ed25519PublicKey)
    claims: dict[str, Any] = json.loads(checker.decode(token, public, algorithms=["Ed25519"]))
    assert set(claims) >= {"iss", "exp", "aud", "sub", "client_id", "iat", "jti"}  # RFC 9068, 2.2
    assert (claims["iss"], claims["aud"]) == (metadata["issuer"], "knowledge-graph-lab")
    assert claims["iat"] <= time.time() + 1 < claims["exp"] == claims["iat"] + 900
    assert header["typ"] == "at+jwt"
    return claims


def test_the_metadata_names_addresses_that_answer(metadata: dict[str, Any], api: Process) -> None:
    assert metadata["token_endpoint"] == f"{api.url}/api/v1/auth/token"
    for name in ("token_endpoint", "revocation_endpoint", "introspection_endpoint"):
        refused = httpx.post(metadata[name], data={"a": "b"}, timeout=20, trust_env=False)
        assert refused.status_code in (400, 401), name
    keys = httpx.get(metadata["jwks_uri"], timeout=20, trust_env=False)
    assert keys.headers["cache-control"] == "public, max-age=300"
    assert [set(key) for key in keys.json()["keys"]] == [{"kty", "crv", "x", "kid", "use", "alg"}] * 2


async def test_authlib_logs_in_calls_and_refreshes(metadata: dict[str, Any], person: Person) -> None:
    async with AsyncOAuth2Client(
        CLIENT, token_endpoint_auth_method="none", timeout=20, trust_env=False
    ) as client:
        endpoint = metadata["token_endpoint"]
        token = await client.fetch_token(endpoint, username=person.email, password=person.password)
        assert token["token_type"].lower() == "bearer"
        base = endpoint.removesuffix("/token")
        assert (await client.get(f"{base}/me")).json()["data"]["email"] == person.email
        claims = verified(token["access_token"], metadata)
        assert claims["client_id"] == "kgl"
        assert abs(claims["auth_time"] - time.time()) < 60
        assert "scope" not in claims
        first = dict(token)
        renewed = await client.refresh_token(endpoint)
        assert renewed["refresh_token"] != first["refresh_token"]
        assert verified(renewed["access_token"], metadata)["sid"] == claims["sid"]
        assert verified(renewed["access_token"], metadata)["auth_time"] == claims["auth_time"]
        assert (await client.get(f"{base}/me")).status_code == 200


async def test_authlib_renews_by_itself_what_has_expired(metadata: dict[str, Any], person: Person) -> None:
    seen: list[str] = []

    async def keep(token: Mapping[str, Any], **_: Any) -> None:
        seen.append(token["access_token"])

    endpoint = metadata["token_endpoint"]
    async with AsyncOAuth2Client(
        CLIENT,
        token_endpoint_auth_method="none",
        token_endpoint=endpoint,
        update_token=keep,
        timeout=20,
        trust_env=False,
    ) as client:
        await client.fetch_token(endpoint, username=person.email, password=person.password)
        client.token["expires_at"] = int(time.time()) - 1
        response = await client.get(endpoint.removesuffix("/token") + "/me")
        assert response.status_code == 200
    assert len(seen) == 1


async def test_authlib_introspects_and_revokes(metadata: dict[str, Any], person: Person) -> None:
    endpoint = metadata["token_endpoint"]
    async with AsyncOAuth2Client(
        CLIENT, token_endpoint_auth_method="none", timeout=20, trust_env=False
    ) as client:
        token = await client.fetch_token(endpoint, username=person.email, password=person.password)
        access, refresh = token["access_token"], token["refresh_token"]
        told = await client.post(metadata["introspection_endpoint"], data={"token": refresh})
        assert (told.json()["active"], told.headers["cache-control"]) == (True, "no-store")
        gone = await client.revoke_token(
            metadata["revocation_endpoint"], token=refresh, token_type_hint="refresh_token"
        )
        assert gone.status_code == 200
        again = await client.revoke_token(metadata["revocation_endpoint"], token=refresh)
        assert again.status_code == 200
        client.token = {"access_token": access, "token_type": "Bearer"}
        assert (await client.get(endpoint.removesuffix("/token") + "/me")).status_code == 401


def test_requests_oauthlib_logs_in_calls_and_refreshes(metadata: dict[str, Any], person: Person) -> None:
    endpoint = metadata["token_endpoint"]
    with OAuth2Session(client=LegacyApplicationClient(client_id=CLIENT)) as session:
        token = session.fetch_token(endpoint, username=person.email, password=person.password)
        me = endpoint.removesuffix("/token") + "/me"
        assert session.get(me).json()["data"]["email"] == person.email
        verified(token["access_token"], metadata)
        renewed = session.refresh_token(endpoint, refresh_token=token["refresh_token"])
        assert renewed["access_token"] != token["access_token"]
        assert session.get(me).status_code == 200
        with pytest.raises(InvalidGrantError):
            session.refresh_token(endpoint, refresh_token="no token")


def new_api_key(metadata: Mapping[str, Any], person: Person) -> dict[str, Any]:
    endpoint = metadata["token_endpoint"]
    login = httpx.post(
        endpoint, json={"email": person.email, "password": person.password}, timeout=20, trust_env=False
    ).json()
    response = httpx.post(
        endpoint.removesuffix("/token") + "/api-keys",
        json={"name": "a program", "scopes": ["read"]},
        headers={"Authorization": f"Bearer {login['access_token']}"},
        timeout=20,
        trust_env=False,
    )
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()["data"]
    return made


async def test_programs_get_tokens_of_their_own_with_both_clients(
    metadata: dict[str, Any], person: Person
) -> None:
    endpoint = metadata["token_endpoint"]
    key = new_api_key(metadata, person)
    async with AsyncOAuth2Client(key["id"], key["key"], scope="read", timeout=20, trust_env=False) as client:
        token = await client.fetch_token(endpoint, grant_type="client_credentials")
        claims = verified(token["access_token"], metadata)
        assert (claims["client_id"], claims["scope"]) == (key["id"], "read")
        assert "refresh_token" not in token
        refused = await client.revoke_token(metadata["revocation_endpoint"], token=token["access_token"])
        assert (refused.status_code, refused.json()["error"]) == (400, "unsupported_token_type")
    with OAuth2Session(client=BackendApplicationClient(client_id=key["id"], scope=["read"])) as session:
        session.fetch_token(endpoint, client_id=key["id"], client_secret=key["key"])
        assert session.get(endpoint.removesuffix("/token") + "/me").status_code == 200


def test_a_token_with_another_signature_is_refused_by_the_checker_too(
    metadata: dict[str, Any], person: Person
) -> None:
    """The check above can fail."""
    body = {"email": person.email, "password": person.password}
    login = httpx.post(metadata["token_endpoint"], json=body, timeout=20, trust_env=False)
    head, payload, signature = login.json()["access_token"].split(".")
    raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
    raw[0] ^= 1
    forged = f"{head}.{payload}.{base64.urlsafe_b64encode(bytes(raw)).rstrip(b'=').decode()}"
    with pytest.raises(jwt.InvalidSignatureError):
        verified(forged, metadata)
