"""Stopping: nobody who was heard goes unanswered, and the process is gone in time."""

import asyncio
import errno
import json
import signal
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack, closing
from time import monotonic
from typing import cast

import psutil
import pytest
from quart import Quart
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from benchmarks.load import LoadResult
from entrypoints.http import server as server_module
from entrypoints.http.hypercorn_protocol.state import Application
from entrypoints.http.server import AddressInUse, CannotBind, ServerConfig, serve
from tests.integration.server.apps import quart_app
from tests.integration.server.conftest import Start
from tests.integration.server.running import Client, eventually
from tests.integration.server.test_websocket import server_process

# Far more than any stop takes that does not wait for the end of it.
LONG = ServerConfig(grace_seconds=60, linger_seconds=0.05)
AT_ONCE = 20
DRIVEN = 32


def test_a_request_in_flight_is_answered_and_its_connection_closed(start: Start) -> None:
    app = quart_app()
    server = start(app, LONG)
    with server.client() as client:
        client.get("/slow?seconds=0.5")
        eventually(lambda: "slow started" in app.extensions["seen"])
        server.begin_stop()
        reply = client.reply()
        assert (reply.body, reply.headers["connection"]) == (b"slow", "close")
        assert client.is_closed()
    assert server.stop() < AT_ONCE


def test_idle_connections_are_closed(start: Start) -> None:
    server = start(None, LONG)
    with server.client() as client:
        client.get()
        client.reply()
        assert server.stop() < AT_ONCE
        assert client.is_closed()


def test_what_outlasts_the_grace_time_is_told_so(start: Start) -> None:
    app = quart_app()
    server = start(app, ServerConfig(grace_seconds=0.3, linger_seconds=0.05))
    with server.client() as client:
        client.get("/slow")
        eventually(lambda: "slow started" in app.extensions["seen"])
        assert server.stop() < 8, "8 s is the grace time of a server that is told none"
        assert client.reply().status == 503
    assert "slow cancelled" in app.extensions["seen"]


def test_sockets_are_closed_with_1012(start: Start) -> None:
    app = quart_app()
    server = start(app, LONG)
    with connect(f"ws://127.0.0.1:{server.port}/ws", open_timeout=60) as ws:
        ws.send("x")
        assert ws.recv(60) == "x"
        server.begin_stop()
        with pytest.raises(ConnectionClosed) as caught:
            ws.recv(60)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1012
    assert server.stop() < AT_ONCE
    assert "socket torn down" in app.extensions["seen"]


def test_the_drain_hook_comes_first_and_new_requests_are_still_answered(start: Start) -> None:
    drained = threading.Event()

    async def on_drain() -> None:
        drained.set()

    # What follows has to come to pass while the server lingers.
    server = start(None, ServerConfig(on_drain=on_drain, linger_seconds=4, grace_seconds=30))
    with server.client() as old:
        old.get()
        old.reply()
        server.begin_stop()
        assert drained.wait(60)
        old.get()
        assert old.reply().headers["connection"] == "close"
        with server.client() as new:
            new.get()
            assert new.reply().status == 200


@pytest.mark.parametrize("fault", ["raises", "hangs"])
def test_a_broken_drain_hook_does_not_keep_the_server_up(
    start: Start, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "_ON_DRAIN_SECONDS", 3600.0)  # the grace time is what ends it

    async def on_drain() -> None:
        if fault == "raises":
            raise RuntimeError("on purpose")
        await asyncio.Event().wait()

    server = start(None, ServerConfig(on_drain=on_drain, grace_seconds=0.3, linger_seconds=0.05))
    assert server.stop() < AT_ONCE


def connections(process: psutil.Process) -> int:
    """How many the process has accepted, and nobody has closed."""
    return sum(each.status == psutil.CONN_ESTABLISHED for each in process.net_connections("tcp"))


def driving(url: str) -> "subprocess.Popen[str]":
    """Some seconds of load from a process of its own, which nothing here can hold up."""
    options = ["--connections", str(DRIVEN), "--seconds", "5"]
    command = [sys.executable, "-m", "benchmarks.load", url, *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own module


def test_sigterm_under_load_with_open_sockets_loses_nothing(loop_name: str) -> None:
    with server_process(loop_name) as (process, port), ExitStack() as stack:
        url = f"ws://127.0.0.1:{port}/ws"
        sockets = [stack.enter_context(connect(url, open_timeout=60)) for _ in range(20)]
        driver = stack.enter_context(driving(f"http://127.0.0.1:{port}/slow?seconds=0.02"))
        eventually(lambda: connections(process) >= len(sockets) + DRIVEN, 60)  # the load has begun
        with closing(Client(port)) as probe:
            for _ in range(10):
                probe.get("/slow?seconds=0.02")
                assert probe.reply().status == 200
        started = monotonic()
        process.send_signal(signal.SIGTERM)
        codes = []
        for ws in sockets:
            with pytest.raises(ConnectionClosed) as caught:
                ws.recv(60)
            assert caught.value.rcvd is not None
            codes.append(caught.value.rcvd.code)
        process.wait(10)
        assert monotonic() - started < 10
        told, _ = driver.communicate(timeout=60)
    result = LoadResult(**json.loads(told))
    assert codes == [1012] * 20
    assert set(result.statuses) == {"200"}
    assert result.requests > DRIVEN
    assert result.broken == 0


def test_a_busy_port_is_said_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AddressInUse) as caught:
            _serve(_plain(), ServerConfig(port=port))
    assert str(caught.value) == f"cannot listen on 127.0.0.1:{port}: the address is in use"
    assert caught.value.errno == errno.EADDRINUSE


def test_an_address_of_another_machine_is_said_in_one_line() -> None:
    with pytest.raises(CannotBind, match=r"cannot listen on 192\.0\.2\.1:0"):
        _serve(_plain(), ServerConfig(host="192.0.2.1", port=0))


def test_a_start_up_that_fails_ends_the_server_with_its_reason() -> None:
    app = _plain()

    @app.before_serving
    async def refuse() -> None:
        raise RuntimeError("no database")

    with pytest.raises(Exception, match="no database"):
        _serve(app, ServerConfig(port=0))


def test_the_application_is_started_before_and_stopped_after_serving(start: Start) -> None:
    app, seen = quart_app(), list[str]()

    @app.before_serving
    async def up() -> None:
        seen.append("up")

    @app.after_serving
    async def down() -> None:
        seen.append("down")

    server = start(app)
    assert server.exchange(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n").status == 200
    assert seen == ["up"]
    server.stop()
    assert seen == ["up", "down"]


def _serve(app: Quart, config: ServerConfig) -> None:
    asyncio.run(serve(cast(Application, app), config, stop=asyncio.Event()))


def _plain() -> Quart:
    return Quart(__name__)
