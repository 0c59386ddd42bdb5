"""WebSockets over the server: RFC 6455 as seen by a real client, and floods that must not fill the memory."""

import base64
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.sync.client import ClientConnection, connect

from entrypoints.http.hypercorn_protocol.state import Limits, Receive, Scope, Send
from entrypoints.http.server import ServerConfig
from tests.integration.server.apps import quart_app
from tests.integration.server.conftest import Start
from tests.integration.server.running import Client, RunningServer, eventually

HANDSHAKE = (
    b"GET %b HTTP/1.1\r\nHost: t\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + base64.b64encode(b"k" * 16) + b"\r\n\r\n"
)


def socket_to(server: RunningServer, path: str = "/ws") -> ClientConnection:
    return connect(f"ws://127.0.0.1:{server.port}{path}", open_timeout=60, close_timeout=60)


def text(payload: bytes, fin: bool = True, opcode: Opcode = Opcode.TEXT) -> bytes:
    return Frame(opcode, payload, fin).serialize(mask=True)


def close_code(client: Client) -> int:
    """Reads frames up to the close frame."""
    while True:
        first, size = client.exactly(2)
        if size == 126:
            size = int.from_bytes(client.exactly(2))
        payload = client.exactly(size)
        if first & 0x0F == Opcode.CLOSE:
            return int.from_bytes(payload[:2])


def test_echoes_text_and_binary(server: RunningServer) -> None:
    with socket_to(server) as ws:
        for message in ("hällo", b"\x00\xff", "", b"", "x" * 60_000):
            ws.send(message)
            assert ws.recv(60) == message


def test_frames_sent_together_with_the_handshake_are_not_lost(server: RunningServer) -> None:
    with server.client() as client:
        client.send(HANDSHAKE % b"/ws" + text(b"early") + text(b"bird"))
        assert client.reply().status == 101
        assert client.exactly(7) == b"\x81\x05early"
        assert client.exactly(6) == b"\x81\x04bird"


def test_puts_fragments_together_around_a_ping(server: RunningServer) -> None:
    with server.client() as client:
        client.send(HANDSHAKE % b"/ws")
        assert client.reply().status == 101
        client.send(text(b"ab", False) + text(b"?", True, Opcode.PING) + text(b"cd", True, Opcode.CONT))
        assert client.exactly(3) == b"\x8a\x01?"
        assert client.exactly(6) == b"\x81\x04abcd"


def test_does_not_negotiate_compression(server: RunningServer) -> None:
    with socket_to(server) as ws:
        assert ws.response is not None
        assert "sec-websocket-extensions" not in ws.response.headers


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (text(b"x" * 70_000), 1009),
        (text(b"x" * 40_000, False) + text(b"x" * 40_000, True, Opcode.CONT), 1009),
        (text(b"\xff\xfe"), 1007),
        (Frame(Opcode.TEXT, b"unmasked").serialize(mask=False), 1002),
        (text(b"x", True, Opcode.CONT), 1002),
        (b"\xf1\x80\x00\x00\x00\x00", 1002),
    ],
    ids=["message too big", "fragments too big", "not utf-8", "unmasked", "stray fragment", "reserved bits"],
)
def test_closes_on_bad_frames(server: RunningServer, frames: bytes, code: int) -> None:
    with server.client() as client:
        client.send(HANDSHAKE % b"/ws")
        assert client.reply().status == 101
        client.send(frames)
        assert close_code(client) == code
        assert client.is_closed()


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        (b"Version: 13", b"Version: 12", 426),
        (base64.b64encode(b"k" * 16), b"short", 400),
        (b"Sec-WebSocket-Key", b"X-Key", 400),
    ],
)
def test_refuses_bad_handshakes(server: RunningServer, old: bytes, new: bytes, status: int) -> None:
    reply = server.exchange((HANDSHAKE % b"/ws").replace(old, new))
    assert (reply.status, reply.headers["content-type"]) == (status, "application/problem+json")


def test_an_unknown_path_is_answered_over_http(server: RunningServer) -> None:
    with pytest.raises(InvalidStatus) as caught, socket_to(server, "/nowhere"):
        pass
    assert caught.value.response.status_code == 404


def test_a_socket_route_without_upgrade_is_no_500(server: RunningServer) -> None:
    assert server.exchange(b"GET /ws HTTP/1.1\r\nHost: t\r\n\r\n").status < 500


def test_tears_the_handler_down_when_the_client_leaves(start: Start) -> None:
    app = quart_app()
    server = start(app)
    client = Client(server.port)
    client.send(HANDSHAKE % b"/ws")
    client.reply()
    client.close()
    eventually(lambda: "socket torn down" in app.extensions["seen"])
    eventually(lambda: [status for _, status, _, _ in server.responses] == [101])


def test_tears_the_handler_down_even_when_it_never_reads(start: Start) -> None:
    app = quart_app()
    server = start(app)
    with socket_to(server, "/deaf") as ws:
        ws.send("ignored")
    eventually(lambda: "socket torn down" in app.extensions["seen"])


def test_pings_and_gives_up_on_a_silent_peer(start: Start) -> None:
    limits = Limits(websocket_ping_seconds=0.2)
    server = start(None, ServerConfig(limits=limits, linger_seconds=0.05))
    with server.client() as client:
        client.send(HANDSHAKE % b"/ws")
        client.reply()
        assert client.exactly(2) == b"\x89\x00"
        assert client.is_closed()


def test_cuts_off_a_peer_that_takes_nothing(start: Start) -> None:
    app = quart_app()
    server = start(app, ServerConfig(limits=Limits(websocket_ping_seconds=0.2), linger_seconds=0.05))
    with server.client() as client:
        client.send(HANDSHAKE % b"/flood")
        eventually(lambda: "socket torn down" in app.extensions["seen"])
        assert app.extensions["seen"].count("sent") < 1000


def test_the_subprotocol_must_have_been_offered(start: Start) -> None:
    async def choose(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "websocket", "lifespan is not spoken here"
        await receive()
        await send({"type": "websocket.accept", "subprotocol": scope["subprotocols"][-1]})
        await send({"type": "websocket.send", "text": "hi"})
        await send({"type": "websocket.close", "code": 4401, "reason": "bye"})

    server = start(choose)
    url = f"ws://127.0.0.1:{server.port}/"
    with connect(url, subprotocols=["a", "b"]) as ws:  # type: ignore[list-item]  # a NewType over str
        assert ws.subprotocol == "b"
        assert ws.recv(60) == "hi"
        with pytest.raises(ConnectionClosed) as caught:
            ws.recv(60)
    assert caught.value.rcvd is not None
    assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (4401, "bye")


@contextmanager
def server_process(loop: str) -> Iterator[tuple[psutil.Process, int]]:
    root = Path(__file__).parents[3]
    command = [sys.executable, "-m", "tests.integration.server.process", loop]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own module
        assert process.stdout is not None
        try:
            yield psutil.Process(process.pid), int(process.stdout.readline())
        finally:
            process.kill()


FLOODS = {
    "messages of 16 kB": (text(os.urandom(4000).hex().encode() * 2), 200),
    "tiny messages": (text(b"x") * 1000, 50),
    "pings": (text(b"x" * 100, True, Opcode.PING) * 100, 50),
    "empty fragments": (text(b"", False, Opcode.CONT) * 1000, 50),
}


@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_does_not_fill_the_memory(loop_name: str, flood: str) -> None:
    frames, megabytes = FLOODS[flood]
    start_of_flood = text(b"", False) if flood == "empty fragments" else b""
    with server_process(loop_name) as (process, port):
        client = Client(port)
        client.send(HANDSHAKE % b"/deaf" + start_of_flood)
        assert client.reply().status == 101
        client.socket.settimeout(1.0)  # for what is held back
        before = process.memory_info().rss
        peak = [before]
        watching = threading.Event()

        def watch() -> None:
            while not watching.wait(0.02):
                peak[0] = max(peak[0], process.memory_info().rss)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            for _ in range(megabytes * 1_000_000 // len(frames)):
                client.send(frames)
        except (TimeoutError, ConnectionError):
            pass  # held back or cut off: both keep the memory
        finally:
            watching.set()
            watcher.join()
            client.close()
        assert peak[0] - before < 30_000_000
        with socket.create_connection(("127.0.0.1", port), 30) as other:
            other.sendall(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
            assert other.recv(100).startswith(b"HTTP/1.1 200")


def test_a_handler_that_never_reads_is_ended_with_1008(loop_name: str) -> None:
    with server_process(loop_name) as (_, port), closing(Client(port)) as client:
        client.send(HANDSHAKE % b"/deaf")
        assert client.reply().status == 101
        client.send(text(b"x") * 200)
        assert close_code(client) == 1008
