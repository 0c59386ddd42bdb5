"""Keys, the tokens they get and tickets over two real processes: what ends at one is refused at the other."""

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect

from entrypoints.cli.target import CLIENT_VARIABLES
from entrypoints.settings import VARIABLES
from tests.e2e.api.client import Client
from tests.e2e.api.processes import ROOT, Deployment, Process
from tests.e2e.api.test_stopping import close_code
from tests.e2e.api.world import Account, administrator, entity_body, eventually, log_in, made, new_account

KEYS = "/auth/api-keys"


def new_key(account: Account, *scopes: str) -> dict[str, Any]:
    body = {"name": f"key of {account.mark}", "scopes": scopes or ("read",)}
    reply = account.client.post(KEYS, json=body)
    assert reply.status_code == 201, reply.text
    key: dict[str, Any] = reply.json()["data"]
    return key


def granted(client: Client, key: dict[str, Any], **form: str) -> str:
    fields = {"grant_type": "client_credentials", "client_id": key["prefix"], "client_secret": key["key"]}
    reply = client.post("/auth/token", data={**fields, **form})
    assert reply.status_code == 200, reply.text
    token: str = reply.json()["access_token"]
    return token


async def authenticated(port: int, token: str) -> ClientConnection:
    socket = await connect(f"ws://127.0.0.1:{port}/api/v1/ws", proxy=None)
    await socket.send(msgspec.json.encode({"type": "authenticate", "token": token}).decode())
    assert '"authenticated"' in str(await socket.recv())
    return socket


@pytest.mark.parametrize("used", ["key", "token"])
@pytest.mark.parametrize("end", ["revoked", "deactivated", "deleted"])
async def test_what_ends_a_key_at_one_process_is_refused_by_the_next_request_at_the_other(
    second: Process, account: Account, there: Client, used: str, end: str
) -> None:
    key = new_key(account)
    text = key["key"] if used == "key" else granted(there, key)
    program, admin = there.speaking(text), administrator(account.client)
    assert program.get("/entities").status_code == 200
    assert program.post("/entities", json=entity_body(account)).status_code == 403
    async with await authenticated(second.port, text) as socket:
        if end == "revoked":
            reply = await asyncio.to_thread(account.client, "DELETE", f"{KEYS}/{key['id']}")
        elif end == "deactivated":
            path = f"/admin/users/{account.user_id}"
            reply = await asyncio.to_thread(admin, "PATCH", path, json={"is_active": False})
        else:
            reply = await asyncio.to_thread(admin, "DELETE", f"/admin/users/{account.user_id}")
        assert reply.status_code in (200, 204), reply.text
        refused = await asyncio.to_thread(program.get, "/entities")
        assert refused.status_code == 401, "at once, not soon"
        async with asyncio.timeout(5):
            assert await close_code(socket) == 4401


def test_an_administrators_key_loses_its_power_with_the_role(nobody: Client, there: Client) -> None:
    account = new_account(nobody)
    root, path = administrator(account.client), f"/admin/users/{account.user_id}"
    assert account.client.post(KEYS, json={"name": "x", "scopes": ["admin"]}).status_code == 422
    assert root("PATCH", path, json={"role": "admin"}).status_code == 200
    account.client = nobody.speaking(log_in(nobody, account.email)["access_token"])
    key = new_key(account, "admin")
    program = there.speaking(key["key"])
    assert program.get(path).status_code == 200
    assert there.speaking(granted(there, key, scope="write")).get(path).status_code == 403
    assert root("PATCH", path, json={"role": "user"}).status_code == 200
    assert program.get(path).status_code == 403
    assert program.get("/entities").status_code == 200


def test_the_last_use_of_a_key_is_shown(account: Account, there: Client) -> None:
    key = new_key(account)
    assert key["last_used_at"] is None
    assert there.speaking(key["key"]).get("/entities").status_code == 200
    used = account.client.data(f"{KEYS}/{key['id']}")["last_used_at"]
    assert used is not None
    assert there.speaking(key["key"]).get("/entities").status_code == 200
    assert account.client.data(f"{KEYS}/{key['id']}")["last_used_at"] == used, "once a minute"


async def test_of_twenty_uses_of_one_ticket_at_two_processes_one_gets_in(
    api: Process, second: Process, account: Account
) -> None:
    ticket = account.client.post("/auth/ws-ticket").json()["data"]["ticket"]

    async def outcome(port: int) -> object:
        async with connect(f"ws://127.0.0.1:{port}/api/v1/ws?ticket={ticket}", proxy=None) as socket:
            async with asyncio.timeout(10):
                first = asyncio.ensure_future(socket.recv())
                done, _ = await asyncio.wait([first])
                if first in done and first.exception() is None:
                    return msgspec.json.decode(first.result())["type"]
                return await close_code(socket)

    ports = [api.port, second.port] * 10
    outcomes = Counter(await asyncio.gather(*map(outcome, ports)))
    assert outcomes == {"authenticated": 1, 4401: 19}


async def test_a_tickets_socket_ends_with_the_session_that_asked(second: Process, account: Account) -> None:
    ticket = account.client.post("/auth/ws-ticket").json()["data"]["ticket"]
    async with connect(f"ws://127.0.0.1:{second.port}/api/v1/ws?ticket={ticket}", proxy=None) as socket:
        assert '"authenticated"' in str(await socket.recv())
        await socket.send('{"type":"subscribe","topics":["#"]}')
        assert '"subscribed"' in str(await socket.recv())
        assert (await asyncio.to_thread(account.client.post, "/auth/logout")).status_code == 204
        async with asyncio.timeout(5):
            assert await close_code(socket) == 4401


async def test_no_log_holds_a_ticket_a_key_or_a_secret(
    deployed: Deployment, api: Process, account: Account
) -> None:
    key = new_key(account)
    secret = key["key"].rpartition("_")[2]
    ticket = account.client.post("/auth/ws-ticket").json()["data"]["ticket"]
    token = granted(account.client, key)
    program = account.client.speaking(key["key"])
    assert program.get("/entities", headers={"X-Request-ID": account.mark}).status_code == 200
    assert program.speaking(key["key"][:-1] + "!").get("/entities").status_code == 401
    address = f"ws://127.0.0.1:{api.port}/api/v1/ws?ticket={ticket}"
    async with connect(address, proxy=None) as socket:
        assert '"authenticated"' in str(await socket.recv())
    async with connect(address, proxy=None) as used_again:
        assert await close_code(used_again) == 4401
    await asyncio.to_thread(
        eventually,
        lambda: any(each.get("request_id") == account.mark for each in api.log_lines()),
        "the line is written",
    )
    for process in deployed.processes:
        text = process.log_text()
        for hidden in (ticket, secret, token):
            assert hidden not in text


def test_the_command_line_takes_a_key_for_a_token(api: Process, account: Account, tmp_path: Path) -> None:
    identifier = made(account, "/entities", entity_body(account))
    key = new_key(account)
    inherited = {n: v for n, v in os.environ.items() if n not in {*VARIABLES, *CLIENT_VARIABLES}}

    def search(token: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # noqa: S603  # this interpreter
            [sys.executable, "-m", "entrypoints.cli", "search", account.mark, "--json"],
            env={**inherited, "PYTHONPATH": str(ROOT), "KGL_URL": api.url, "KGL_TOKEN": token},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    found = search(key["key"])
    assert found.returncode == 0, found.stderr
    assert identifier in json.dumps(json.loads(found.stdout))
    assert account.client("DELETE", f"{KEYS}/{key['id']}").status_code == 204
    refused = search(key["key"])
    assert refused.returncode == 1
    assert "401" in refused.stderr
    assert key["key"] not in refused.stderr
