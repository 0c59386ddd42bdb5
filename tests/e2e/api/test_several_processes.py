"""Two API processes over one database: what happens through one is seen, and ends, at the other."""

import asyncio
from collections.abc import Callable
from contextlib import closing

import httpx
import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from entrypoints.subscriptions import SUBSCRIPTIONS
from tests.e2e.api.client import Client
from tests.e2e.api.processes import Deployment, Process
from tests.e2e.api.test_stopping import close_code, subscribed
from tests.e2e.api.world import (
    PASSWORD,
    Account,
    administrator,
    current_session,
    entity_body,
    events_of,
    eventually,
    log_in,
    made,
    new_account,
    populate,
)


async def next_event(socket: ClientConnection, kind: str) -> dict[str, object]:
    async with asyncio.timeout(10):
        while True:
            frame: dict[str, object] = msgspec.json.decode(await socket.recv())
            if frame.get("type") == kind:
                return frame


async def test_an_event_caused_at_one_reaches_a_socket_at_the_other(
    second: Process, account: Account, stranger: Account
) -> None:
    socket, others = await subscribed(second.port, account), await subscribed(second.port, stranger)
    async with socket, others:
        identifier = await asyncio.to_thread(made, account, "/entities", entity_body(account))
        event = await next_event(socket, "entity.created")
        assert event["subject"] == identifier
        assert event["userid"] == account.user_id
        theirs = await asyncio.to_thread(made, stranger, "/entities", entity_body(stranger))
        assert (await next_event(others, "entity.created"))["subject"] == theirs


async def test_a_logout_at_one_ends_the_session_at_the_other(
    second: Process, account: Account, there: Client
) -> None:
    elsewhere = there.speaking(account.token)
    assert elsewhere.get("/auth/me").status_code == 200, "the other process knows the token"
    stays = log_in(there, account.email)["access_token"]
    async with await subscribed(second.port, account) as socket:
        assert (await asyncio.to_thread(account.client.post, "/auth/logout")).status_code == 204
        async with asyncio.timeout(5):
            assert await close_code(socket) == 4401
            # Only asking tells whether a token is refused.
            while (await asyncio.to_thread(elsewhere.get, "/auth/me")).status_code != 401:  # noqa: ASYNC110  # asks a server
                await asyncio.sleep(0.02)
    async with connect(f"ws://127.0.0.1:{second.port}/api/v1/ws", proxy=None) as socket:
        await socket.send(msgspec.json.encode({"type": "authenticate", "token": account.token}).decode())
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4401
    assert there.speaking(stays).get("/auth/me").status_code == 200, "another session goes on"
    refreshed = there.post("/auth/refresh", json={"refresh_token": account.refresh_token})
    assert refreshed.status_code == 401


async def test_what_is_written_at_one_is_read_at_the_other_at_once(account: Account, there: Client) -> None:
    elsewhere = there.speaking(account.token)
    identifier = made(account, "/entities", entity_body(account))
    shown = elsewhere.get(f"/entities/{identifier}")
    assert shown.status_code == 200
    again = elsewhere.get(f"/entities/{identifier}", headers={"If-None-Match": shown.headers["etag"]})
    assert again.status_code == 304
    assert new_account(there).client.get(f"/entities/{identifier}").status_code == 404


async def test_a_cursor_and_an_idempotency_key_hold_at_every_process(account: Account, there: Client) -> None:
    elsewhere = there.speaking(account.token)
    headers, body = {"Idempotency-Key": account.mark}, entity_body(account)
    first = account.client.post("/entities", json=body, headers=headers)
    again = elsewhere.post("/entities", json=body, headers=headers)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json()["data"]["id"] == first.json()["data"]["id"]
    made(account, "/entities", entity_body(account))
    cursor = account.client.get("/entities", params={"limit": 1}).json()["meta"]["next_cursor"]
    page = elsewhere.get("/entities", params={"limit": 1, "cursor": cursor})
    assert [row["id"] for row in page.json()["data"]] == [first.json()["data"]["id"]]


@pytest.mark.parametrize("end", ["deactivated", "demoted", "deleted", "deleted by itself", "session ended"])
async def test_what_ends_an_account_at_one_shuts_it_out_at_the_other(
    second: Process, account: Account, there: Client, end: str
) -> None:
    """Its socket there closes and its token is refused, within five seconds."""
    elsewhere, admin = there.speaking(account.token), administrator(account.client)
    assert elsewhere.get("/auth/me").status_code == 200, "the other process knows the token"
    path = f"/admin/users/{account.user_id}"

    def act() -> httpx.Response:
        if end == "deactivated":
            return admin("PATCH", path, json={"is_active": False})
        if end == "demoted":
            return admin("PATCH", path, json={"role": "moderator"})
        if end == "deleted":
            return admin("DELETE", path)
        if end == "deleted by itself":
            return account.client("DELETE", "/auth/me", json={"password": PASSWORD})
        return account.client("DELETE", f"/auth/sessions/{current_session(account.client)}")

    async with await subscribed(second.port, account) as socket:
        reply = await asyncio.to_thread(act)
        assert reply.status_code in (200, 204), reply.text
        async with asyncio.timeout(5):
            assert await close_code(socket) == 4401
            # Only asking tells whether a token is refused.
            while (await asyncio.to_thread(elsewhere.get, "/entities")).status_code != 401:  # noqa: ASYNC110  # asks a server
                await asyncio.sleep(0.02)
    refreshed = there.post("/auth/refresh", json={"refresh_token": account.refresh_token})
    assert refreshed.status_code == 401
    again = there.post("/auth/token", json={"email": account.email, "password": PASSWORD})
    assert again.status_code == (200 if end in ("demoted", "session ended") else 401)


def test_a_deleted_account_leaves_its_audit_alone(
    nobody: Client, deployed: Deployment, footprint: Callable[[Account], dict[str, int]]
) -> None:
    account = new_account(nobody)
    populate(account)
    messages = sum(len(events_of(account, topic)) for each in SUBSCRIPTIONS for topic in each.topics)
    eventually(lambda: footprint(account)["backend_operations.inbox"] == messages, "every message is handled")
    before = footprint(account)
    reply = account.client("DELETE", "/auth/me", json={"password": PASSWORD})
    assert reply.status_code == 204
    left = {name: rows for name, rows in footprint(account).items() if rows and name != "accounts"}
    audited = "backend_operations.audit_logs"
    assert left == {audited: before[audited] + 1, "backend_operations.events": 1}
    # A process that starts afterwards has to be told.
    later = deployed.serve()
    with closing(Client(later.url, nobody.contract)) as client:
        assert client.speaking(account.token).get("/entities").status_code == 401
    assert later.stop() == 0
