"""Account management as clients and administrators meet it, over the store in memory."""

from typing import Any
from uuid import uuid4

import pytest
from quart import Quart, Response
from quart.typing import TestClientProtocol as Client

from application.shared.principal import Role
from entrypoints.http import account, admin_users
from entrypoints.http.account import AccountOverHttp
from entrypoints.http.admin_users import AdminUsersOverHttp
from tests.unit.application.identity.rig import PASSWORD, Rig
from tests.unit.entrypoints.http.serving import serving

API = "/api/v1"


@pytest.fixture
def client(rig: Rig) -> Client:
    own = AccountOverHttp(
        list_sessions=rig.list_sessions,
        end_session=rig.end_session,
        change_password=rig.change_password,
        delete_account=rig.delete_account,
    )
    users = AdminUsersOverHttp(
        accounts=rig.accounts, change_user=rig.change_user, delete_user=rig.delete_user
    )
    operations = [*account.operations(own), *admin_users.operations(users)]
    app: Quart = serving(rig, operations)
    return app.test_client()


async def bearing(rig: Rig, email: str = "ada@example.org") -> dict[str, str]:
    return {"Authorization": f"Bearer {(await rig.logged_in(email)).access_token}"}


@pytest.fixture
async def ada(rig: Rig) -> dict[str, str]:
    await rig.registered()
    return await bearing(rig)


@pytest.fixture
async def root(rig: Rig) -> dict[str, str]:
    await rig.registered("root@example.org", Role.ADMIN)
    return await bearing(rig, "root@example.org")


async def json_of(response: Response) -> dict[str, Any]:
    body: dict[str, Any] = await response.get_json()
    return body


async def test_pages_through_sessions_and_ends_one(rig: Rig, client: Client, ada: dict[str, str]) -> None:
    other = await bearing(rig)
    first = await client.get(f"{API}/auth/sessions?limit=1", headers=ada)
    shown = await json_of(first)
    assert list(shown["data"][0]) == [
        "id",
        "user_agent",
        "address",
        "created_at",
        "last_used_at",
        "expires_at",
        "current",
    ]
    second = await json_of(
        await client.get(f"{API}/auth/sessions?limit=1&cursor={shown['meta']['next_cursor']}", headers=ada)
    )
    assert second["meta"].get("next_cursor") is None
    both = [*shown["data"], *second["data"]]
    assert sorted(session["current"] for session in both) == [False, True]
    ended = next(session["id"] for session in both if not session["current"])
    assert (await client.delete(f"{API}/auth/sessions/{ended}", headers=ada)).status_code == 204
    assert (await client.delete(f"{API}/auth/sessions/{ended}", headers=ada)).status_code == 404
    assert (await client.get(f"{API}/auth/sessions", headers=other)).status_code == 401


async def test_points_at_a_wrong_password(client: Client, ada: dict[str, str]) -> None:
    wrong = {"current_password": "wrong", "new_password": "another horse battery"}
    changed = await client.post(f"{API}/auth/me/password", json=wrong, headers=ada)
    deleted = await client.delete(f"{API}/auth/me", json={"password": "wrong"}, headers=ada)
    for response, pointer in ((changed, "/current_password"), (deleted, "/password")):
        assert (response.status_code, response.mimetype) == (422, "application/problem+json")
        assert [error["pointer"] for error in (await json_of(response))["errors"]] == [pointer]
    right = {"current_password": PASSWORD, "new_password": "another horse battery"}
    assert (await client.post(f"{API}/auth/me/password", json=right, headers=ada)).status_code == 204
    gone = await client.delete(f"{API}/auth/me", json={"password": right["new_password"]}, headers=ada)
    assert gone.status_code == 204
    assert (await client.get(f"{API}/auth/sessions", headers=ada)).status_code == 401


async def test_only_administrators_see_everybodys_accounts(
    rig: Rig, client: Client, ada: dict[str, str]
) -> None:
    await rig.registered("mod@example.org", Role.MODERATOR)
    path = f"{API}/admin/users"
    for caller in (ada, await bearing(rig, "mod@example.org")):
        for response in (
            await client.get(path, headers=caller),
            await client.get(f"{path}/{uuid4()}", headers=caller),
            await client.patch(f"{path}/{uuid4()}", json={"role": "admin"}, headers=caller),
            await client.delete(f"{path}/{uuid4()}", headers=caller),
        ):
            assert response.status_code == 403


async def test_searches_accounts(rig: Rig, client: Client, ada: dict[str, str], root: dict[str, str]) -> None:
    for query, found in (
        ("", ["root@example.org", "ada@example.org"]),
        ("sort=email", ["ada@example.org", "root@example.org"]),
        ("q=ADA", ["ada@example.org"]),
        ("role=admin", ["root@example.org"]),
        ("role=moderator", []),
        ("is_active=false", []),
        ("is_active=true&q=example&role=user", ["ada@example.org"]),
    ):
        response = await client.get(f"{API}/admin/users?{query}", headers=root)
        assert sorted(user["email"] for user in (await json_of(response))["data"]) == sorted(found), query
    for query in ("role=emperor", "is_active=maybe", "sort=role", "limit=0"):
        assert (await client.get(f"{API}/admin/users?{query}", headers=root)).status_code == 422


async def test_administers_an_account(
    rig: Rig, client: Client, ada: dict[str, str], root: dict[str, str]
) -> None:
    users = (await json_of(await client.get(f"{API}/admin/users", headers=root)))["data"]
    ids = {user["email"]: user["id"] for user in users}
    path, own = (f"{API}/admin/users/{ids[name]}" for name in ("ada@example.org", "root@example.org"))
    etag = (await client.get(path, headers=root)).headers["ETag"]
    changed = await client.patch(path, json={"is_active": False}, headers=root | {"If-Match": etag})
    assert (changed.status_code, (await json_of(changed))["data"]["is_active"]) == (200, False)
    assert changed.headers["ETag"] != etag
    stale = {"If-Match": etag}
    assert (await client.patch(path, json={"role": "admin"}, headers=root | stale)).status_code == 412
    assert (await client.delete(path, headers=root | stale)).status_code == 412
    assert (await client.get(f"{API}/auth/sessions", headers=ada)).status_code == 401
    assert (await client.patch(own, json={"role": "user"}, headers=root)).status_code == 409
    assert (await client.patch(own, json={"is_active": False}, headers=root)).status_code == 409
    assert (await client.delete(own, headers=root)).status_code == 409
    for body in ({"email": "x@example.org"}, {"role": None}, {"is_active": "no"}, {"password": "x"}):
        assert (await client.patch(path, json=body, headers=root)).status_code == 422
    assert (await client.delete(path, headers=root)).status_code == 204
    for unknown in (path, f"{API}/admin/users/{uuid4()}", f"{API}/admin/users/x"):
        assert (await client.get(unknown, headers=root)).status_code == 404
        assert (await client.patch(unknown, json={}, headers=root)).status_code == 404
        assert (await client.delete(unknown, headers=root)).status_code == 404
