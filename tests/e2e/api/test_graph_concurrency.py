"""Many callers at the same things at once: one change wins, the others are told, nothing is in between."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.e2e.api.processes import Deployment
from tests.e2e.api.world import (
    Account,
    document_body,
    entity_body,
    events_of,
    eventually,
    made,
    new_relationship,
    processed,
)

CALLERS = 50


def at_once(calls: Sequence[Callable[[], httpx.Response]]) -> list[httpx.Response]:
    """The replies to requests that all set out together."""
    together = threading.Barrier(len(calls))

    def one(call: Callable[[], httpx.Response]) -> httpx.Response:
        together.wait(30)
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(one, calls))


def statuses(replies: Sequence[httpx.Response]) -> dict[int, int]:
    return dict(Counter(reply.status_code for reply in replies))


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize("kind", ["entities", "relationships"])
def test_of_fifty_changes_with_one_etag_one_is_made(account: Account, kind: str, method: str) -> None:
    body = entity_body(account) if kind == "entities" else new_relationship(account)
    path = f"/{kind}/{made(account, f'/{kind}', body)}"
    etag = account.client.get(path).headers["etag"]

    def change(number: int) -> Callable[[], httpx.Response]:
        said: dict[str, Any] = {"metadata": {"caller": number}}
        changed = said if method == "PATCH" else body | said
        return lambda: account.client(method, path, json=changed, headers={"If-Match": etag})

    replies = at_once([change(number) for number in range(CALLERS)])
    assert statuses(replies) == {200: 1, 412: CALLERS - 1}
    [(winner, won)] = [(n, reply) for n, reply in enumerate(replies) if reply.status_code == 200]
    shown = account.client.get(path)
    assert shown.json()["data"] == won.json()["data"]
    assert (shown.json()["data"]["version"], shown.json()["data"]["metadata"]["caller"]) == (2, winner)
    assert shown.headers["etag"] == won.headers["etag"] != etag
    assert [each["version"] for each in account.client.data(f"{path}/history")] == [2, 1]


@pytest.mark.parametrize("kind", ["entities", "relationships"])
def test_fifty_equal_idempotency_keys_have_one_effect(account: Account, kind: str) -> None:
    path = f"/{kind}"
    body = entity_body(account) if kind == "entities" else new_relationship(account)
    headers = {"Idempotency-Key": f"key of {account.mark} {kind}"}

    def post() -> httpx.Response:
        return account.client.post(path, json=body, headers=headers)

    replies = at_once([post] * CALLERS)
    assert set(statuses(replies)) <= {201, 409}
    first = [r for r in replies if r.status_code == 201 and "idempotency-replayed" not in r.headers]
    assert len(first) == 1, "one of them makes it; the others are replays, or are told that it is on its way"
    for reply in replies:
        if reply.status_code == 409:
            assert reply.json()["type"].endswith("/request-in-flight")
    for reply in [post() for _ in range(5)]:
        assert reply.status_code == 201
        assert reply.headers["idempotency-replayed"] == "true"
        assert reply.headers["location"] == first[0].headers["location"]
        assert reply.json()["data"] == first[0].json()["data"]
    if kind == "entities":
        assert [each["id"] for each in account.client.data(path)] == [first[0].json()["data"]["id"]]
    assert len(account.client.data("/relationships")) == (kind == "relationships")


def test_of_twenty_creations_with_one_external_id_one_is_made(account: Account) -> None:
    body = entity_body(account) | {"external_id": "Q7259"}
    replies = at_once([lambda: account.client.post("/entities", json=body)] * 20)
    assert statuses(replies) == {201: 1, 409: 19}
    found = account.client.data("/entities", params={"external_id": "Q7259"})
    assert [each["id"] for each in found] == [r.json()["data"]["id"] for r in replies if r.status_code == 201]


def test_no_edge_is_left_at_a_deleted_end(account: Account) -> None:
    """A hub is deleted and restored while edges to it are made: whoever comes first, both agree."""
    hub = made(account, "/entities", entity_body(account, "hub"))
    others = [made(account, "/entities", entity_body(account, f"other {n}")) for n in range(16)]

    def connect(other: str) -> Callable[[], httpx.Response]:
        edge = {"source_entity_id": hub, "target_entity_id": other, "relationship_type": "knows"}
        return lambda: account.client.post("/relationships", json=edge)

    connecting = [connect(other) for other in others]
    for round_ in range(4):
        turning = [
            lambda: account.client("DELETE", f"/entities/{hub}"),
            lambda: account.client.post(f"/entities/{hub}/restore"),
        ] * 4
        replies = at_once([*turning, *connecting[round_ * 4 : round_ * 4 + 4]])
        assert set(statuses(replies)) <= {200, 201, 204, 404, 409, 422}
        check_ends(account)
    if account.client.get(f"/entities/{hub}").status_code == 404:
        assert account.client.post(f"/entities/{hub}/restore").status_code == 200
    replies = at_once(connecting)
    assert set(statuses(replies)) <= {201, 409}
    edges = account.client.data("/relationships", params={"limit": 200})
    assert sorted(edge["target_entity_id"] for edge in edges) == sorted(others), "each of them is there once"
    check_ends(account)


def check_ends(account: Account) -> None:
    """Every active edge has active ends."""
    present = {each["id"] for each in account.client.data("/entities", params={"limit": 200})}
    for edge in account.client.data("/relationships", params={"limit": 200}):
        assert {edge["source_entity_id"], edge["target_entity_id"]} <= present


def test_twenty_documents_read_by_two_consumers_name_one_entity(
    account: Account, deployed: Deployment
) -> None:
    second = deployed.consume()
    name = f"Grace {account.mark.capitalize()}"
    texts = [f"{name} was born in Vienna. Note {n} of {uuid4().hex}." for n in range(20)]
    replies = at_once(
        [
            lambda text=text: account.client.post("/documents", json=document_body(account, text))  # type: ignore[misc]  # bound now
            for text in texts
        ]
    )
    assert statuses(replies) == {201: 20}
    ids = [reply.json()["data"]["id"] for reply in replies]
    eventually(lambda: all(processed(account, one) for one in ids), "every document is processed", 60)
    assert second.stop() == 0
    named = account.client.data("/entities", params={"limit": 200, "include_inactive": True})
    counted = Counter((each["name"], each["type"]) for each in named)
    assert counted
    assert set(counted.values()) == {1}, counted
    [grace] = [each for each in named if each["name"] == name]
    assert len(account.client.data(f"/entities/{grace['id']}/mentions", params={"limit": 200})) == 20
    eventually(lambda: len(events_of(account, "entity.created")) >= len(named), "the events are out")
    created = Counter(event["subject"] for event in events_of(account, "entity.created"))
    assert created == Counter(each["id"] for each in named)
