"""The decisions about request and reply heads, without a socket."""

import pytest

from entrypoints.http.hypercorn_protocol.request_head import Refusal, check_framing, check_host, split_target
from entrypoints.http.hypercorn_protocol.response_head import HeadersOfReply, status_line

LENGTH, CODING = b"content-length", b"transfer-encoding"


@pytest.mark.parametrize(
    ("noted", "length"),
    [([], 0), ([(LENGTH, b"12")], 12), ([(CODING, b"Chunked")], None)],
)
def test_reads_the_length_of_a_body(noted: list[tuple[bytes, bytes]], length: int | None) -> None:
    assert check_framing("1.1", noted) == length


@pytest.mark.parametrize(
    "noted",
    [
        [(LENGTH, b"1"), (CODING, b"chunked")],
        [(LENGTH, b"1"), (LENGTH, b"1")],
        [(LENGTH, b"")],
        [(LENGTH, b"1 ")],
        [(CODING, b"gzip, chunked")],
        [(CODING, b"chunked"), (CODING, b"chunked")],
    ],
)
def test_refuses_a_body_two_readers_could_end_differently(noted: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(Refusal) as caught:
        check_framing("1.1", noted)
    assert caught.value.status == 400


@pytest.mark.parametrize("host", [b"t", b"example.org:8000", b"[::1]", b"[::1]:80", b"", b"127.0.0.1"])
def test_takes_hosts(host: bytes) -> None:
    check_host("1.1", [(b"host", host)])


@pytest.mark.parametrize("host", [b"[::1", b"::1]", b"a b", b"a/b", b"u@h", b"h:port", b"h#", "ä".encode()])
def test_refuses_what_is_no_host(host: bytes) -> None:
    with pytest.raises(Refusal):
        check_host("1.1", [(b"host", host)])


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        (b"/a/b?c=d?e", ("/a/b", b"/a/b", b"c=d?e")),
        (b"/%E2%82%AC%2F", ("/€/", b"/%E2%82%AC%2F", b"")),
        (b"//[::1", ("//[::1", b"//[::1", b"")),
        (b"/100%", ("/100%", b"/100%", b"")),
        (b"http://h", ("/", b"/", b"")),
        (b"HTTPS://h:1?q", ("/", b"/", b"q")),
    ],
)
def test_splits_targets(target: bytes, parts: tuple[str, bytes, bytes]) -> None:
    assert split_target("GET", target, []) == parts


def test_an_absolute_target_replaces_the_host() -> None:
    headers = [(b"accept", b"*/*"), (b"host", b"liar")]
    split_target("GET", b"http://real:81/x", headers)
    assert headers == [(b"host", b"real:81"), (b"accept", b"*/*")]


def test_takes_framing_headers_of_the_application_apart() -> None:
    head = HeadersOfReply([(b"Content-Length", b"3"), (b"Transfer-Encoding", b"chunked"), (b"X-A", b"1")])
    assert (head.content_length, head.block, head.closes) == (3, b"x-a: 1\r\n", False)
    assert HeadersOfReply([(b"connection", b"Close")]).closes


@pytest.mark.parametrize("pair", [(b"x", b"a\r\nb: c"), (b"x", b"a\n"), (b"x\r", b"a"), (b"x", b"\0")])
def test_refuses_line_breaks_in_reply_headers(pair: tuple[bytes, bytes]) -> None:
    with pytest.raises(ValueError, match="line break"):
        HeadersOfReply([pair])


def test_knows_status_lines_without_a_phrase() -> None:
    assert status_line(200) == b"HTTP/1.1 200 OK\r\n"
    assert status_line(299) == b"HTTP/1.1 299 \r\n"
