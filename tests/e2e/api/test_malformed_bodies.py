"""Bodies no operation can take: always a problem document with the right status, and nothing stored."""

import json
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from entrypoints.http.operation import Operation
from tests.e2e.api.cases import CASES, address, client_for
from tests.e2e.api.declared import declared, name_of
from tests.e2e.api.processes import MAX_BODY
from tests.e2e.api.world import Account, settle

Declared = Operation[Any, Any]
Footprint = Callable[[Account], dict[str, int]]

WITH_JSON = [
    pytest.param(each, id=name_of(each))
    for each in declared()
    if each.body is not None and "application/json" in each.media_types
]
DEEP = b"[" * 100_000
HUGE = b"1" + b"0" * 400
# Fields that take any JSON object: what is odd inside is odd everywhere.
OBJECTS = ("metadata",)


class Target:
    """One operation, and a body it would take."""

    def __init__(self, operation: Declared, account: Account) -> None:
        case = CASES[name_of(operation)]
        ids = {**account.ids, **(case.fresh(account) if case.fresh else {})}
        caller = client_for(operation, account)
        self.client = caller.speaking(ids["token"]) if "token" in ids else caller
        self.method, self.path = operation.method, address(operation, ids)
        assert case.body is not None
        self.body = case.body(account, ids)
        self.takes_nothing = operation.path == "/auth/logout"

    def send(self, content: bytes, content_type: str | None = "application/json") -> httpx.Response:
        headers: dict[str, str | bytes] = {"Idempotency-Key": secrets.token_hex(8)}
        if content_type is not None:
            headers["Content-Type"] = content_type.encode("latin-1")
        return self.client(self.method, self.path, content=content, headers=headers)

    def with_member(self, name: str, raw: bytes) -> bytes:
        """The body with one member's value spelled like this."""
        rest = {key: value for key, value in self.body.items() if key != name}
        members = [
            json.dumps(key).encode() + b":" + json.dumps(value).encode() for key, value in rest.items()
        ]
        return b"{" + b",".join([*members, json.dumps(name).encode() + b":" + raw]) + b"}"


def unreadable(target: Target) -> Iterator[tuple[str, bytes]]:
    """What is not JSON at all."""
    whole = json.dumps(target.body).encode()
    if not target.takes_nothing:
        yield "nothing", b""
    yield "blanks", b" \n"
    yield "not UTF-8", b'{"\xff": 1}'
    yield "not UTF-8 at the start", b"\xff\xfe" + whole
    yield "UTF-16", json.dumps(target.body).encode("utf-16")
    yield "too deep", DEEP
    yield "too deep in an object", b'{"a":' * 50_000
    yield "cut off", whole[:-1]
    yield "two values", whole + whole
    yield "no JSON", b"name=Ada"
    yield "a form feed", b"\x0c" + whole
    for name in [*target.body, "unknown"]:
        yield f"NaN as {name}", target.with_member(name, b"NaN")
        yield f"-Infinity as {name}", target.with_member(name, b"-Infinity")
        yield f"too deep as {name}", target.with_member(name, DEEP + b"]" * 100_000)
        yield f"a lone surrogate as {name}", target.with_member(name, b'"\\ud800"')
        yield f"a lone low surrogate as {name}", target.with_member(name, b'"\\udc00x"')
        yield f"bytes as {name}", target.with_member(name, b'"\xed\xa0\x80"')
        yield f"a control character as {name}", target.with_member(name, b'"a\nb"')


def misshapen(target: Target) -> Iterator[tuple[str, bytes]]:
    """What is JSON, but not what was asked for."""
    for value in (b"null", b"[]", b"1", b'"x"', b"true", b"[{}]"):
        yield f"{value!r} alone", value
    yield "an unknown member", target.with_member("nonsense", b"1")
    yield "an unknown member with NUL", target.with_member("non\0sense", b"1")
    for name, value in target.body.items():
        for kind, raw in (
            ("an array of objects", b"[{}]"),
            ("a nested array", b"[[1]]"),
            ("NUL", b'"a\\u0000b"'),
            ("a huge number", HUGE),
            ("1e400", b"1e400"),
            ("-1e400", b"-1e400"),
        ):
            yield f"{kind} as {name}", target.with_member(name, raw)
        if not isinstance(value, str | None):
            yield f"a string as {name}", target.with_member(name, b'"x"')
        if not isinstance(value, dict):
            yield f"an object as {name}", target.with_member(name, b'{"a": 1}')
        if not isinstance(value, bool):
            yield f"true as {name}", target.with_member(name, b"true")
        if isinstance(value, str):
            yield f"too long as {name}", target.with_member(name, b'"' + b"x" * 200_000 + b'"')
        if isinstance(value, list):
            yield f"NUL in {name}", target.with_member(name, b'["a\\u0000"]')
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield f"less than there is as {name}", target.with_member(name, b"-7")
            yield f"more than there is as {name}", target.with_member(name, b"9223372036854775808")


def misshapen_metadata(target: Target) -> Iterator[tuple[str, bytes]]:
    """Inside an object that may hold anything."""
    for name in set(OBJECTS) & set(target.body):
        yield "NUL as a key", target.with_member(name, b'{"a\\u0000": 1}')
        yield "NUL as a value", target.with_member(name, b'{"a": ["\\u0000"]}')
        yield "NUL deeper", target.with_member(name, b'{"a": {"b": [{"c\\u0000": 1}]}}')
        yield "1e400", target.with_member(name, b'{"a": 1e400}')
        yield "-1e400 deeper", target.with_member(name, b'{"a": [[-1e400]]}')
        yield "too big", target.with_member(name, b'{"a": "' + b"x" * 200_000 + b'"}')


def unreadable_metadata(target: Target) -> Iterator[tuple[str, bytes]]:
    for name in set(OBJECTS) & set(target.body):
        for kind, raw in (
            ("too deep", b'{"a":' + DEEP + b"]" * 100_000 + b"}"),
            ("too deep and open", b'{"a":' + DEEP),
            ("a lone surrogate", b'{"a": "\\ud800"}'),
            ("a lone surrogate as a key", b'{"\\udfff": 1}'),
            ("bytes", b'{"a": "\xff"}'),
            ("NaN", b'{"a": NaN}'),
            ("a huge exponent cut off", b'{"a": 1e}'),
        ):
            yield kind, target.with_member(name, raw)


@pytest.mark.parametrize("operation", WITH_JSON)
def test_refuses_what_is_not_the_json_it_wants(
    operation: Declared, victim: Account, footprint: Footprint
) -> None:
    target = Target(operation, victim)
    settle(victim)
    before = footprint(victim)
    for what, content in (*unreadable(target), *unreadable_metadata(target)):
        reply = target.send(content)
        assert reply.status_code == 400, (what, reply.status_code, reply.text[:300])
    for what, content in (*misshapen(target), *misshapen_metadata(target)):
        reply = target.send(content)
        # Numbers beyond what a double holds: msgspec calls them unreadable, and they are refused either way.
        expected = (
            (400, 422) if "1e400" in what or "huge" in what else (413, 422) if "too" in what else (422,)
        )
        if what.endswith((" as email", " as password", " as refresh_token")):
            expected = (*expected, 401)  # a login's parts are compared, not stored
        assert reply.status_code in expected, (what, reply.status_code, reply.text[:300])
        if reply.status_code == 422:
            assert reply.json()["errors"], what
    after = footprint(victim)
    if operation.path == "/auth/token":  # a refused login is on record, and is meant to be
        after |= {
            name: before[name] for name in ("backend_operations.events", "backend_operations.audit_logs")
        }
    assert after == before


@pytest.mark.parametrize("operation", WITH_JSON)
def test_refuses_other_media_types_and_too_much(
    operation: Declared, victim: Account, footprint: Footprint
) -> None:
    target = Target(operation, victim)
    settle(victim)
    before = footprint(victim)
    whole = json.dumps(target.body).encode()
    for content_type in (
        None,
        "text/plain",
        "application/xml",
        "multipart/form-data",
        "json",
        "",
        "é/é",
        "*/*",
    ):
        reply = target.send(whole, content_type)
        assert reply.status_code == 415, (content_type, reply.text)
    assert target.send(b" " * MAX_BODY + whole).status_code == 413

    def pieces() -> Iterator[bytes]:
        for _ in range(9):
            yield b" " * (MAX_BODY // 8)

    headers = {"Content-Type": "application/json"}
    assert target.client(target.method, target.path, content=pieces(), headers=headers).status_code == 413
    assert footprint(victim) == before


def test_what_is_wrong_is_pointed_at(account: Account) -> None:
    for body, pointer in (
        ({"type": "person"}, "/name"),
        ({"name": "Ada"}, "/type"),
        ({"name": 7, "type": "person"}, "/name"),
        ({"name": "Ada", "type": "person", "colour": "red"}, "/colour"),
        ({"name": "Ada", "type": "person", "aliases": ["a", 7]}, "/aliases/1"),
        ({"name": "Ada", "type": "person", "confidence": 1.5}, "/confidence"),
        ({"name": "Ada", "type": "person", "metadata": {"a/b": {"c~d": "\0"}}}, "/metadata/a~1b/c~0d"),
        ({"name": "", "type": "person"}, "/name"),
    ):
        reply = account.client.post("/entities", json=body)
        assert reply.status_code == 422
        assert [each["pointer"] for each in reply.json()["errors"]] == [pointer]
    assert account.client.data("/entities") == []
