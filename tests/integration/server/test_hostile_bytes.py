"""What no client should send: refused with a 4xx problem, the connection closed, nothing smuggled."""

import contextlib
import json

import pytest

from entrypoints.http.hypercorn_protocol.state import Limits
from entrypoints.http.server import ServerConfig
from tests.integration.server.conftest import Start
from tests.integration.server.running import RunningServer, eventually

HOST = b"Host: t\r\n"
SMUGGLED = b"GET /query?q=smuggled HTTP/1.1\r\nHost: t\r\n\r\n"

POST = b"POST /echo HTTP/1.1\r\n" + HOST
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"

TE = b"Transfer-Encoding: chunked\r\n"

MALFORMED = {
    "no http at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "lower case method": b"get / HTTP/1.1\r\n" + HOST + b"\r\n",
    "unknown method": b"FROB / HTTP/1.1\r\n" + HOST + b"\r\n",
    "no version": b"GET /\r\n\r\n",
    "version 0.9": b"GET / HTTP/0.9\r\n" + HOST + b"\r\n",
    "version 2.0": b"GET / HTTP/2.0\r\n" + HOST + b"\r\n",
    "version 1.2": b"GET / HTTP/1.2\r\n" + HOST + b"\r\n",
    "broken bracket": b"GET http://[::1/ HTTP/1.1\r\n" + HOST + b"\r\n",
    "absolute without host": b"GET http:///x HTTP/1.1\r\n" + HOST + b"\r\n",
    "other scheme": b"GET ftp://t/ HTTP/1.1\r\n" + HOST + b"\r\n",
    "relative target": b"GET index HTTP/1.1\r\n" + HOST + b"\r\n",
    "asterisk get": b"GET * HTTP/1.1\r\n" + HOST + b"\r\n",
    "fragment": b"GET /a#b HTTP/1.1\r\n" + HOST + b"\r\n",
    "space in target": b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n",
    "nul in target": b"GET /a\0b HTTP/1.1\r\n" + HOST + b"\r\n",
    "encoded nul": b"GET /a%00b HTTP/1.1\r\n" + HOST + b"\r\n",
    "raw utf-8 in target": "GET /é HTTP/1.1\r\nHost: t\r\n\r\n".encode(),
    "not utf-8 once decoded": b"GET /%ff%fe HTTP/1.1\r\n" + HOST + b"\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
    "host with bracket": b"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
    "host with path": b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "host with user": b"GET / HTTP/1.1\r\nHost: u@b\r\n\r\n",
    "space before colon": b"GET / HTTP/1.1\r\nHost : t\r\n\r\n",
    "folded header": b"GET / HTTP/1.1\r\n" + HOST + b"X-A: 1\r\n 2\r\n\r\n",
    "nul in header": b"GET / HTTP/1.1\r\n" + HOST + b"X-A: 1\x002\r\n\r\n",
    "bare carriage return": b"GET / HTTP/1.1\r\n" + HOST + b"X-A: 1\rX-B: 2\r\n\r\n",
    "bare line feeds": b"GET / HTTP/1.1\nHost: t\n\n",
    "header without name": b"GET / HTTP/1.1\r\n" + HOST + b": x\r\n\r\n",
    "length and coding": POST + b"Content-Length: 4\r\n" + TE + b"\r\n0\r\n\r\n" + SMUGGLED,
    "coding and length": POST + TE + b"Content-Length: 4\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "two lengths": POST + b"Content-Length: 4\r\nContent-Length: 0\r\n\r\n" + SMUGGLED,
    "list of lengths": POST + b"Content-Length: 4, 4\r\n\r\nabcd" + SMUGGLED,
    "negative length": POST + b"Content-Length: -1\r\n\r\n" + SMUGGLED,
    "signed length": POST + b"Content-Length: +4\r\n\r\nabcd" + SMUGGLED,
    "hexadecimal length": POST + b"Content-Length: 0x4\r\n\r\nabcd" + SMUGGLED,
    "endless length": POST + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n",
    "coding unknown": POST + b"Transfer-Encoding: gzip\r\n\r\n" + SMUGGLED,
    "coding twice": POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "coding disguised": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "coding with tab": POST + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "coding on 1.0": b"POST / HTTP/1.0\r\n" + HOST + TE + b"\r\n0\r\n\r\n" + SMUGGLED,
    "chunk size not a number": CHUNKED + b"xyz\r\n",
    "chunk size negative": CHUNKED + b"-1\r\nabc\r\n",
    "chunk size endless": CHUNKED + b"f" * 40 + b"\r\n",
    "chunk longer than said": CHUNKED + b"3\r\nabcdef\r\n0\r\n\r\n" + SMUGGLED,
    "upgrade with a body": POST + b"Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: "
    + str(len(SMUGGLED)).encode() + b"\r\n\r\n" + SMUGGLED,
    "upgrade with chunks": b"GET /ws HTTP/1.1\r\n" + HOST + b"Connection: upgrade\r\nUpgrade: websocket\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
}  # fmt: skip


@pytest.mark.parametrize("request_bytes", MALFORMED.values(), ids=MALFORMED.keys())
def test_refuses(server: RunningServer, request_bytes: bytes) -> None:
    with server.client() as client:
        client.send(request_bytes)
        reply = client.reply()
        assert reply.status == 400
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.headers["connection"] == "close"
        assert reply.json()["status"] == 400
        assert client.rest() == b""
    eventually(lambda: {status for _, status, _, _ in server.responses} == {400})


OTHER_REFUSALS = {
    "target too long": (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
    "one header too large": (b"GET / HTTP/1.1\r\n" + HOST + b"X-A: " + b"a" * 40_000 + b"\r\n\r\n", 431),
    "a header that never ends": (b"GET / HTTP/1.1\r\n" + HOST + b"X-A: " + b"a" * 400_000, 431),
    "a header name that never ends": (b"GET / HTTP/1.1\r\n" + HOST + b"a" * 400_000, 431),
    "too many headers": (b"GET / HTTP/1.1\r\n" + HOST + b"X-A: 1\r\n" * 200 + b"\r\n", 431),
    "tunnel": (b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 405),
    "unknown expectation": (POST + b"Expect: magic\r\nContent-Length: 1\r\n\r\na", 417),
}  # fmt: skip


@pytest.mark.parametrize(("request_bytes", "status"), OTHER_REFUSALS.values(), ids=OTHER_REFUSALS.keys())
def test_refuses_with_its_own_status(server: RunningServer, request_bytes: bytes, status: int) -> None:
    reply = server.exchange(request_bytes)
    assert (reply.status, reply.headers["content-type"]) == (status, "application/problem+json")


def test_options_asterisk_does_not_reach_a_route(server: RunningServer) -> None:
    assert server.exchange(b"OPTIONS * HTTP/1.1\r\nHost: t\r\n\r\n").status == 400


def test_answers_good_requests_before_a_bad_one(server: RunningServer) -> None:
    with server.client() as client:
        client.send(
            b"GET /slow?seconds=0.1 HTTP/1.1\r\nHost: t\r\n\r\nGET / HTTP/1.1\r\nHost: t\r\n\r\nBOO\r\n\r\n"
        )
        assert [client.reply().status for _ in range(3)] == [200, 200, 400]
        assert client.is_closed()


@pytest.mark.parametrize("chunked", [False, True])
def test_refuses_bodies_over_the_limit(start: Start, chunked: bool) -> None:
    server = start(None, ServerConfig(limits=Limits(body_bytes=100_000), linger_seconds=0.05))
    with server.client() as client:
        if chunked:
            client.send(b"POST /size HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n")
            client.send((b"1000\r\n" + b"x" * 4096 + b"\r\n") * 50)
        else:
            client.send(b"POST /size HTTP/1.1\r\nHost: t\r\nContent-Length: 100001\r\n\r\n" + b"x" * 100_001)
        assert client.reply().status == 413
        assert client.is_closed()
    reply = server.exchange(
        b"POST /size HTTP/1.1\r\nHost: t\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000
    )
    assert reply.json() == {"size": 100_000}


def test_the_application_may_word_the_refusal(start: Start) -> None:
    def word(status: int, detail: str) -> bytes:
        return json.dumps({"own": status, "detail": detail}).encode()

    server = start(None, ServerConfig(problem=word, linger_seconds=0.05))
    assert server.exchange(b"BOO\r\n\r\n").json()["own"] == 400


def test_random_bytes_get_a_refusal_or_nothing_and_harm_nobody(server: RunningServer) -> None:
    import random  # noqa: PLC0415 - used here only

    source = random.Random(7)  # noqa: S311 - a reproducible fuzz, no secret
    seeds = list(MALFORMED.values())
    for _ in range(150):
        data = bytearray(source.choice(seeds))
        for _ in range(source.randint(1, 6)):
            data[source.randrange(len(data))] = source.randrange(256)
        with server.client() as client:
            client.send(bytes(data))
            with contextlib.suppress(OSError):  # the server may have left already
                client.socket.shutdown(1)
            answer = client.rest()
            assert b"HTTP/1.1 5" not in answer, bytes(data)
    assert server.exchange(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n").status == 200
