"""Paths, queries and headers no operation can take: a problem document, and never a failure of ours."""

import typing
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from entrypoints.http.operation import NoQuery, Operation, PageQuery
from tests.e2e.api.cases import CASES, address, client_for, path_parameters
from tests.e2e.api.declared import declared, name_of
from tests.e2e.api.world import Account

Declared = Operation[Any, Any]

EVERY = [pytest.param(operation, id=name_of(operation)) for operation in declared()]
READING = [pytest.param(each, id=name_of(each)) for each in declared() if each.query is not NoQuery]
LISTS = [pytest.param(each, id=name_of(each)) for each in declared() if issubclass(each.query, PageQuery)]
WITH_ID = [pytest.param(each, id=name_of(each)) for each in declared() if path_parameters(each)]
CONDITIONAL = [pytest.param(each, id=name_of(each)) for each in declared() if each.conditional]

NOT_TEXT = ("%00", "a%00b", "%ED%A0%80", "%ED%B0%80", "%FF", "%C0%80")
HUGE = "1" + "0" * 400


def is_undecodable(text: str) -> bool:
    """Whether this is percent-encoded bytes that are no UTF-8."""
    return any(bad in text for bad in NOT_TEXT[2:])


def call(operation: Declared, account: Account, query: str) -> httpx.Response:
    """The operation with a query string as it is; its body is what the operation would take."""
    case = CASES[name_of(operation)]
    ids = {**account.ids, "refresh_token": "x"}
    body = None if case.body is None else case.body(account, ids)
    files = None if case.files is None else case.files(account, ids)
    path = address(operation, ids)
    return client_for(operation, account)(operation.method, f"{path}?{query}", json=body, files=files)


@pytest.mark.parametrize("operation", EVERY)
def test_refuses_parameters_it_does_not_know(operation: Declared, owner: Account) -> None:
    for query in ("nonsense=1", "nonsense", "=1", "__proto__=1", *[f"{bad}=1" for bad in NOT_TEXT]):
        reply = call(operation, owner, query)
        expected = 400 if is_undecodable(query) else 422
        assert reply.status_code == expected, (query, reply.text)
    for query in ("%", "%zz=%zz", "a" * 4000 + "=1", "&" * 2000 + "a=1"):
        assert call(operation, owner, query).status_code in (400, 422)
    for query in ("q[]=1", "nonsense=1;q=2", "&&&=&=&x"):
        assert call(operation, owner, query).status_code == 422


def wrong_values(hint: object) -> Iterator[str]:
    """Values a parameter of this type cannot have."""
    yield from NOT_TEXT
    kinds = {hint, *typing.get_args(hint)}
    kinds |= {inner for kind in kinds for inner in typing.get_args(kind)}
    if kinds & {int, float}:
        yield from ("x", "", "1x", "0x10", "%D9%A1x", "1e400", "-1e400", "inf", "-inf", "nan", "NaN", "1,5")
        yield HUGE
    if int in kinds and float not in kinds:
        yield from ("1.5", "9223372036854775808", "-9223372036854775809")
    if bool in kinds:
        yield from ("x", "2", "", "maybe")
    if UUID in kinds:
        yield from ("x", "", "1234", "0" * 31, "g" * 32, str(uuid4()) + "0")
    if datetime in kinds:
        yield from ("x", "", "yesterday", "2026-13-01T00:00:00Z", "2026-02-30", "0000-01-01T00:00:00Z")
        yield from ("99999-01-01T00:00:00Z", "2026-01-01T25:00:00Z", "2026-01-01T00:00:00%2B99:99")
    if any(typing.get_origin(kind) is typing.Literal for kind in (*kinds, hint)):
        yield "nonsense"


@pytest.mark.parametrize("operation", READING)
def test_refuses_values_of_the_wrong_kind(operation: Declared, owner: Account) -> None:
    case = CASES[name_of(operation)]
    needed = case.query(owner, owner.ids) if not case.is_stream else {}
    for name, hint in typing.get_type_hints(operation.query).items():
        spelled = "metadata.key" if name == "metadata" else name
        others = "".join(f"{key}={value}&" for key, value in needed.items() if key != name)
        for value in wrong_values(hint):
            reply = call(operation, owner, f"{others}{spelled}={value}")
            expected = 400 if is_undecodable(value) else 422
            assert reply.status_code == expected, (name, value, reply.text[:300])
            assert expected == 400 or reply.json()["errors"][0]["pointer"].startswith("/")
        twice = f"{others}{spelled}=1&{spelled}=1"
        assert call(operation, owner, twice).status_code in (200, 422) if case.is_stream is False else True


@pytest.mark.parametrize("operation", READING)
def test_takes_odd_but_proper_values(operation: Declared, owner: Account) -> None:
    """Dates at the ends of the calendar, with and without an offset, and words that mean something to SQL."""
    case = CASES[name_of(operation)]
    if case.is_stream:
        return
    needed = case.query(owner, owner.ids)
    for name, hint in typing.get_type_hints(operation.query).items():
        if typing.get_args(hint) and datetime in typing.get_args(hint):
            values = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2026-01-01T00:00:00"]
            values += ["0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-14:00"]
        elif hint in (str, str | None) and name not in ("cursor", "sort"):
            values = [
                "%25",
                "_",
                "'",
                "%22",
                "%5C",
                "%5C%27",
                "a%27%20or%20%271",
                "(",
                "%26|!",
                ":*",
                "%F0%9F%92%A9",
            ]
            values += ["a" * 5000, "-", "*", "%E2%80%AE", "%0A", "%EF%BF%BE"]
        elif name == "metadata":
            values = ["1e400", "NaN", "-Infinity", "[", "{", "%22", "1" * 400, "null", "[" * 3000]
        else:
            continue
        spelled = "metadata.key" if name == "metadata" else name
        others = "".join(f"{key}={value}&" for key, value in needed.items() if key != name)
        for value in values:
            reply = call(operation, owner, f"{others}{spelled}={value}")
            assert reply.status_code in (200, 422, case.owner), (name, value, reply.text[:300])


@pytest.mark.parametrize("operation", LISTS)
def test_refuses_bad_pages(operation: Declared, owner: Account) -> None:
    for limit in ("0", "-1", "201", "x", "1.5", "", HUGE, "1e3", "%00"):
        assert call(operation, owner, f"limit={limit}").status_code == 422, limit
    for sort in ("x", "-x", "--created_at", "created_at,name", "", "-", "user_id", "1;drop", "%00"):
        reply = call(operation, owner, f"sort={sort}")
        assert reply.status_code == 422 or sort == "", (sort, reply.text)
    for cursor in ("x", "AAAA", "%00", "%E2%82%AC", "=" * 10, "A" * 5000, "-_-_", "a b", "%F0%9F%92%A9"):
        assert call(operation, owner, f"cursor={cursor}").status_code == 422, cursor


def test_a_cursor_is_good_for_its_own_list_alone(owner: Account) -> None:
    client = owner.client
    cursor = client.get("/entities", params={"limit": 1}).json()["meta"]["next_cursor"]
    assert client.get("/entities", params={"cursor": cursor, "limit": 2}).status_code == 200
    assert client.get("/relationships", params={"cursor": cursor}).status_code == 422
    assert client.get("/entities", params={"cursor": cursor, "sort": "name"}).status_code == 422
    assert client.get("/entities", params={"cursor": cursor, "type": "person"}).status_code == 422
    for at in (0, 20, len(cursor) - 1):
        changed = cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :]
        assert client.get("/entities", params={"cursor": changed}).status_code == 422 or at == len(cursor) - 1


@pytest.mark.parametrize("operation", WITH_ID)
def test_ids_that_cannot_be_are_not_found(operation: Declared, owner: Account) -> None:
    case = CASES[name_of(operation)]
    for odd in (
        "x",
        "1",
        "-1",
        "null",
        "%20",
        "%F0%9F%92%A9",
        "..%2f..",
        "a" * 3000,
        str(uuid4())[:-1],
        "%27",
    ):
        # A type is named, not numbered: its name can be any text.
        if "{type}" in operation.path:
            continue
        body = None if case.body is None else case.body(owner, owner.ids)
        path = operation.prefix + operation.path.format(**dict.fromkeys(path_parameters(operation), odd))
        reply = client_for(operation, owner)(operation.method, path, json=body)
        assert reply.status_code in (404, 405), (odd, reply.text)
        assert reply.status_code == 404 or "%2f" in odd
    for odd in NOT_TEXT:
        path = operation.prefix + operation.path.format(**dict.fromkeys(path_parameters(operation), odd))
        assert client_for(operation, owner)(operation.method, path).status_code == 400, odd


@pytest.mark.parametrize("operation", CONDITIONAL)
def test_a_precondition_that_cannot_hold_changes_nothing(operation: Declared, owner: Account) -> None:
    case = CASES[name_of(operation)]
    ids = {**owner.ids, **(case.fresh(owner) if case.fresh else {})}
    path = address(operation, ids)
    body = None if case.body is None else case.body(owner, ids)
    client = client_for(operation, owner)
    # What a merge is conditional on is its target.
    thing = f"/entities/{ids['entity_id']}" if operation.path == "/entities/merge" else path
    # What is deleted is not shown, but its history is.
    thing = f"{thing.removesuffix('/restore')}/history" if operation.path.endswith("/restore") else thing

    def state() -> object:
        shown = client.get(thing)
        return shown.headers.get("etag") or shown.json()["data"]

    before = state()
    for tag in (
        *(['"0"'] if before != '"0"' else []),
        "1",
        '"abc"',
        'W/"1"',
        '"',
        '""',
        '"-1"',
        '"1',
        '"' + "9" * 50 + '"',
        '"1","2"',
        "é",
        '"٣"',
    ):
        headers = {"If-Match": tag.encode("utf-8")}
        reply = client(operation.method, path, json=body, headers=headers)
        assert reply.status_code == 412, (tag, reply.text)
    assert state() == before


def test_odd_headers_are_refused_or_ignored(account: Account) -> None:
    client = account.client
    body = {"name": "Ada", "type": "person"}
    for key in ("", "x" * 256, "a\tb", "é".encode(), b"\xff\xfe", "\x7f"):
        reply = client.post("/entities", json=body, headers={"Idempotency-Key": key})
        # What is not ASCII is opaque to HTTP and a good key; a control character is no header at all.
        expected = {"\x7f": 400}.get(str(key), 201 if isinstance(key, bytes) else 422)
        assert reply.status_code == expected, (key, reply.text)
    for name, value in (
        ("Range", "bytes=0-0"),
        ("Range", "nonsense"),
        ("If-None-Match", 'nonsense, "x'),
        ("If-Modified-Since", "yesterday"),
        ("Accept", "application/nothing"),
        ("Accept-Encoding", "br;q=x"),
        ("Accept-Language", "\x80".encode("latin-1")),
        ("traceparent", "00-" + "0" * 32 + "-" + "0" * 16 + "-01"),
        ("traceparent", b"\xff" * 55),
        ("X-Request-ID", b"\xff\xfe"),
        ("X-Request-ID", "x" * 129),
        ("Cookie", "a=b; c"),
        ("Forwarded", "for=nonsense;;"),
        ("X-Forwarded-For", "nonsense"),
        ("X-HTTP-Method-Override", "DELETE"),
        ("Content-Type", "nonsense"),
        ("Host", "example.org"),
    ):
        assert client.get("/entities", headers={name: value}).status_code == 200, (name, value)
    for value in ("x", "-1", "1.5", "9" * 20, b"\xb2"):
        reply = client.get("/events/stream", headers={"Last-Event-ID": value})
        assert reply.status_code == 422, value
