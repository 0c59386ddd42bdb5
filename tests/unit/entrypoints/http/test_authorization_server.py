"""What OAuth 2.0 clients ask beside tokens, over the store in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from quart import Quart, Response
from quart.typing import TestClientProtocol as Client

from adapters.security.key_set import RingOnShow
from adapters.security.keys import KeyRing, SigningKey, ed25519_key, hs256_key, new_ed25519_pem
from application.identity.create_api_key import CreateApiKeyCommand
from application.identity.grant_client_token import GrantClientTokenCommand
from application.identity.introspect_token import IntrospectToken
from application.identity.revoke_token import RevokeToken
from application.identity.token_pairs import TokenPair
from domain.identity.api_key import WantedKey
from domain.shared.roles import Role
from domain.shared.scopes import Scope
from entrypoints.http.authorization_server import AuthorizationServer, operations
from tests.unit.application.identity.rig import Rig
from tests.unit.entrypoints.http.serving import serving

ACTIVE_NO_MORE = {"active": False}
PUBLIC = [ed25519_key(new_ed25519_pem()) for _ in range(2)]


def app_of(rig: Rig, keys: Sequence[SigningKey] = PUBLIC, public_url: str = "") -> Quart:
    server = AuthorizationServer(
        keys=RingOnShow(KeyRing(keys[0], keys[1:])),
        revoke_token=RevokeToken(rig.system.start_work, rig.tokens, rig.verifier, rig.clock),
        introspect_token=IntrospectToken(
            start_work=rig.system.start_work,
            reader=rig.tokens,
            verifier=rig.verifier,
            programs=rig.programs,
            clock=rig.clock,
        ),
        issuer="https://graph.example.org",
        audience="audience",
        public_url=public_url,
    )
    return serving(rig, operations(server))


@pytest.fixture
def client(rig: Rig) -> Client:
    return app_of(rig).test_client()


@pytest.fixture
async def pair(rig: Rig) -> TokenPair:
    await rig.registered()
    return await rig.logged_in()


async def json_of(response: Response) -> dict[str, Any]:
    body: dict[str, Any] = await response.get_json()
    return body


async def told(client: Client, caller: TokenPair, token: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {caller.access_token}"}
    response = await client.post("/api/v1/auth/introspect", form={"token": token}, headers=headers)
    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")
    return await json_of(response)


async def taken(client: Client, token: str, **more: str) -> None:
    response = await client.post("/api/v1/auth/revoke", form={"token": token, **more})
    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")


async def test_shows_public_keys_and_nothing_else(client: Client) -> None:
    response = await client.get("/.well-known/jwks.json")
    assert response.headers["Cache-Control"] == "public, max-age=300"
    keys = (await json_of(response))["keys"]
    assert [key["kid"] for key in keys] == [key.kid for key in PUBLIC]
    assert all("d" not in key for key in keys)


async def test_shows_no_key_that_both_sides_share(rig: Rig) -> None:
    client = app_of(rig, [hs256_key("s" * 32)]).test_client()
    assert await json_of(await client.get("/.well-known/jwks.json")) == {"keys": []}


async def test_names_addresses_below_its_public_one(rig: Rig) -> None:
    client = app_of(rig, public_url="https://graph.example.org/").test_client()
    headers = {"Host": "evil.example"}
    response = await client.get("/.well-known/oauth-authorization-server", headers=headers)
    assert response.headers["Cache-Control"] == "public, max-age=300"
    found = await json_of(response)
    assert found["issuer"] == "https://graph.example.org"
    assert found["token_endpoint"] == "https://graph.example.org/api/v1/auth/token"
    assert found["jwks_uri"] == "https://graph.example.org/.well-known/jwks.json"
    assert "evil" not in str(found)


async def test_names_the_address_it_was_asked_at_to_nobody_else(client: Client) -> None:
    headers = {"Host": "here.example:8123"}
    response = await client.get("/.well-known/oauth-authorization-server", headers=headers)
    assert response.headers["Cache-Control"] == "no-store"
    assert (await json_of(response))["jwks_uri"] == "http://here.example:8123/.well-known/jwks.json"


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_taking_back_either_token_ends_the_session(
    rig: Rig, client: Client, pair: TokenPair, kind: str
) -> None:
    other = await rig.logged_in()
    await taken(client, getattr(pair, kind), token_type_hint="refresh_token")
    assert await told(client, other, pair.access_token) == ACTIVE_NO_MORE
    assert await told(client, other, pair.refresh_token) == ACTIVE_NO_MORE
    assert (await told(client, other, other.access_token))["active"], "another session goes on"
    recorded = rig.system.store.events[-1].event
    assert (recorded.type, recorded.data["reason"]) == ("session.ended", "token_revoked")
    before = len(rig.system.store.events)
    await taken(client, getattr(pair, kind))
    assert len(rig.system.store.events) == before, "twice is once"


@pytest.mark.parametrize("token", ["nothing of ours", "a.b.c", "é", "x" * 5000])
async def test_taking_back_what_is_no_token_is_no_error(client: Client, token: str) -> None:
    await taken(client, token)


async def test_taking_back_an_expired_token_is_no_error(rig: Rig, client: Client, pair: TokenPair) -> None:
    rig.clock.pass_by(minutes=16)
    await taken(client, pair.access_token)
    assert await rig.refreshed(pair), "the session went on"


async def program_token(rig: Rig) -> tuple[str, str]:
    """A key and a token it got."""
    wanted = WantedKey(name="a program", scopes=[Scope.READ])
    principal = rig.principal(await rig.logged_in())
    made = await rig.create_api_key(CreateApiKeyCommand(principal=principal, wanted=wanted))
    key = made.text.reveal()
    command = GrantClientTokenCommand(client_id=str(made.view.id), client_secret=key)
    granted = await rig.grant_client_token(command)
    return key, granted.access_token


async def test_a_key_and_its_tokens_end_with_the_key(rig: Rig, client: Client, pair: TokenPair) -> None:
    for token in await program_token(rig):
        response = await client.post("/api/v1/auth/revoke", form={"token": token})
        assert response.status_code == 400
        assert (await json_of(response))["error"] == "unsupported_token_type"


@pytest.mark.parametrize("path", ["/api/v1/auth/revoke", "/api/v1/auth/introspect"])
async def test_wants_a_form_with_one_token(client: Client, pair: TokenPair, path: str) -> None:
    headers = {"Authorization": f"Bearer {pair.access_token}"}
    forms: list[bytes] = [b"", b"token=", b"token=a&token=b", b"token_type_hint=access_token", b"token=%ff"]
    for form in forms:
        typed = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
        response = await client.post(path, data=form, headers=typed)
        assert (response.status_code, (await json_of(response))["error"]) == (400, "invalid_request"), form
        assert response.headers["Cache-Control"] == "no-store"
    response = await client.post(path, json={"token": "a"}, headers=headers)
    assert (response.status_code, response.mimetype) == (415, "application/problem+json")


async def test_tells_what_ones_own_tokens_say(rig: Rig, client: Client, pair: TokenPair) -> None:
    user = rig.principal(pair)
    now = int(rig.clock.now().timestamp())
    found = await told(client, pair, pair.access_token)
    assert found == {
        "active": True,
        "client_id": "kgl",
        "token_type": "Bearer",
        "exp": found["exp"],
        "iat": found["iat"],
        "auth_time": found["iat"],
        "sub": str(user.user_id),
        "aud": "audience",
        "iss": "https://graph.example.org",
        "jti": found["jti"],
        "sid": str(user.session_id),
        "role": "user",
    }
    assert now - 2 <= found["iat"] <= now
    assert found["exp"] == found["iat"] + 900
    refresh = await told(client, pair, pair.refresh_token)
    assert (refresh["active"], refresh["exp"]) == (True, found["iat"] + 30 * 86_400)
    assert "token_type" not in refresh


async def test_a_look_uses_nothing_up(rig: Rig, client: Client, pair: TokenPair) -> None:
    for _ in range(2):
        assert (await told(client, pair, pair.refresh_token))["active"]
    renewed = await rig.refreshed(pair)
    assert await told(client, renewed, pair.refresh_token) == ACTIVE_NO_MORE
    rig.clock.pass_by(minutes=1)
    assert await told(client, renewed, pair.refresh_token) == ACTIVE_NO_MORE
    assert (await told(client, renewed, renewed.refresh_token))["active"], "a look is no replay"


async def test_tells_nobody_of_somebody_elses_tokens_but_administrators(
    rig: Rig, client: Client, pair: TokenPair
) -> None:
    await rig.registered("eve@example.org")
    await rig.registered("root@example.org", Role.ADMIN)
    eve, root = await rig.logged_in("eve@example.org"), await rig.logged_in("root@example.org")
    for token in (pair.access_token, pair.refresh_token):
        assert await told(client, eve, token) == ACTIVE_NO_MORE
        assert (await told(client, root, token))["active"]


@pytest.mark.parametrize("token", ["nothing", "a.b.c", "é", "x" * 5000])
async def test_what_is_no_token_is_not_active(client: Client, pair: TokenPair, token: str) -> None:
    assert await told(client, pair, token) == ACTIVE_NO_MORE


async def test_tells_whether_a_programs_token_is_good(rig: Rig, client: Client, pair: TokenPair) -> None:
    key, token = await program_token(rig)
    found = await told(client, pair, token)
    assert (found["active"], found["scope"], "sid" in found) == (True, "read", False)
    assert await told(client, pair, key) == ACTIVE_NO_MORE, "a key is no token"
    program = replace(pair, access_token=token)
    assert (await told(client, program, token))["active"]


async def test_wants_to_know_who_asks(client: Client, pair: TokenPair) -> None:
    response = await client.post("/api/v1/auth/introspect", form={"token": pair.access_token})
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")


async def test_an_expired_token_is_not_active(rig: Rig, client: Client, pair: TokenPair) -> None:
    rig.clock.time += timedelta(minutes=16)
    other = await rig.logged_in()
    assert await told(client, other, pair.access_token) == ACTIVE_NO_MORE
