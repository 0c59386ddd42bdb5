"""Notices an upgrade of Hypercorn, Quart, httptools or websockets that moves what we lean on."""

import inspect
from collections.abc import Callable

import h2.config
import h2.connection
import h2.events
import httptools
import pytest
from hypercorn.asyncio.lifespan import Lifespan
from hypercorn.asyncio.task_group import TaskGroup
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.protocol import ProtocolWrapper
from hypercorn.utils import wrap_app
from quart.asgi import ASGIHTTPConnection, ASGIWebsocketConnection
from quart.wrappers.response import DataBody
from websockets.server import ServerProtocol

from entrypoints.http.server import ServerConfig
from tests.integration.server.conftest import Start
from tests.integration.server.running import Client

SEAMS: dict[Callable[..., object], str] = {
    ProtocolWrapper.__init__: "self app config context task_group state ssl client server send alpn_protocol",
    ProtocolWrapper.handle: "self event",
    Lifespan.__init__: "self app config loop lifespan_state",
    TaskGroup.__init__: "self loop",
    WorkerContext.__init__: "self max_requests",
    Config.create_sockets: "self",
    wrap_app: "app wsgi_max_body_size mode",
    ASGIHTTPConnection.__init__: "self app scope",
    ASGIHTTPConnection.__call__: "self receive send",
    ASGIHTTPConnection.handle_request: "self request send",
    ASGIHTTPConnection._create_request_from_scope: "self send",
    ASGIHTTPConnection._send_response: "self send response",
    ASGIWebsocketConnection.__init__: "self app scope",
    ASGIWebsocketConnection._create_websocket_from_scope: "self send",
    ASGIWebsocketConnection.handle_websocket: "self websocket send",
    DataBody.__init__: "self data",
    ServerProtocol.accept: "self request",
    ServerProtocol.receive_data: "self data",
    ServerProtocol.fail: "self code reason",
}


@pytest.mark.parametrize("seam", SEAMS, ids=lambda seam: seam.__qualname__)
def test_a_seam_is_where_it_was(seam: Callable[..., object]) -> None:
    found = " ".join(inspect.signature(seam).parameters)
    assert found == SEAMS[seam], (
        f"{seam} changed; read entrypoints/http/hypercorn_protocol and asgi_http.py against the new version"
    )


def test_the_parser_is_strict_by_itself() -> None:
    class Nothing:
        """No callbacks: only the framing is looked at."""

    both = b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
    for data in (both, b"GET / HTTP/1.1\nHost: t\n\n", b"GET / HTTP/1.1\r\nHost : t\r\n\r\n"):
        with pytest.raises(httptools.HttpParserError):
            httptools.HttpRequestParser(Nothing()).feed_data(data)


def _h2_get(client: Client, path: str) -> tuple[int, bytes]:
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
    connection.initiate_connection()
    headers = [(":method", "GET"), (":path", path), (":scheme", "http"), (":authority", "t")]
    connection.send_headers(1, headers, end_stream=True)
    data = connection.data_to_send()
    client.send(data[:5])  # the preface in two pieces
    client.send(data[5:])
    status, body = 0, b""
    while True:
        for event in connection.receive_data(client.socket.recv(65536)):
            if isinstance(event, h2.events.ResponseReceived):
                status = int(next(value for name, value in event.headers if name == b":status"))
            elif isinstance(event, h2.events.DataReceived):
                body += event.data
            elif isinstance(event, h2.events.StreamEnded):
                return status, body
        client.send(connection.data_to_send())


def test_http2_with_prior_knowledge_is_hypercorns(start: Start) -> None:
    server = start(None, ServerConfig(grace_seconds=60, linger_seconds=0.05))
    with server.client() as client:
        status, body = _h2_get(client, "/query?q=1")
        assert (status, b'"q":"1"' in body) == (200, True)
    with server.client() as client:
        assert _h2_get(client, "//[::1")[0] < 500
    assert server.stop() < 20, "nothing is waited for"
