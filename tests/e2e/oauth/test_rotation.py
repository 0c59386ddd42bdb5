"""Keys change under running processes, and nobody is logged out for it."""

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from adapters.security.sealing import new_key
from entrypoints.cli.target import CLIENT_VARIABLES
from entrypoints.settings import VARIABLES
from tests.e2e.api.processes import ROOT, Deployment, Process, deployment
from tests.e2e.oauth.conftest import Person
from tests.servers.database import MigratedServer

# What the documentation promises.
TAKEN_OVER_WITHIN = 5.0


@pytest.fixture(scope="module")
def other(deployed: Deployment, api: Process) -> Process:
    """A second process beside the first."""
    return deployed.serve()


def kgl(deployed: Deployment, *arguments: str, **changes: str) -> "subprocess.CompletedProcess[str]":
    inherited = {n: v for n, v in os.environ.items() if n not in {*VARIABLES, *CLIENT_VARIABLES}}
    return subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-m", "entrypoints.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
        env={**inherited, "PYTHONPATH": str(ROOT), **deployed.environment, **changes},
    )


def told(deployed: Deployment, *arguments: str) -> dict[str, dict[str, Any]]:
    """The keys a command shows, by state; of several that are retired, the last one."""
    done = kgl(deployed, "keys", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return {key["state"]: key for key in json.loads(done.stdout)}


def published(process: Process) -> set[str]:
    keys = httpx.get(f"{process.url}/.well-known/jwks.json", timeout=20, trust_env=False).json()["keys"]
    return {key["kid"] for key in keys}


def log_in(process: Process, person: Person) -> dict[str, str]:
    body = {"email": person.email, "password": person.password}
    response = httpx.post(f"{process.url}/api/v1/auth/token", json=body, timeout=20, trust_env=False)
    assert response.status_code == 200, response.text
    found: dict[str, str] = response.json()
    return found


def refresh(process: Process, pair: dict[str, str]) -> httpx.Response:
    body = {"refresh_token": pair["refresh_token"]}
    return httpx.post(f"{process.url}/api/v1/auth/refresh", json=body, timeout=20, trust_env=False)


def status(process: Process, pair: dict[str, str]) -> int:
    headers = {"Authorization": f"Bearer {pair['access_token']}"}
    return httpx.get(
        f"{process.url}/api/v1/auth/me", headers=headers, timeout=20, trust_env=False
    ).status_code


def shows(process: Process, kids: set[str]) -> bool:
    return published(process) == kids


def refuses(process: Process, pair: dict[str, str]) -> bool:
    return status(process, pair) == 401


def kid_of(pair: dict[str, str]) -> str:
    head = pair["access_token"].partition(".")[0]
    found: str = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"]
    return found


def becomes_true(holds: Callable[[], bool], within: float = TAKEN_OVER_WITHIN) -> float:
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() - begun < within, "not taken over in time"
        time.sleep(0.05)
    return time.monotonic() - begun


def close_code(socket: ClientConnection, within: float = TAKEN_OVER_WITHIN) -> int | None:
    """Reads to the end: a heartbeat may come before it."""
    deadline = time.monotonic() + within
    try:
        while True:
            socket.recv(timeout=max(0.0, deadline - time.monotonic()))
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


def test_a_rotation_reaches_every_process_and_ends_no_session(
    deployed: Deployment, api: Process, other: Process, person: Person
) -> None:
    before = told(deployed, "list")
    assert published(api) == published(other) == {before["current"]["kid"], before["next"]["kid"]}
    pair = log_in(api, person)
    assert kid_of(pair) == before["current"]["kid"]
    after = told(deployed, "rotate")
    assert after["current"]["kid"] == before["next"]["kid"], "the next one was published before it signs"
    assert after["retired"]["kid"] == before["current"]["kid"]
    for process in (api, other):
        becomes_true(partial(shows, process, {key["kid"] for key in after.values()}))
        assert status(process, pair) == 200
        assert kid_of(log_in(process, person)) == after["current"]["kid"]
        assert status(process, log_in(other, person)) == 200
    renewed = refresh(other, pair)
    assert renewed.status_code == 200
    assert kid_of(renewed.json()) == after["current"]["kid"]
    assert status(api, renewed.json()) == 200


def test_rotations_that_follow_each_other_at_once_are_taken_over_too(
    deployed: Deployment, api: Process, other: Process, person: Person
) -> None:
    pair = log_in(api, person)
    for _ in range(2):
        told(deployed, "rotate")
    # One process may know of neither: the first token it cannot read makes it look.
    becomes_true(lambda: status(other, log_in(api, person)) == 200)
    becomes_true(lambda: status(api, log_in(other, person)) == 200)
    assert status(api, pair) == status(other, pair) == 200
    assert refresh(other, pair).status_code == 200


def test_compromised_keys_are_dropped_at_once_in_every_process(
    deployed: Deployment, api: Process, other: Process, person: Person
) -> None:
    pair = log_in(api, person)
    assert status(api, pair) == status(other, pair) == 200  # both have verified it, and remember
    before = {key["kid"] for key in told(deployed, "list").values()}
    with connect(f"ws://127.0.0.1:{other.port}/api/v1/ws", proxy=None) as socket:
        socket.send(json.dumps({"type": "authenticate", "token": pair["access_token"]}))
        assert "authenticated" in str(socket.recv(timeout=10))
        after = told(deployed, "rotate", "--compromised")
        assert close_code(socket) == 4401
    assert set(after) == {"current", "next"}
    assert before.isdisjoint(key["kid"] for key in after.values())
    for process in (api, other):
        becomes_true(partial(refuses, process, pair))
        assert refresh(process, pair).status_code == 401
        assert status(process, log_in(process, person)) == 200


def test_processes_that_start_at_once_share_their_first_keys(migrated_server: MigratedServer) -> None:
    logins = migrated_server.create_database()
    with deployment(logins, JWT_SECRET="", CREDENTIALS_KEY=new_key()) as made:
        with ThreadPoolExecutor(2) as both:
            first, second = both.map(lambda _: made.serve(), range(2))
        assert published(first) == published(second)
        assert len(published(first)) == 2
    migrated_server.drop_database(logins)


def test_no_private_key_is_logged_or_shown(deployed: Deployment, api: Process) -> None:
    shown = kgl(deployed, "keys", "list").stdout + kgl(deployed, "keys", "list", "--json").stdout
    for text in (shown, *(process.log_text() for process in deployed.processes)):
        assert "PRIVATE" not in text
        assert '"d"' not in text
        assert deployed.environment["CREDENTIALS_KEY"] not in text
    assert "sealed" not in shown


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"CREDENTIALS_KEY": ""}, "CREDENTIALS_KEY: is not set, and neither is JWT_PRIVATE_KEY"),
        ({"CREDENTIALS_KEY": new_key()}, "CREDENTIALS_KEY: The signing keys were sealed with"),
    ],
    ids=["none", "another"],
)
def test_says_in_one_line_which_key_is_missing(
    deployed: Deployment, api: Process, changes: dict[str, str], complaint: str
) -> None:
    done = kgl(deployed, "serve", PORT="0", **changes)
    assert done.returncode == 2
    [line] = [line for line in done.stderr.splitlines() if line.startswith("kgl:")]
    assert complaint in line
    assert "Traceback" not in done.stderr


def test_a_key_of_the_environment_is_not_rotated(deployed: Deployment, api: Process) -> None:
    done = kgl(deployed, "keys", "rotate", JWT_SECRET="s" * 32)
    assert (done.returncode, done.stderr.strip()) == (
        2,
        "kgl: tokens are signed with JWT_SECRET: there are no keys to rotate",
    )
