"""API keys, the tokens they get, and tickets, as a client meets them, over the store in memory."""

import base64
from typing import Any

import pytest
from quart import Quart, Response
from quart.typing import TestClientProtocol as Client

from application.shared.principal import Role
from entrypoints.http import api_keys, auth, socket_tickets
from tests.unit.application.identity.rig import PASSWORD, Rig
from tests.unit.entrypoints.http.serving import serving

KEYS, TOKEN = "/api/v1/auth/api-keys", "/api/v1/auth/token"
Headers = dict[str, str]


@pytest.fixture
def app(rig: Rig) -> Quart:
    operations = [
        *auth.operations(
            auth.AuthOverHttp(
                register_user=rig.register,
                log_in=rig.log_in,
                refresh_session=rig.refresh,
                grant_client_token=rig.grant_client_token,
                log_out=rig.log_out,
                update_profile=rig.update_profile,
                accounts=rig.accounts,
            )
        ),
        *api_keys.operations(
            api_keys.ApiKeysOverHttp(
                create_api_key=rig.create_api_key, revoke_api_key=rig.revoke_api_key, api_keys=rig.api_keys
            )
        ),
        *socket_tickets.operations(
            socket_tickets.SocketTicketsOverHttp(issue_socket_ticket=rig.issue_ticket)
        ),
    ]
    return serving(rig, operations)


@pytest.fixture
def client(app: Quart) -> Client:
    return app.test_client()


@pytest.fixture
async def person(rig: Rig) -> Headers:
    await rig.registered()
    return bearing((await rig.logged_in()).access_token)


def bearing(token: str) -> Headers:
    return {"Authorization": f"Bearer {token}"}


def basic(name: str, secret: str) -> Headers:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


async def json_of(response: Response) -> dict[str, Any]:
    body: dict[str, Any] = await response.get_json()
    return body


async def new_key(client: Client, person: Headers, **wanted: object) -> dict[str, Any]:
    response = await client.post(KEYS, json={"name": "ci", "scopes": ["read"], **wanted}, headers=person)
    assert response.status_code == 201, await response.get_data()
    data: dict[str, Any] = (await json_of(response))["data"]
    return data


async def test_shows_a_key_once(client: Client, person: Headers) -> None:
    response = await client.post(KEYS, json={"name": "ci", "scopes": ["write", "read"]}, headers=person)
    made = (await json_of(response))["data"]
    assert response.headers["Cache-Control"] == "no-store"
    assert made["key"].startswith(f"kgl_{made['prefix']}_")
    assert (made["scopes"], made["expires_at"], made["last_used_at"]) == (["read", "write"], None, None)
    shown = await client.get(response.headers["Location"], headers=person)
    listed = await client.get(KEYS, headers=person)
    secret = made.pop("key").rpartition("_")[2]
    assert (await json_of(shown))["data"] == made
    assert (await json_of(listed))["data"] == [made]
    for reply in (shown, listed):
        assert secret not in await reply.get_data(as_text=True)


async def test_a_repeated_request_makes_no_second_key_and_shows_none(client: Client, person: Headers) -> None:
    headers = {**person, "Idempotency-Key": "once"}
    replies = [
        await client.post(KEYS, json={"name": "ci", "scopes": ["read"]}, headers=headers) for _ in range(2)
    ]
    first, again = [(await json_of(reply))["data"] for reply in replies]
    assert [reply.status_code for reply in replies] == [201, 201]
    assert replies[1].headers["Idempotency-Replayed"] == "true"
    assert first.pop("key") is not None
    assert again.pop("key") is None
    assert first == again
    assert len((await json_of(await client.get(KEYS, headers=person)))["data"]) == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/name"),
        ({"name": "x"}, "/scopes"),
        ({"name": "", "scopes": ["read"]}, "/name"),
        ({"name": "x", "scopes": []}, "/scopes"),
        ({"name": "x", "scopes": ["root"]}, "/scopes/0"),
        ({"name": "x", "scopes": ["read", "admin"]}, "/scopes/1"),
        ({"name": "x", "scopes": ["read"], "user_id": "y"}, "/user_id"),
        ({"name": "x", "scopes": ["read"], "expires_in": 1}, "/expires_in"),
        ({"name": "x", "scopes": ["read"], "expires_in": 1e300}, "/expires_in"),
        ({"name": "x", "scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"name": "x", "scopes": ["read"], "expires_at": "2027-01-01T00:00:00"}, "/expires_at"),
    ],
)
async def test_points_at_what_is_wrong_with_a_key(
    client: Client, person: Headers, body: dict[str, object], pointer: str
) -> None:
    response = await client.post(KEYS, json=body, headers=person)
    assert response.status_code == 422
    assert [error["pointer"] for error in (await json_of(response))["errors"]] == [pointer]


async def test_a_key_reads_and_does_no_more(client: Client, person: Headers) -> None:
    program = bearing((await new_key(client, person))["key"])
    assert (await client.get("/api/v1/auth/me", headers=program)).status_code == 200
    patched = await client.patch("/api/v1/auth/me", json={"first_name": "A"}, headers=program)
    assert patched.status_code == 403
    assert "scope write" in (await json_of(patched))["detail"]
    writer = bearing((await new_key(client, person, scopes=["write"]))["key"])
    patched = await client.patch("/api/v1/auth/me", json={"first_name": "A"}, headers=writer)
    assert patched.status_code == 200


@pytest.mark.parametrize(
    ("method", "path"), [("POST", ""), ("GET", ""), ("GET", "/{id}"), ("DELETE", "/{id}")]
)
async def test_no_key_makes_finds_or_revokes_keys(client: Client, rig: Rig, method: str, path: str) -> None:
    await rig.registered(role=Role.ADMIN)
    person = bearing((await rig.logged_in()).access_token)
    made = await new_key(client, person, scopes=["admin"])
    call = {"GET": client.get, "POST": client.post, "DELETE": client.delete}[method]
    body = {"json": {"name": "x", "scopes": ["read"]}} if method == "POST" else {}
    response = await call(KEYS + path.format(**made), headers=bearing(made["key"]), **body)
    assert response.status_code == 403


async def test_a_revoked_key_is_gone_at_once(client: Client, person: Headers) -> None:
    made = await new_key(client, person)
    address = f"{KEYS}/{made['id']}"
    assert (await client.delete(address, headers=person)).status_code == 204
    for reply in (
        await client.delete(address, headers=person),
        await client.get(address, headers=person),
    ):
        assert reply.status_code == 404
    refused = await client.get("/api/v1/auth/me", headers=bearing(made["key"]))
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    assert (await json_of(await client.get(KEYS, headers=person)))["data"] == []


@pytest.mark.parametrize("garbage", ["kgl_", "kgl_a_b", "kgl_" + "é" * 60, "kgl_" + "x" * 6000])
async def test_refuses_what_is_no_key(client: Client, person: Headers, garbage: str) -> None:
    made = await new_key(client, person)
    changed = made["key"][:-7] + ("A" if made["key"][-7] != "A" else "B") + made["key"][-6:]
    for text in (garbage, changed):
        assert (await client.get("/api/v1/auth/me", headers=bearing(text))).status_code == 401


@pytest.mark.parametrize("way", ["basic", "post"])
@pytest.mark.parametrize("named", ["id", "prefix"])
async def test_a_client_gets_a_token_without_a_refresh_token(
    client: Client, person: Headers, way: str, named: str
) -> None:
    made = await new_key(client, person, scopes=["write"])
    secret = made["key"].rpartition("_")[2]
    form = {"grant_type": "client_credentials"}
    if way == "basic":
        response = await client.post(TOKEN, form=form, headers=basic(made[named], secret))
    else:
        response = await client.post(
            TOKEN, form={**form, "client_id": made[named], "client_secret": secret, "scope": "read"}
        )
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    granted = await json_of(response)
    assert set(granted) == {"access_token", "token_type", "expires_in", "scope"}
    assert (granted["scope"], granted["expires_in"]) == ("write" if way == "basic" else "read", 900)
    program = bearing(granted["access_token"])
    assert (await client.get("/api/v1/auth/me", headers=program)).status_code == 200
    patched = await client.patch("/api/v1/auth/me", json={"first_name": "A"}, headers=program)
    assert patched.status_code == (200 if way == "basic" else 403)
    assert (await client.get(KEYS, headers=program)).status_code == 403
    assert (await client.delete(f"{KEYS}/{made['id']}", headers=person)).status_code == 204
    assert (await client.get("/api/v1/auth/me", headers=program)).status_code == 401


@pytest.mark.parametrize(
    ("form", "header", "answer"),
    [
        ({}, {}, (401, "invalid_client")),
        ({"client_id": "{prefix}"}, {}, (401, "invalid_client")),
        ({"client_id": "{prefix}", "client_secret": "wrong"}, {}, (401, "invalid_client")),
        ({"client_id": "{other}", "client_secret": "{key}"}, {}, (401, "invalid_client")),
        ({}, {"Authorization": "Basic !"}, (401, "invalid_client")),
        ({}, {"Authorization": "Basic " + base64.b64encode(b"nocolon").decode()}, (401, "invalid_client")),
        ({}, {"Authorization": "Basic " + base64.b64encode(b"\xff:\xff").decode()}, (401, "invalid_client")),
        ({}, basic("%ff", "x"), (401, "invalid_client")),
        ({}, basic("nobody", "wrong"), (401, "invalid_client")),
        ({"client_secret": "x"}, basic("a", "b"), (400, "invalid_request")),
        ({"client_id": "x"}, basic("a", "b"), (400, "invalid_request")),
        ({"client_id": "{prefix}", "client_secret": "{key}", "scope": "admin"}, {}, (400, "invalid_scope")),
        ({"client_id": "{prefix}", "client_secret": "{key}", "scope": "all"}, {}, (400, "invalid_scope")),
    ],
)
async def test_refuses_clients_in_oauths_own_words(
    client: Client, person: Headers, form: dict[str, str], header: Headers, answer: tuple[int, str]
) -> None:
    status, error = answer
    made, other = await new_key(client, person), await new_key(client, person)
    filled = {name: value.format(**made, other=other["prefix"]) for name, value in form.items()}
    response = await client.post(TOKEN, form={"grant_type": "client_credentials", **filled}, headers=header)
    assert (response.status_code, response.headers["Cache-Control"]) == (status, "no-store")
    body = await json_of(response)
    assert set(body) == {"error", "error_description"}
    assert body["error"] == error
    assert response.headers.get("WWW-Authenticate", "").startswith("Basic ") is (status == 401)


async def test_gives_people_and_programs_tickets(client: Client, person: Headers, rig: Rig) -> None:
    program = bearing((await new_key(client, person))["key"])
    for headers in (person, program):
        response = await client.post("/api/v1/auth/ws-ticket", headers=headers)
        assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")
        data = (await json_of(response))["data"]
        assert set(data) == {"ticket", "expires_at"}
        assert len(data["ticket"]) == 43
    assert (await client.post("/api/v1/auth/ws-ticket")).status_code == 401


async def test_the_password_grant_ignores_scopes(client: Client, person: Headers) -> None:
    form = {"grant_type": "password", "username": "ada@example.org", "password": PASSWORD, "scope": "read"}
    assert "scope" not in await json_of(await client.post(TOKEN, form=form))
