"""Accounts and tokens as a client meets them, over the store in memory."""

from typing import Any

import pytest
from quart import Quart, Response
from quart.typing import TestClientProtocol as Client

from entrypoints.http.auth import AuthOverHttp, operations
from tests.unit.application.identity.rig import PASSWORD, Rig
from tests.unit.entrypoints.http.serving import serving

ACCOUNT = {"email": "ada@example.org", "password": PASSWORD}


@pytest.fixture
def app(rig: Rig) -> Quart:
    auth = AuthOverHttp(
        register_user=rig.register,
        log_in=rig.log_in,
        refresh_session=rig.refresh,
        grant_client_token=rig.grant_client_token,
        log_out=rig.log_out,
        update_profile=rig.update_profile,
        accounts=rig.accounts,
    )
    return serving(rig, operations(auth))


@pytest.fixture
def client(app: Quart) -> Client:
    return app.test_client()


@pytest.fixture
async def pair(client: Client) -> dict[str, Any]:
    assert (await client.post("/api/v1/auth/register", json=ACCOUNT)).status_code == 201
    return await json_of(await client.post("/api/v1/auth/token", json=ACCOUNT))


async def json_of(response: Response) -> dict[str, Any]:
    body: dict[str, Any] = await response.get_json()
    return body


def bearing(pair: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {pair['access_token']}"}


async def test_registers(client: Client) -> None:
    response = await client.post("/api/v1/auth/register", json=ACCOUNT | {"first_name": "Ada"})
    assert response.status_code == 201
    data = (await json_of(response))["data"]
    assert list(data) == [
        "id",
        "email",
        "first_name",
        "last_name",
        "role",
        "is_active",
        "created_at",
        "updated_at",
    ]
    assert (data["email"], data["first_name"], data["role"]) == ("ada@example.org", "Ada", "user")
    again = await client.post("/api/v1/auth/register", json=ACCOUNT)
    assert (again.status_code, again.mimetype) == (409, "application/problem+json")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/email"),
        ({"email": "ada@example.org"}, "/password"),
        (ACCOUNT | {"role": "admin"}, "/role"),
        (ACCOUNT | {"email": "ada"}, "/email"),
        (ACCOUNT | {"email": None}, "/email"),
        (ACCOUNT | {"password": "short"}, "/password"),
        (ACCOUNT | {"password": "Password1234"}, "/password"),
        (ACCOUNT | {"first_name": "x" * 101}, "/first_name"),
        (ACCOUNT | {"first_name": "\0"}, "/first_name"),
    ],
)
async def test_points_at_what_is_wrong_with_a_registration(
    client: Client, body: dict[str, object], pointer: str
) -> None:
    response = await client.post("/api/v1/auth/register", json=body)
    assert (response.status_code, response.mimetype) == (422, "application/problem+json")
    assert [error["pointer"] for error in (await json_of(response))["errors"]] == [pointer]


async def test_gives_tokens_as_oauth_wants_them(client: Client, pair: dict[str, Any]) -> None:
    assert set(pair) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (pair["token_type"], pair["expires_in"]) == ("bearer", 900)
    form = {"grant_type": "password", "username": "ada@example.org", "password": PASSWORD, "scope": ""}
    for response in (
        await client.post("/api/v1/auth/token", json=ACCOUNT),
        await client.post("/api/v1/auth/token", form=form),
        await client.post("/api/v1/auth/refresh", json={"refresh_token": pair["refresh_token"]}),
    ):
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "no-store"
        assert set(await json_of(response)) == set(pair)


async def test_refreshes_with_a_form(client: Client, pair: dict[str, Any]) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": pair["refresh_token"]}
    response = await client.post("/api/v1/auth/token", form=form)
    assert response.status_code == 200
    replayed = await client.post("/api/v1/auth/token", form=form)
    assert replayed.status_code == 400
    assert (await json_of(replayed))["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("", "invalid_request"),
        ("grant_type=", "invalid_request"),
        ("grant_type=password", "invalid_request"),
        ("grant_type=password&username=ada%40example.org", "invalid_request"),
        ("grant_type=password&grant_type=password", "invalid_request"),
        ("grant_type=password&username=%ff&password=x", "invalid_request"),
        ("&".join(f"x{n}=1" for n in range(40)), "invalid_request"),
        ("grant_type=implicit", "unsupported_grant_type"),
        ("grant_type=password&username=ada%40example.org&password=wrong", "invalid_grant"),
        ("grant_type=password&username=%00&password=%00", "invalid_grant"),
        ("grant_type=refresh_token", "invalid_request"),
        ("grant_type=refresh_token&refresh_token=x", "invalid_grant"),
    ],
)
async def test_refuses_forms_as_oauth_does(
    client: Client, pair: dict[str, Any], body: str, error: str
) -> None:
    response = await client.post(
        "/api/v1/auth/token", data=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert (response.status_code, response.headers["Cache-Control"]) == (400, "no-store")
    assert set(await json_of(response)) == {"error", "error_description"}
    assert (await json_of(response))["error"] == error


async def test_refuses_a_wrong_password_and_an_unknown_account_alike(
    client: Client, pair: dict[str, Any]
) -> None:
    problems = []
    for body in (ACCOUNT | {"password": "wrong"}, ACCOUNT | {"email": "nobody@example.org"}):
        response = await client.post("/api/v1/auth/token", json=body, headers={"X-Request-ID": "same"})
        assert response.status_code == 401
        problems.append(await json_of(response))
    assert problems[0] == problems[1]


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"{}", "application/json", 422),
        (b"[]", "application/json", 422),
        (b"<a/>", "application/xml", 415),
        (b"x" * 200_000, "application/json", 413),
        (b"x" * 200_000, "application/x-www-form-urlencoded", 413),
    ],
)
async def test_refuses_what_is_no_login(client: Client, body: bytes, media_type: str, status: int) -> None:
    response = await client.post("/api/v1/auth/token", data=body, headers={"Content-Type": media_type})
    assert (response.status_code, response.mimetype) == (status, "application/problem+json")


async def test_shows_and_changes_ones_own_account(client: Client, pair: dict[str, Any]) -> None:
    shown = await client.get("/api/v1/auth/me", headers=bearing(pair))
    etag = shown.headers["ETag"]
    assert (await json_of(shown))["data"]["email"] == "ada@example.org"
    unchanged = await client.get("/api/v1/auth/me", headers=bearing(pair) | {"If-None-Match": etag})
    assert unchanged.status_code == 304
    patch, tagged = {"first_name": "Ada"}, bearing(pair) | {"If-Match": etag}
    changed = await client.patch("/api/v1/auth/me", json=patch, headers=tagged)
    assert (changed.status_code, (await json_of(changed))["data"]["first_name"]) == (200, "Ada")
    assert changed.headers["ETag"] != etag
    stale = await client.patch("/api/v1/auth/me", json={"first_name": "A"}, headers=tagged)
    assert stale.status_code == 412
    cleared = await client.patch("/api/v1/auth/me", json={"first_name": None}, headers=bearing(pair))
    assert (await json_of(cleared))["data"]["first_name"] is None
    promoted = await client.patch("/api/v1/auth/me", json={"role": "admin"}, headers=bearing(pair))
    assert promoted.status_code == 422


async def test_logs_out(client: Client, pair: dict[str, Any]) -> None:
    other = await json_of(await client.post("/api/v1/auth/token", json=ACCOUNT))
    third = await json_of(await client.post("/api/v1/auth/token", json=ACCOUNT))
    assert (await client.post("/api/v1/auth/logout", headers=bearing(pair))).status_code == 204
    assert (await client.get("/api/v1/auth/me", headers=bearing(pair))).status_code == 401
    assert (await client.get("/api/v1/auth/me", headers=bearing(other))).status_code == 200
    wrong = await client.post("/api/v1/auth/logout", json={"all": "yes"}, headers=bearing(other))
    assert wrong.status_code == 422
    everywhere = await client.post("/api/v1/auth/logout", json={"all": True}, headers=bearing(other))
    assert everywhere.status_code == 204
    for ended in (other, third):
        assert (await client.get("/api/v1/auth/me", headers=bearing(ended))).status_code == 401


@pytest.mark.parametrize(("method", "path"), [("GET", "me"), ("PATCH", "me"), ("POST", "logout")])
@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer x", "Basic YTpi", "Bearer x.y.z"])
async def test_shows_a_stranger_nothing(client: Client, method: str, path: str, authorization: str) -> None:
    call = {"GET": client.get, "PATCH": client.patch, "POST": client.post}[method]
    response = await call(f"/api/v1/auth/{path}", headers={"Authorization": authorization})
    assert (response.status_code, response.mimetype) == (401, "application/problem+json")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


async def test_no_refresh_token_opens_a_door(client: Client, pair: dict[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {pair['refresh_token']}"}
    assert (await client.get("/api/v1/auth/me", headers=headers)).status_code == 401
