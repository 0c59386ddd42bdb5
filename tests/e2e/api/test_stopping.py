"""SIGTERM under load: whoever was let in is answered, sockets are told to come back, and the process ends."""

import asyncio
import contextlib
import itertools
import select
import signal
import socket
import time
from collections import Counter
from dataclasses import dataclass, field

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.e2e.api.client import Client
from tests.e2e.api.processes import Deployment, Process
from tests.e2e.api.wire import Connection, Unanswered, request
from tests.e2e.api.world import Account, made, new_account

CONNECTIONS = 64
SOCKETS = 50
# Who asks nothing for so long after the stop has begun may be taken for gone.
GONE_AFTER = 0.5


@dataclass(slots=True)
class Seen:
    """What clients have met until the end."""

    statuses: Counter[int] = field(default_factory=Counter)
    created: set[str] = field(default_factory=set)
    sent: Counter[str] = field(default_factory=Counter)
    cut: list[bool] = field(default_factory=list)


async def load(port: int, account: Account, seen: Seen, numbers: "itertools.count[int]") -> None:
    """Asks on one connection until the server says that it takes no more."""
    known = request("GET", f"/api/v1/entities/{account.ids['entity_id']}", account.token)
    async with Connection(port) as connection:
        asked_at = time.monotonic()
        while True:
            number = next(numbers)
            body = {"name": f"Entity {number}", "type": "thing"}
            create = request("POST", "/api/v1/entities", account.token, body)
            asked_before, asked_at = asked_at, time.monotonic()
            try:
                answer = await connection.ask(create if number % 2 else known)
            except Unanswered as error:
                if error.begun or asked_at - asked_before < GONE_AFTER:
                    seen.cut.append(error.begun)
                return
            except OSError:
                return  # not a byte of this request was taken
            seen.statuses[answer.status] += 1
            if answer.status == 201:
                seen.created.add(msgspec.json.decode(answer.body)["data"]["id"])
            if answer.closes:
                return


async def subscribed(port: int, account: Account) -> ClientConnection:
    socket = await connect(f"ws://127.0.0.1:{port}/api/v1/ws", proxy=None)
    await socket.send(msgspec.json.encode({"type": "authenticate", "token": account.token}).decode())
    assert '"authenticated"' in str(await socket.recv())
    await socket.send('{"type":"subscribe","topics":["#"]}')
    assert '"subscribed"' in str(await socket.recv())
    return socket


async def close_code(socket: ClientConnection) -> int | None:
    """Reads to the end."""
    try:
        while True:
            await socket.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


def watch_readiness(port: int, told: list[int]) -> None:
    """Readiness on a connection of its own each time, as a balancer asks, until nobody listens. The statuses
    are in the order of the questions, 0 stands for none.

    In a thread, and without waiting for answers: new connections are taken for half a second only, which the
    load can keep the event loop busy for.
    """
    waiting: dict[socket.socket, int] = {}
    listens, deadline = True, time.monotonic() + 120
    while (listens or waiting) and time.monotonic() < deadline:
        if listens:
            try:
                connection = socket.create_connection(("127.0.0.1", port), timeout=20)
            except OSError:
                listens = False
            else:
                waiting[connection] = len(told)
                told.append(0)
                with contextlib.suppress(OSError):
                    connection.sendall(request("GET", "/health/ready", "-"))
        for connection in select.select(list(waiting), [], [], 0.03)[0]:
            place = waiting.pop(connection)
            with connection, contextlib.suppress(OSError):
                told[place] = int(connection.recv(65536)[9:12] or 0)


async def test_whoever_was_let_in_is_answered(deployed: Deployment, nobody: Client) -> None:
    process: Process = deployed.serve()
    account = new_account(nobody)
    account.ids["entity_id"] = made(account, "/entities", {"name": "Known", "type": "thing"})
    seen, told = Seen(), list[int]()
    numbers = itertools.count()
    sockets = [await subscribed(process.port, account) for _ in range(SOCKETS)]
    async with asyncio.timeout(300), asyncio.TaskGroup() as group:
        codes = [group.create_task(close_code(socket)) for socket in sockets]
        for _ in range(CONNECTIONS):
            group.create_task(load(process.port, account, seen, numbers))
        while sum(seen.statuses.values()) < 500:  # noqa: ASYNC110  # the load has no event to wait for
            await asyncio.sleep(0.02)
        group.create_task(asyncio.to_thread(watch_readiness, process.port, told))
        while 200 not in told:  # noqa: ASYNC110  # asks a server
            await asyncio.sleep(0.01)
        begun = time.monotonic()
        process.process.send_signal(signal.SIGTERM)
        code = await asyncio.to_thread(process.process.wait, 15)
        seconds = time.monotonic() - begun
    assert code == 0
    assert seconds < 10
    assert [task.result() for task in codes] == [1012] * SOCKETS
    assert seen.cut == [], "requests were cut off"
    assert set(seen.statuses) == {200, 201}, seen.statuses
    assert [status for status in told if status][-1] == 503, (
        "readiness failed while connections were still taken"
    )
    stored = set()
    query: str | None = "/entities?limit=200"
    while query:
        page = account.client.get(query)
        stored |= {row["id"] for row in page.json()["data"]}
        query = page.headers.get("link", "").partition(">")[0].removeprefix("<")
    assert stored == seen.created | {account.ids["entity_id"]}
    wrong = [line for line in process.log_lines() if line["level"] in ("error", "critical")]
    assert {line.get("path") for line in wrong} == {"/health/ready"}
