"""Whatever happens to an account leaves its row: who, what, on what, from where, when, the outcome, why."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.e2e.api.client import Client
from tests.e2e.api.world import PASSWORD, Account, administrator, current_session, log_in, new_account

Sent = Callable[..., httpx.Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Something done to an account, and the row it leaves. `do` is given a way to send the one request.

    `by_admin` says who acts, `on_session` what it is done to.
    """

    do: Callable[[Account, Sent], httpx.Response]
    action: str
    reason: str | None = None
    outcome: str = "success"
    by_admin: bool = False
    on_session: bool = False


def sender(client: Client, mark: str) -> Sent:
    """Sends as the account, as nobody (`to`), or as an administrator."""

    def send(method: str, path: str, to: Client | None = None, **more: Any) -> httpx.Response:
        return (to or client)(method, path, headers={"X-Request-ID": mark}, **more)

    return send


def admin_changes(**change: Any) -> Callable[[Account, Sent], httpx.Response]:
    def do(account: Account, send: Sent) -> httpx.Response:
        root = administrator(account.client)
        return send("PATCH", f"/admin/users/{account.user_id}", to=root, json=change)

    return do


def activate(account: Account, send: Sent) -> httpx.Response:
    root = administrator(account.client)
    assert root("PATCH", f"/admin/users/{account.user_id}", json={"is_active": False}).status_code == 200
    return send("PATCH", f"/admin/users/{account.user_id}", to=root, json={"is_active": True})


def delete_user(account: Account, send: Sent) -> httpx.Response:
    return send("DELETE", f"/admin/users/{account.user_id}", to=administrator(account.client))


def delete_own(_: Account, send: Sent) -> httpx.Response:
    return send("DELETE", "/auth/me", json={"password": PASSWORD})


def confirm_wrongly(_: Account, send: Sent) -> httpx.Response:
    body = {"current_password": PASSWORD + "-no", "new_password": PASSWORD + "-2"}
    return send("POST", "/auth/me/password", json=body)


def change_password(_: Account, send: Sent) -> httpx.Response:
    body = {"current_password": PASSWORD, "new_password": PASSWORD + "-2"}
    return send("POST", "/auth/me/password", json=body)


def enter(account: Account, send: Sent, password: str = PASSWORD) -> httpx.Response:
    body = {"email": account.email, "password": password}
    return send("POST", "/auth/token", to=account.client.speaking(None), json=body)


def replay(account: Account, send: Sent) -> httpx.Response:
    nobody = account.client.speaking(None)
    body = {"refresh_token": account.refresh_token}
    assert nobody.post("/auth/refresh", json=body).status_code == 200
    return send("POST", "/auth/refresh", to=nobody, json=body)


def refresh(account: Account, send: Sent) -> httpx.Response:
    body = {"refresh_token": account.refresh_token}
    return send("POST", "/auth/refresh", to=account.client.speaking(None), json=body)


def end_other(account: Account, send: Sent) -> httpx.Response:
    other = log_in(account.client.speaking(None), account.email)
    session = current_session(account.client.speaking(other["access_token"]))
    return send("DELETE", f"/auth/sessions/{session}")


DEEDS = {
    "login": Deed(do=enter, action="session.started", on_session=True),
    "wrong password": Deed(
        do=lambda account, send: enter(account, send, PASSWORD + "-no"),
        action="session.refused",
        reason="wrong_password",
        outcome="failure",
    ),
    "refresh": Deed(do=refresh, action="session.refreshed", on_session=True),
    "refresh replay": Deed(
        do=replay, action="session.ended", reason="refresh_token_replayed", on_session=True
    ),
    "logout": Deed(
        do=lambda _, send: send("POST", "/auth/logout"),
        action="session.ended",
        reason="logout",
        on_session=True,
    ),
    "session ended": Deed(do=end_other, action="session.ended", reason="ended_by_user", on_session=True),
    "profile change": Deed(
        do=lambda _, send: send("PATCH", "/auth/me", json={"last_name": "New"}), action="user.updated"
    ),
    "password change": Deed(do=change_password, action="user.password_changed"),
    "wrong confirmation": Deed(
        do=confirm_wrongly,
        action="user.confirmation_refused",
        reason="wrong_password",
        outcome="failure",
    ),
    "role change": Deed(do=admin_changes(role="moderator"), action="user.role_changed", by_admin=True),
    "sessions end with the role": Deed(
        do=admin_changes(role="moderator"),
        action="session.ended",
        reason="role_changed",
        by_admin=True,
        on_session=True,
    ),
    "deactivation": Deed(do=admin_changes(is_active=False), action="user.deactivated", by_admin=True),
    "activation": Deed(do=activate, action="user.activated", by_admin=True),
    "deletion by an administrator": Deed(do=delete_user, action="user.deleted", by_admin=True),
    "deletion": Deed(do=delete_own, action="user.deleted"),
}


@pytest.mark.parametrize("name", DEEDS)
def test_every_deed_leaves_its_row(name: str, nobody: Client) -> None:
    deed, began = DEEDS[name], datetime.now(UTC)
    account = new_account(nobody)
    mark = f"deed-{account.mark}"
    reply = deed.do(account, sender(account.client, mark))
    refused = deed.outcome == "failure" or name == "refresh replay"
    assert reply.status_code in ((401, 422) if refused else (200, 204)), reply.text
    root = administrator(nobody)
    wanted = {"user_id": account.user_id, "action": deed.action, "limit": 200}
    found = [each for each in root.data("/admin/audit-logs", params=wanted) if each["request_id"] == mark]
    [row] = found
    assert (row["outcome"], row["reason"]) == (deed.outcome, deed.reason)
    assert (row["address"], row["occurrences"], row["operation"]) == ("127.0.0.1", 1, None)
    assert began <= datetime.fromisoformat(row["occurred_at"]) <= datetime.now(UTC)
    assert (row["resource_id"] != account.user_id) is deed.on_session
    assert (row["actor_id"] != account.user_id) is deed.by_admin
    narrowed = {**wanted, "actor_id": row["actor_id"], "outcome": deed.outcome}
    narrowed |= {"resource_id": row["resource_id"], "occurred_after": began.isoformat()}
    assert row["id"] in [each["id"] for each in root.data("/admin/audit-logs", params=narrowed)]


def test_a_registration_leaves_its_row(nobody: Client) -> None:
    account = new_account(nobody)
    [row] = account.client.data("/audit-logs", params={"action": "user.registered"})
    assert row["actor_id"] == row["resource_id"] == account.user_id
    assert (row["outcome"], row["address"], row["reason"]) == ("success", "127.0.0.1", None)
