"""Well-formed requests at and beyond the ends of what a value can be: taken or refused, never a failure."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.e2e.api.client import Client
from tests.e2e.api.world import PASSWORD, Account, entity_body, made, new_account

DIMENSION = 384
SEARCHES: list[tuple[dict[str, Any], int]] = [
    ({"embedding": [0.1] * DIMENSION}, 200),
    ({"embedding": [0.1] * (DIMENSION - 1)}, 422),
    ({"embedding": []}, 422),
    ({"embedding": [0.0] * DIMENSION}, 422),
    ({"embedding": [1e308] * DIMENSION}, 422),
    ({"embedding": [3.5e38] + [0.0] * (DIMENSION - 1)}, 422),
    ({"embedding": [1] + [0] * (DIMENSION - 1)}, 200),
    ({"embedding": [10**400] * DIMENSION}, 422),
    ({"embedding": ["x"] * DIMENSION}, 422),
    ({}, 422),
    ({"query": "a", "embedding": [0.1] * DIMENSION}, 422),
    ({"query": ""}, 422),
    ({"query": "   "}, 422),
    ({"query": "the of and"}, 200),
    ({"query": "\u202e\ufffe💩"}, 200),
    ({"query": "a", "k": 0}, 422),
    ({"query": "a", "k": 201}, 422),
    ({"query": "a", "min_score": 2}, 422),
    ({"query": "a", "min_score": -1}, 200),
    ({"query": "a", "filter": {"document_ids": []}}, 200),
    ({"query": "a", "filter": {"document_ids": ["x"]}}, 422),
    ({"query": "a", "filter": {"metadata": {"a": 1e308}}}, 200),
    ({"query": "a", "filter": {"metadata": {"a": 10**400}}}, 422),
    ({"query": "a", "filter": {"metadata": {"a": None, "": {}}}}, 200),
    ({"query": "a", "filter": {"tags": ["\0"]}}, 422),
    ({"query": "a", "filter": {"nonsense": 1}}, 422),
]


@pytest.mark.parametrize(("body", "expected"), SEARCHES)
def test_searches_at_the_edges(body: dict[str, Any], expected: int, owner: Account) -> None:
    reply = owner.client.post("/vector-chunks/search", json=body)
    allowed = {expected} if "10000000000" not in json.dumps(body) else {400, 422}
    assert reply.status_code in allowed, reply.text[:300]


ENTITIES: list[tuple[dict[str, Any], int]] = [
    ({"name": "x" * 500}, 201),
    ({"name": "x" * 501}, 422),
    ({"name": "💩" * 500}, 201),
    ({"name": "  "}, 422),
    ({"name": "\u202e\ufffe\u0001"}, 201),
    ({"type": ""}, 422),
    ({"type": "x" * 65}, 422),
    ({"confidence": -0.0}, 201),
    ({"confidence": 5e-324}, 201),
    ({"confidence": 1.0000001}, 422),
    ({"confidence": 1}, 201),
    ({"confidence": None}, 422),
    ({"aliases": [""] * 100}, 201),
    ({"aliases": [str(n) for n in range(101)]}, 422),
    ({"aliases": ["same", "same"]}, 201),
    ({"metadata": {"": ""}}, 201),
    ({"metadata": {"a": 10**300}}, 201),
    ({"metadata": {"a": -(2**63), "b": 2**64}}, 201),
    ({"metadata": {"a": 1e-320}}, 201),
    ({"metadata": {"__proto__": {"a/b~c": [None, True, [], {}]}}}, 201),
    ({"metadata": {str(n): n for n in range(5000)}}, 201),
]


@pytest.mark.parametrize(("change", "expected"), ENTITIES)
def test_entities_at_the_edges(change: dict[str, Any], expected: int, owner: Account) -> None:
    reply = owner.client.post("/entities", json={**entity_body(owner), **change})
    assert reply.status_code == expected, reply.text[:300]
    if expected == 201:
        shown = owner.client.data(reply.headers["location"])
        for name in ("metadata", "confidence"):
            assert shown[name] == reply.json()["data"][name] == change.get(name, shown[name])


@pytest.mark.parametrize("depth", [1, 30, 100, 300, 900])
def test_metadata_of_any_depth_is_kept_whole_or_refused(depth: int, owner: Account) -> None:
    body = {**entity_body(owner), "metadata": json.loads('{"a":' * depth + "1" + "}" * depth)}
    reply = owner.client.post("/entities", json=body)
    assert reply.status_code in (201, 422)
    if reply.status_code == 201:
        assert owner.client.data(reply.headers["location"])["metadata"] == body["metadata"]


def test_of_a_key_that_is_given_twice_the_last_one_counts(account: Account) -> None:
    content = b'{"name": "First", "type": "thing", "name": "Last"}'
    reply = account.client.post("/entities", content=content, headers={"Content-Type": "application/json"})
    assert reply.status_code == 201
    assert reply.json()["data"]["name"] == "Last"
    bad = b'{"name": "First", "type": "thing", "name": 7}'
    reply = account.client.post("/entities", content=bad, headers={"Content-Type": "application/json"})
    assert reply.status_code == 422


@pytest.mark.parametrize("agent", ["", "x" * 20_000, b"\xff\xfe", b"caf\xe9", "<script>", "\u00fc".encode()])
def test_any_user_agent_may_log_in(agent: str | bytes, owner: Account, nobody: Client) -> None:
    login = {"email": owner.email, "password": PASSWORD}
    reply = nobody.post("/auth/token", json=login, headers={"User-Agent": agent})
    assert reply.status_code == 200, reply.text


@pytest.mark.parametrize(
    "query", ["q=the", "q=%22", "q=-", "q=or", "q=%28%29%26%7C%21", "q=" + "a+" * 200, "q=%00", "q=", "q=%20"]
)
@pytest.mark.parametrize("mode", ["text", "vector", "hybrid"])
def test_searches_for_next_to_nothing(query: str, mode: str, owner: Account) -> None:
    assert owner.client.get(f"/search?{query}&mode={mode}").status_code in (200, 422)


def test_two_at_once_with_one_key_have_one_effect(account: Account) -> None:
    body, headers = entity_body(account), {"Idempotency-Key": "together"}

    def create(_: int) -> httpx.Response:
        return account.client.post("/entities", json=body, headers=headers)

    with ThreadPoolExecutor(12) as pool:
        replies = list(pool.map(create, range(24)))
    assert {reply.status_code for reply in replies} <= {201, 409}
    made_ids = {reply.json()["data"]["id"] for reply in replies if reply.status_code == 201}
    assert len(made_ids) == 1
    for reply in replies:
        assert reply.status_code == 201 or reply.json()["type"].endswith("/request-in-flight")
    assert [row["id"] for row in account.client.data("/entities")] == list(made_ids)


def test_two_that_register_one_address_at_once_make_one_account(nobody: Client) -> None:
    body = {"email": "together@example.org", "password": PASSWORD}
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: nobody.post("/auth/register", json=body), range(8)))
    assert sorted(reply.status_code for reply in replies) == [201] + [409] * 7


def test_two_that_change_one_version_at_once_change_it_once(nobody: Client) -> None:
    account = new_account(nobody)
    path = f"/entities/{made(account, '/entities', entity_body(account))}"
    etag = account.client.get(path).headers["etag"]

    def change(number: int) -> int:
        patch = {"confidence": number / 100}
        return account.client("PATCH", path, json=patch, headers={"If-Match": etag}).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(change, range(8)))
    assert statuses == [200] + [412] * 7
