"""Duplicates, merging and taking it back, as a client meets them."""

from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.api.client import Client
from tests.e2e.api.world import eventually, made, new_account


def test_two_names_become_one_entity_and_two_again(nobody: Client) -> None:
    account = new_account(nobody)
    call = account.client
    full = made(account, "/entities", {"name": "Haider al-Abadi", "type": "person"})
    short = made(account, "/entities", {"name": "Abadi", "type": "person"})
    place = made(account, "/entities", {"name": "Baghdad", "type": "place"})
    ends = {"source_entity_id": short, "target_entity_id": place}
    edge = made(account, "/relationships", {**ends, "relationship_type": "born_in"})
    [proposal] = call.data("/entities/duplicates", params={"entity_id": short})
    assert (proposal["target"]["id"], proposal["source"]["id"]) == (full, short)
    added = sum(reason["value"] * reason["weight"] for reason in proposal["reasons"])
    assert abs(proposal["score"] - added) < 0.001
    before = call.data(f"/relationships/{edge}")

    body = {"target_id": full, "source_ids": [short]}
    stale = call("POST", "/entities/merge", json=body, headers={"If-Match": '"7"'})
    assert stale.status_code == 412
    key = {"Idempotency-Key": str(uuid4()), "If-Match": '"1"'}
    replies = [call("POST", "/entities/merge", json=body, headers=key) for _ in range(2)]
    assert [reply.status_code for reply in replies] == [201, 201]
    merge = replies[0].json()["data"]
    assert replies[1].json()["data"] == merge
    assert replies[0].headers["location"] == f"/api/v1/entities/merges/{merge['id']}"
    gone = call.get(f"/entities/{short}")
    assert gone.status_code == 404
    assert full in gone.json()["detail"]
    assert call("POST", f"/entities/{short}/restore").status_code == 409
    assert call.data(f"/relationships/{edge}")["source_entity_id"] == full
    assert call.data(f"/entities/{full}")["aliases"] == ["Abadi"]
    assert call("POST", "/entities/merge", json=body).status_code == 422

    undone = call("POST", f"/entities/merges/{merge['id']}/undo")
    assert undone.status_code == 200
    assert undone.json()["data"]["undone_at"] is not None
    assert call("POST", f"/entities/merges/{merge['id']}/undo").status_code == 409
    after = call.data(f"/relationships/{edge}")
    moving = ("version", "updated_at")
    assert {k: v for k, v in after.items() if k not in moving} == {
        k: v for k, v in before.items() if k not in moving
    }
    assert call.data(f"/entities/{short}")["is_active"]
    [shown] = call.data("/entities/merges", params={"entity_id": short, "undone": "true"})
    assert shown == undone.json()["data"]


def test_duplicates_are_merged_after_a_document_only_when_asked_for(nobody: Client) -> None:
    account = new_account(nobody)
    assert account.client.data("/settings/graph") == {"auto_merge_threshold": None, "updated_at": None}
    for wrong in (0.4, 1.5, "high"):
        reply = account.client("PUT", "/settings/graph", json={"auto_merge_threshold": wrong})
        assert reply.status_code == 422
        assert reply.json()["errors"][0]["pointer"] == "/auto_merge_threshold"
    set_to = account.client("PUT", "/settings/graph", json={"auto_merge_threshold": 0.75})
    assert set_to.status_code == 200
    assert account.client.data("/settings/graph") == set_to.json()["data"]


def test_two_documents_that_spell_one_name_differently_end_in_one_entity(nobody: Client) -> None:
    account = new_account(nobody)
    call = account.client
    assert call("PUT", "/settings/graph", json={"auto_merge_threshold": 0.75}).status_code == 200
    texts = (
        "Prime Minister Mohammed Shaker met Angela Merkel in Berlin.",
        "President Muhammad Shaker met Francois Hollande in Paris.",
    )
    for number, text in enumerate(texts):
        made(account, "/documents", {"title": f"Report {number}", "content": text})
    events: list[Any] = []

    def told() -> bool:
        events[:] = call.data("/events", params={"since": 0, "topics": "entity.merged"})
        return len(events) == 2

    eventually(told, "the event of the merge")
    [merge] = call.data("/entities/merges")
    assert merge["automatic"]
    assert merge["score"] >= 0.75
    assert merge["mentions_moved"] == 1
    assert {event["subject"] for event in events} == {merge["target_id"], *merge["source_ids"]}
    names = {"Mohammed Shaker", "Muhammad Shaker"}
    [person] = [each for each in call.data("/entities") if each["name"] in names]
    assert {person["name"], *person["aliases"]} == names
    assert call("POST", f"/entities/merges/{merge['id']}/undo").status_code == 200
    assert names <= {each["name"] for each in call.data("/entities")}
    [proposal] = call.data("/entities/duplicates", params={"entity_id": merge["target_id"]})
    assert proposal["score"] == pytest.approx(merge["score"])
    assert {reason["kind"] for reason in proposal["reasons"]} == {"name", "type", "neighbours", "closeness"}
