"""HTTP/1.1 as clients and proxies rely on it: framing, order, connections, and what a client leaving does."""

import asyncio

import pytest
from quart import Quart

from entrypoints.http.hypercorn_protocol.state import Limits, Receive, Scope, Send
from entrypoints.http.server import ServerConfig
from tests.integration.server.apps import quart_app
from tests.integration.server.conftest import Start
from tests.integration.server.running import Reply, RunningServer, eventually


def test_answers_on_one_connection_again_and_again(server: RunningServer) -> None:
    with server.client() as client:
        for _ in range(3):
            client.get()
            reply = client.reply()
            assert (reply.status, reply.json()) == (200, {"message": "hello"})
            assert "date" in reply.headers
            assert "connection" not in reply.headers


def test_answers_pipelined_requests_in_order(server: RunningServer) -> None:
    with server.client() as client:
        targets = ["/slow?seconds=0.05", "/", "/query?q=3", "/"] * 20
        client.send(b"".join(f"GET {target} HTTP/1.1\r\nHost: t\r\n\r\n".encode() for target in targets))
        bodies = [client.reply().body for _ in targets]
        assert bodies[0] == b"slow"
        assert bodies[2] == bodies[6]
        assert b'"q":"3"' in bodies[2]
        assert [body == b"slow" for body in bodies] == [target.startswith("/slow") for target in targets]


def test_takes_thousands_of_pipelined_requests_a_few_at_a_time(server: RunningServer) -> None:
    with server.client() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n" * 3000)
        assert {client.reply().status for _ in range(3000)} == {200}


def test_reads_requests_that_arrive_byte_by_byte(server: RunningServer) -> None:
    with server.client() as client:
        for byte in b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc":
            client.send(bytes([byte]))
        assert client.reply().body == b"abc"


@pytest.mark.parametrize("size", [1, 70_000, 3_000_000])
def test_echoes_bodies_of_declared_length(server: RunningServer, size: int) -> None:
    with server.client() as client:
        client.send(b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)
        assert client.reply().body == b"x" * size
        client.get()
        assert client.reply().status == 200


def test_reads_chunked_bodies_and_drops_trailers(server: RunningServer) -> None:
    with server.client() as client:
        client.send(b"POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n")
        client.send(b"3\r\nabc\r\n5;ext=1\r\ndefgh\r\n0\r\nX-Trailer: 1\r\n\r\n")
        assert client.reply().body == b"abcdefgh"
        client.get()
        assert client.reply().status == 200


def test_says_continue_before_an_expected_body(server: RunningServer) -> None:
    with server.client() as client:
        client.send(b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert client.reply().status == 100
        client.send(b"ok")
        assert client.reply().body == b"ok"


def test_closes_when_a_body_was_not_wanted(server: RunningServer) -> None:
    with server.client() as client:
        client.send(b"POST /ignore HTTP/1.1\r\nHost: t\r\nContent-Length: 500000\r\n\r\nx")
        reply = client.reply()
        assert (reply.body, reply.headers["connection"]) == (b"not interested", "close")
        client.send(b"x" * 400_000)  # is read and thrown away instead of answered with a reset
        assert client.is_closed()


def test_head_has_the_length_but_not_the_body(server: RunningServer) -> None:
    with server.client() as client:
        client.send(b"HEAD / HTTP/1.1\r\nHost: t\r\n\r\n")
        reply = client.reply(to_head=True)
        assert int(reply.headers["content-length"]) > 0
        client.get()
        assert client.reply().json() == {"message": "hello"}


def test_no_content_has_neither_length_nor_body(server: RunningServer) -> None:
    with server.client() as client:
        client.get("/empty")
        reply = client.reply()
        assert reply.status == 204
        assert not {"content-length", "transfer-encoding"} & reply.headers.keys()
        client.get()
        assert client.reply().status == 200


def test_streams_in_chunks_and_keeps_the_connection(server: RunningServer) -> None:
    with server.client() as client:
        client.get("/stream?parts=3")
        reply = client.reply()
        assert (reply.headers["transfer-encoding"], reply.body) == ("chunked", b"x" * 30)
        client.get()
        assert client.reply().status == 200


def test_http10_streams_end_with_the_connection(server: RunningServer) -> None:
    with server.client() as client:
        client.send(b"GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        reply = client.reply()
        assert "transfer-encoding" not in reply.headers
        assert (reply.headers["connection"], reply.body) == ("close", b"x" * 30)


def test_http10_is_kept_alive_only_when_asked(server: RunningServer) -> None:
    with server.client() as client:
        client.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert client.reply().headers["connection"] == "keep-alive"
        client.send(b"GET / HTTP/1.0\r\n\r\n")
        assert client.reply().headers["connection"] == "close"
        assert client.is_closed()


def test_closes_when_the_client_says_so(server: RunningServer) -> None:
    with server.client() as client:
        client.get("/", "Connection: close")
        assert client.reply().headers["connection"] == "close"
        assert client.is_closed()


def test_takes_absolute_targets_and_their_host(server: RunningServer) -> None:
    reply = server.exchange(b"GET http://other.example:81/query?q=%C3%A9 HTTP/1.1\r\nHost: t\r\n\r\n")
    assert reply.json() == {"path": "/query", "q": "é", "host": "other.example:81"}


def test_h2c_upgrades_are_ignored(server: RunningServer) -> None:
    headers = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk")
    with server.client() as client:
        for _ in range(2):
            client.get("/", *headers)
            assert client.reply().status == 200


def test_a_handler_that_fails_costs_its_own_request_only(server: RunningServer) -> None:
    with server.client() as client:
        client.get("/fail")
        assert client.reply().status == 500
        client.get()
        assert client.reply().status == 200


def test_cancels_the_handler_when_the_client_leaves(start: Start) -> None:
    app = quart_app()
    server = start(app)
    with server.client() as client:
        client.get("/slow")
        eventually(lambda: "slow started" in app.extensions["seen"])
    eventually(lambda: "slow cancelled" in app.extensions["seen"])
    eventually(lambda: 499 in [status for _, status, _, _ in server.responses])


@pytest.mark.parametrize("sent", [b"", b"1234", b"12345678"])
def test_cancels_a_handler_with_a_body_when_the_client_leaves(start: Start, sent: bytes) -> None:
    app = quart_app()
    server = start(app)
    with server.client() as client:
        client.send(b"POST /wait HTTP/1.1\r\nHost: t\r\nContent-Length: 8\r\n\r\n" + sent)
        eventually(lambda: "wait started" in app.extensions["seen"])
    eventually(lambda: "wait cancelled" in app.extensions["seen"])


def test_waits_for_a_client_that_reads_slowly(start: Start) -> None:
    app = quart_app()
    server = start(app)
    parts, size = 400, 100_000
    with server.client() as client:
        client.get(f"/stream?parts={parts}&size={size}")
        client.until(b"\r\n\r\n")
        before = -1
        while before != len(app.extensions["seen"]):  # until the stream stands still
            before = len(app.extensions["seen"])
            with server.client() as other:
                for _ in range(20):
                    other.get()
                    other.reply()
        assert before < parts / 2
        total = client._chunks()
        assert len(total) == parts * size
    assert len(app.extensions["seen"]) == parts


def test_holds_back_a_body_the_application_does_not_read(start: Start) -> None:
    async def deaf(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        while (await receive())["type"] != "http.disconnect":
            await asyncio.Event().wait()

    server = start(deaf)
    with server.client() as client:
        client.socket.settimeout(0.5)
        client.send(b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 60000000\r\n\r\n")
        with pytest.raises(TimeoutError):
            client.send(b"x" * 50_000_000)


async def _lifespan(receive: Receive, send: Send) -> None:
    for stage in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{stage}.complete"})


def test_a_reply_with_a_line_break_in_a_header_is_not_sent(start: Start) -> None:
    async def split(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        headers = [(b"x-name", b"a\r\nset-cookie: evil=1")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"x"})

    reply = start(split).exchange(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
    assert reply.status == 500
    assert "set-cookie" not in reply.headers


def test_tells_the_access_log_what_happened(server: RunningServer) -> None:
    assert isinstance(server.exchange(b"GET /query HTTP/1.1\r\nHost: t\r\n\r\n"), Reply)
    eventually(lambda: server.responses)
    scope, status, sent, seconds = server.responses[0]
    assert scope is not None
    assert (scope["path"], status) == ("/query", 200)
    assert sent > 0
    assert seconds > 0


def test_closes_idle_connections(start: Start) -> None:
    server = start(None, ServerConfig(limits=Limits(idle_seconds=0.2), linger_seconds=0.05))
    with server.client() as client:
        client.get()
        assert client.reply().status == 200
        assert client.is_closed()


def test_gives_up_on_a_head_that_never_ends(start: Start) -> None:
    # Counted from the moment the client connects: long enough for its first words to arrive.
    server = start(None, ServerConfig(limits=Limits(head_seconds=2), linger_seconds=0.05))
    with server.client() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: t\r\nX-")
        assert client.reply().status == 408


def test_gives_up_on_a_body_that_stands_still(start: Start) -> None:
    server = start(None, ServerConfig(limits=Limits(stall_seconds=0.2), linger_seconds=0.05))
    with server.client() as client:
        client.send(b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nabc")
        assert client.reply().status == 408


def test_cuts_off_a_client_that_never_reads(start: Start) -> None:
    app: Quart = quart_app()
    server = start(app, ServerConfig(limits=Limits(stall_seconds=0.2), linger_seconds=0.05))
    with server.client() as client:
        client.get("/stream?parts=1000&size=100000")
        eventually(lambda: server.responses)
        assert len(client.rest()) < 50_000_000


def test_says_so_when_there_are_too_many_connections(start: Start) -> None:
    server = start(None, ServerConfig(limits=Limits(connections=1), linger_seconds=0.05))
    with server.client() as first, server.client() as second:
        assert second.reply().status == 503
        first.get()
        assert first.reply().status == 200
