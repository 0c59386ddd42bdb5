"""What must hold after every step of a sequence, in each store by itself."""

import json
from collections import Counter
from typing import Any

from tests.contract.graph.sequences.snapshots import Event, Snapshot


def check_graph(now: Snapshot) -> None:
    """What a graph keeps to, whatever was done to it."""
    entities = {one: json.loads(row) for one, row in now.entities.items()}
    edges = {one: json.loads(row) for one, row in now.relationships.items()}
    present = {one for one, row in entities.items() if row["is_active"]}
    active = [row for row in edges.values() if row["is_active"]]
    for row in active:
        assert {row["source_entity_id"], row["target_entity_id"]} <= present, f"an end is missing: {row}"
    shapes = Counter((r["source_entity_id"], r["target_entity_id"], r["relationship_type"]) for r in active)
    assert all(count == 1 for count in shapes.values()), f"an edge is there twice: {shapes}"
    for rows in (active, [entities[one] for one in present]):
        taken = Counter((row["source"], row["external_id"]) for row in rows if row["external_id"] is not None)
        assert all(count == 1 for count in taken.values()), f"an external id is there twice: {taken}"
    assert set(now.keys.values()) <= present, "a key leads to what is deleted"
    assert now.followed <= {one for one, row in edges.items() if not row["is_active"]}


def check_events(before: Snapshot, now: Snapshot, *, many: bool = False) -> None:
    """The step announced each version of each thing once, in order, the last as the thing is now, and nothing
    else. Only a step of `many` parts makes more than one version of a thing."""
    assert now.events[: len(before.events)] == before.events, "what was announced has changed"
    told: dict[str, list[Event]] = {}
    for event in now.events[len(before.events) :]:
        if event.type.partition(".")[0] in ("entity", "relationship"):
            told.setdefault(event.subject, []).append(event)
    was, rows = before.rows(), now.rows()
    assert not set(was) - set(rows), "what is deleted stays"
    assert set(told) == {one for one, row in rows.items() if was.get(one) != row}, (
        "who changed is told, and only it"
    )
    for subject, events in told.items():
        row, old = json.loads(rows[subject]), json.loads(was[subject]) if subject in was else None
        said = [{**json.loads(event.data)} for event in events]
        first = 1 if old is None else old["version"] + 1
        assert [one["version"] for one in said] == list(range(first, row["version"] + 1)), events
        assert many or len(events) == 1, f"one change is one version: {events}"
        kind = "entity" if subject in now.entities else "relationship"
        for event, after in zip(events, said, strict=True):
            merge = after.pop("merge", None)
            change = change_of(old, after)
            words = {change} if merge is None else {"merged", "unmerged"}
            assert event.type in {f"{kind}.{word}" for word in words}, (event, old)
            assert event.occurred_at == after["updated_at"]
            old = after
        assert old == row, "an event tells the thing as it is after the change"


def check_order(now: Snapshot) -> None:
    """Each thing's events come in the order of its versions, without a gap."""
    told: dict[str, int] = {}
    for event in now.events:
        if event.type.partition(".")[0] not in ("entity", "relationship"):
            continue
        version = json.loads(event.data)["version"]
        assert version == told.get(event.subject, 0) + 1, f"{event.subject} jumps to version {version}"
        told[event.subject] = version


def change_of(old: dict[str, Any] | None, row: dict[str, Any]) -> str:
    """The word for what happened to a thing."""
    if old is None:
        return "created"
    if old["is_active"] == row["is_active"]:
        return "updated"
    return "restored" if row["is_active"] else "deleted"
