"""What every reply keeps to: request ids and traces, ETags, idempotency and locations."""

import re
import secrets
from typing import Any

import pytest

from domain.graph.analytics import AnalyticsKind
from tests.e2e.api.world import (
    TRACE,
    TRACEPARENT,
    Account,
    document_body,
    entity_body,
    events_of,
    eventually,
    made,
)


def test_a_request_id_is_kept_where_it_is_one_and_made_where_it_is_not(account: Account) -> None:
    kept = account.client.get("/entities", headers={"X-Request-ID": "a-Request.1_2"})
    assert kept.headers["x-request-id"] == "a-Request.1_2"
    assert kept.json()["meta"]["request_id"] == "a-Request.1_2"
    refused = account.client.get("/nothing", headers={"X-Request-ID": "mine"})
    assert (refused.headers["x-request-id"], refused.json()["request_id"]) == ("mine", "mine")
    for odd in ("", "a b", "<script>", "x" * 129, 'a"b', "a,b"):
        reply = account.client.get("/entities", headers={"X-Request-ID": odd})
        assert re.fullmatch("[0-9a-f]{32}", reply.headers["x-request-id"])


def test_a_trace_leads_from_the_request_to_its_event(account: Account) -> None:
    headers = {"traceparent": TRACEPARENT, "X-Request-ID": "trace-me"}
    reply = account.client.post("/entities", json=entity_body(account), headers=headers)
    assert reply.status_code == 201
    eventually(lambda: len(events_of(account, "entity.created")) == 1, "the event is out")
    [event] = events_of(account, "entity.created")
    assert event["requestid"] == "trace-me"
    assert event["traceparent"].split("-")[1] == TRACE
    assert event["subject"] == reply.json()["data"]["id"]


@pytest.mark.parametrize(
    ("path", "patch"),
    [
        ("/entities/{entity_id}", {"confidence": 0.125}),
        ("/relationships/{relationship_id}", {"confidence": 0.125}),
        ("/auth/me", {"first_name": "Grace"}),
        ("/documents/{document_id}", None),
    ],
)
def test_etags_tell_whether_a_thing_has_changed(
    path: str, patch: dict[str, Any] | None, owner: Account
) -> None:
    client, path = owner.client, path.format(**owner.ids)
    first = client.get(path)
    etag = first.headers["etag"]
    assert re.fullmatch(r'"[^"]+"', etag), "it is a strong one"
    for header in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        unchanged = client.get(path, headers={"If-None-Match": header})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert unchanged.headers["etag"] == etag
        assert "content-type" not in unchanged.headers
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    if patch is None:
        return
    assert client("PATCH", path, json=patch, headers={"If-Match": '"999"'}).status_code == 412
    changed = client("PATCH", path, json=patch, headers={"If-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag
    assert client("PATCH", path, json=patch, headers={"If-Match": etag}).status_code == 412
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 200
    assert client("PATCH", path, json=patch, headers={"If-Match": "*"}).status_code == 200


# Files, sets and computations: what a repetition of theirs does is tested with what they do.
HELD_ELSEWHERE = {
    *("/entities/bulk", "/relationships/bulk", "/entities/merge", "/graph/import"),
    *(f"/graph/analytics/{kind}" for kind in AnalyticsKind),
}


def creations(account: Account) -> dict[str, dict[str, Any]]:
    """A body for every operation that takes an idempotency key."""
    ends = [made(account, "/entities", entity_body(account)) for _ in range(2)]
    return {
        "/entities": entity_body(account),
        "/relationships": {
            "source_entity_id": ends[0],
            "target_entity_id": ends[1],
            "relationship_type": "knows",
        },
        "/documents": document_body(account),
        "/ai/extractions": {"text": f"Ada {account.mark} was born in Rome."},
        "/auth/api-keys": {"name": f"key of {account.mark}", "scopes": ["read"]},
    }


def test_a_repeated_request_has_one_effect_and_the_same_answer(account: Account) -> None:
    bodies = creations(account)
    documented = {
        path.removeprefix("/api/v1")
        for path, item in account.client.contract.document["paths"].items()
        for parameter in item.get("post", {}).get("parameters", ())
        if parameter["name"] == "Idempotency-Key"
    }
    assert documented - HELD_ELSEWHERE == set(bodies)
    for path, body in bodies.items():
        headers = {"Idempotency-Key": secrets.token_hex(8)}
        first = account.client.post(path, json=body, headers=headers)
        again = account.client.post(path, json=body, headers=headers)
        assert first.status_code in (201, 202)
        assert again.status_code == first.status_code
        assert again.headers["location"] == first.headers["location"]
        assert again.headers["idempotency-replayed"] == "true"
        assert again.json()["data"]["id"] == first.json()["data"]["id"]
        others = {"/ai/extractions": {"text": "x"}, "/auth/api-keys": {**body, "name": "other"}}
        changed = others.get(path, {**body, "source": "other"})
        other = account.client.post(path, json=changed, headers=headers)
        assert other.status_code == 422
        assert other.json()["type"].endswith("/idempotency-key-reused")
        assert account.client.data(first.headers["location"])["id"] == first.json()["data"]["id"]
    assert len(account.client.data("/entities", params={"q": account.mark})) >= 3


def test_a_location_leads_to_what_was_made(account: Account) -> None:
    for path, body in creations(account).items():
        reply = account.client.post(path, json=body)
        shown = account.client.get(reply.headers["location"])
        assert shown.status_code == 200
        assert shown.json()["data"]["id"] == reply.json()["data"]["id"]
