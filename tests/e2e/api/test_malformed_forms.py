"""Uploads and OAuth forms that cannot be read: refused in the right words, and nothing stored."""

from collections.abc import Callable

import pytest

from tests.e2e.api.client import Client
from tests.e2e.api.processes import MAX_BODY
from tests.e2e.api.world import Account, settle

Footprint = Callable[[Account], dict[str, int]]


def multipart(*parts: tuple[str, bytes], end: bytes = b"--b--\r\n") -> bytes:
    written = [b"--b\r\nContent-Disposition: " + head.encode() + b"\r\n\r\n" + body for head, body in parts]
    return b"\r\n".join(written) + b"\r\n" + end


FILE = 'form-data; name="file"; filename="a.txt"'


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", {400, 422}),
        (b"--b", {400, 422}),
        (b"--b\r\n\r\n", {400, 422}),
        (b"--b--\r\n", {422}),
        (b"x" * 1000, {400, 422}),
        (multipart((FILE, b"Ada"), end=b""), {400, 422}),
        (multipart((FILE, b"Ada"), end=b"--c--"), {400, 422}),
        (multipart(("form-data", b"Ada")), {400, 422}),
        (multipart(("attachment", b"Ada")), {400, 422}),
        (multipart(('form-data; name="file"', b"Ada")), {422}),
        (multipart(('form-data; name="other"; filename="a.txt"', b"Ada")), {422}),
        (multipart((FILE, b"Ada"), (FILE, b"Bob")), {422}),
        (multipart((FILE, b"")), {422}),
        (multipart((FILE, b"\xff\xfe")), {422}),
        (multipart((FILE, b"a\0b")), {422}),
        (multipart((FILE, b"\xed\xa0\x80")), {422}),
        (multipart((FILE.replace("a.txt", "a\\u0000.exe"), b"MZ")), {415, 422}),
        (multipart((FILE, b"Ada"), ('form-data; name="title"', b"\xff")), {422}),
        (multipart((FILE, b"Ada"), ('form-data; name="title"', b"a\0b")), {422}),
        (multipart((FILE, b"Ada"), ('form-data; name="ti\0tle"', b"a")), {400, 422}),
        (multipart((FILE, b"Ada"), ('form-data; name="metadata"', b"[" * 100_000)), {422}),
        (multipart((FILE, b"Ada"), ('form-data; name="metadata"', b'{"a": "\\ud800"}')), {422}),
        (multipart((FILE, b"Ada"), ('form-data; name="metadata"', b'{"a": "\\u0000"}')), {422}),
        (multipart((FILE, b"Ada"), ('form-data; name="metadata"', b'{"a": 1e400}')), {422}),
        (multipart((FILE, b"Ada"), ('form-data; name="metadata"', b"NaN")), {422}),
        (multipart((FILE, b"Ada"), ('form-data; name="tags"', b"\0")), {422}),
        (multipart((FILE, b"Ada"), ('form-data; name="nonsense"', b"a")), {422}),
        (multipart((FILE, b"Ada"), *[('form-data; name="tags"', b"a")] * 200), {400, 413, 422}),
        (multipart((FILE, b"Ada"), ('form-data; name="title"', b"x" * 200_000)), {413, 422}),
        (multipart((FILE, b"x" * (MAX_BODY + 1))), {413}),
    ],
)
def test_refuses_malformed_uploads(
    content: bytes, expected: set[int], victim: Account, footprint: Footprint
) -> None:
    settle(victim)
    before = footprint(victim)
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    reply = victim.client.post("/documents/upload", content=content, headers=headers)
    assert reply.status_code in expected, (content[:200], reply.status_code, reply.text[:300])
    assert footprint(victim) == before


def test_refuses_uploads_of_another_type_or_without_a_boundary(victim: Account) -> None:
    for content_type, expected in (
        (None, 415),
        ("application/json", 415),
        ("multipart/form-data", 400),
        ("multipart/form-data; boundary=", 400),
        ("multipart/form-data; boundary=é", 400),
        ("multipart/form-data; boundary=" + "b" * 5000, 400),
    ):
        headers = {} if content_type is None else {"Content-Type": content_type.encode("latin-1")}
        reply = victim.client.post("/documents/upload", content=multipart((FILE, b"Ada")), headers=headers)
        assert reply.status_code == expected, (content_type, reply.text)


def test_oauth_forms_are_refused_in_oauths_own_words(nobody: Client, victim: Account) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for content in (
        b"",
        b"\xff",
        b"%ff",
        b"grant_type=password",
        b"grant_type=magic",
        b"grant_type=password&grant_type=password",
        b"grant_type=refresh_token&refresh_token=%00",
        b"grant_type=password&username=%00&password=%00",
        b"grant_type=password&username=%ED%A0%80&password=x",
        b"&" * 1000,
        b"a=1&" * 1000,
    ):
        reply = nobody.post("/auth/token", content=content, headers=form)
        assert reply.status_code == 400, (content[:60], reply.text)
        assert set(reply.json()) == {"error", "error_description"}
        assert reply.headers["cache-control"] == "no-store"
    wrong = {"grant_type": "password", "username": victim.email, "password": "wrong-password"}
    assert nobody.post("/auth/token", data=wrong).json()["error"] == "invalid_grant"
