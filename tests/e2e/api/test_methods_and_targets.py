"""Methods and request targets: HEAD, what is not allowed, what is unknown, and what no library would send."""

import typing
from typing import Any

import msgspec
import pytest

from entrypoints.http.operation import Operation
from tests.e2e.api.cases import CASES, address, client_for
from tests.e2e.api.client import PROBLEM, Client, Contract
from tests.e2e.api.declared import declared, name_of
from tests.e2e.api.processes import Process
from tests.e2e.api.world import Account
from tests.integration.server.running import Client as RawClient
from tests.integration.server.running import Reply as RawReply

Declared = Operation[Any, Any]

EVERY = [pytest.param(operation, id=name_of(operation)) for operation in declared()]
PATHS = sorted({each.prefix + each.path for each in declared()})


@pytest.mark.parametrize("path", PATHS)
def test_other_methods_are_named_in_allow(path: str, owner: Account, contract: Contract) -> None:
    named = path
    for each in declared():
        if each.prefix + each.path == path:
            named = address(each, owner.ids)
    allowed = contract.methods(named)
    for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "PROPFIND", "M-SEARCH"):
        if method in allowed:
            continue
        reply = owner.client(method, named)
        assert reply.status_code == 405, (method, reply.text)
        assert reply.headers["content-type"] == PROBLEM
        expected = allowed | ({"HEAD"} if "GET" in allowed else set())
        assert set(reply.headers["allow"].split(", ")) == expected


@pytest.mark.parametrize(
    "operation", [each for each in EVERY if typing.cast(Declared, each.values[0]).method == "GET"]
)
def test_head_answers_as_get_without_a_body(operation: Declared, owner: Account) -> None:
    query = CASES[name_of(operation)].query(owner, owner.ids)
    path = address(operation, owner.ids)
    client = client_for(operation, owner)
    reply = client("HEAD", path, params=query)
    assert reply.status_code == CASES[name_of(operation)].owner
    assert reply.content == b""
    if not CASES[name_of(operation)].is_stream:
        whole = client.get(path, params=query)
        assert reply.headers.get("content-type") == whole.headers.get("content-type")
        assert reply.headers.get("etag") == whole.headers.get("etag")
    # The connection is free again: a reply without an end would keep it.
    assert owner.client.get("/auth/me").status_code == 200


def test_unknown_addresses_are_not_found(nobody: Client, owner: Account) -> None:
    for path in (
        "/",
        "/nothing",
        "/entities/",
        "//entities",
        "/entities/x/y/z",
        "/ENTITIES",
        "/entities;a=b",
        "/docs/../../secret",
        "/docs/%2e%2e%2fmain.py",
        "/docs/nothing.js",
        "/problems/nothing",
        "/%F0%9F%92%A9",
    ):
        for client in (nobody, owner.client):
            reply = client.get(path)
            assert reply.status_code == 404, (path, reply.status_code)
            assert reply.headers["content-type"] == PROBLEM
    plain = nobody.http.get("/api/v1/ws")
    assert (plain.status_code, plain.headers["content-type"]) == (400, PROBLEM), "a socket wants a handshake"
    for path in ("/", "/api", "/favicon.ico", "/metrics/x", "/healthz"):
        reply = nobody.http.get(path)
        assert (reply.status_code, reply.headers["content-type"]) == (404, PROBLEM)


def raw(api: Process, *requests: bytes) -> list[RawReply]:
    """What the server answers to these bytes, each on a connection of its own."""
    replies = []
    for request in requests:
        client = RawClient(api.port)
        try:
            client.send(request)
            replies.append(client.reply())
        finally:
            client.close()
    return replies


def test_requests_no_client_library_would_send(api: Process, owner: Account) -> None:
    def get(target: bytes, *headers: bytes, host: bytes = b"Host: test") -> bytes:
        lines = [b"GET " + target + b" HTTP/1.1", host, *headers]
        return b"\r\n".join([*(line for line in lines if line), b"", b""])

    bad = [
        get(b"http://[::1/"),
        get(b"http://[::1/api/v1/entities"),
        get(b"http:///x"),
        get(b"nonsense"),
        get(b"/\xff"),
        get(b"/%00"),
        get(b"/api/v1/entities/%00"),
        get(b"/api/v1/entities/%ED%A0%80"),
        get(b"/a#b"),
        get(b"/api/v1/asyncapi.json?q=\xff"),
        get(b"/api/v1/asyncapi.json?\xed\xa0\x80=1"),
        get(b"/health", host=b"Host: [::1"),
        get(b"/health", host=b""),
        get(b"/health", b"Host: other"),
        get(b"/health", b"Content-Length: -1"),
        get(b"/health", b"Content-Length: 1", b"Transfer-Encoding: chunked"),
        get(b"/health", b"Transfer-Encoding: gzip"),
        get(b"/health", b"Bad Header: x"),
        get(b"/health", b" folded: x"),
        b"GET /health HTTP/9.9\r\nHost: test\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: test\r\n\r\n",
    ]
    for request, reply in zip(bad, raw(api, *bad), strict=True):
        assert reply.status == 400, (request[:80], reply)
        shown = msgspec.json.decode(reply.body, type=dict[str, object])
        assert (reply.headers["content-type"], shown["status"]) == (PROBLEM, 400), request
        assert {"type", "title", "detail", "instance", "request_id"} <= set(shown), request
    long = [
        get(b"/" + b"x" * 20_000),
        get(b"/health", b"X: " + b"x" * 70_000),
        get(b"/health", *[b"X: x"] * 500),
    ]
    assert [reply.status for reply in raw(api, *long)] == [414, 431, 431]
    assert raw(api, b"CONNECT test:443 HTTP/1.1\r\nHost: test\r\n\r\n")[0].status == 405
    assert owner.client.get("/auth/me").status_code == 200
