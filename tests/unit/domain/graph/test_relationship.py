"""The rules for what a relationship may say, and for changing it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.graph.errors import RelationshipChanged
from domain.graph.events import RelationshipDeleted, relationship_event
from domain.graph.relationship import (
    RelationshipContent,
    checked,
    deleted,
    new_relationship,
    patched,
    refuse_missing_ends,
    require_version,
)
from domain.shared.errors import InvalidInput
from domain.shared.ids import EntityId, RelationshipId, UserId
from domain.shared.json import JsonObject
from tests.contract.systems import IDS

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
A, B = EntityId(IDS.new()), EntityId(IDS.new())
KNOWS = RelationshipContent(source_entity_id=A, target_entity_id=B, relationship_type="knows")
EDGE = new_relationship(UserId(IDS.new()), RelationshipId(IDS.new()), KNOWS, NOW)


@pytest.mark.parametrize(
    ("content", "violation"),
    [
        (replace(KNOWS, relationship_type=" "), ("/relationship_type", "too_short")),
        (replace(KNOWS, relationship_type="a" * 65), ("/relationship_type", "too_long")),
        (replace(KNOWS, confidence=float("inf")), ("/confidence", "out_of_range")),
        (replace(KNOWS, metadata={"a": "\0"}), ("/metadata", "not_text")),
    ],
)
def test_points_at_what_breaks_a_rule(content: RelationshipContent, violation: tuple[str, str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        checked(content)
    assert [(v.pointer, v.code) for v in refused.value.violations] == [violation]


def test_can_be_patched_in_every_part() -> None:
    patch = {"source_entity_id": str(B), "target_entity_id": str(A), "metadata": {"a": 1}, "confidence": 0.5}
    changed = patched(EDGE, patch, LATER)
    assert changed.content == RelationshipContent(
        source_entity_id=B,
        target_entity_id=A,
        relationship_type="knows",
        metadata={"a": 1},
        confidence=0.5,
    )
    assert (changed.version, changed.updated_at) == (2, LATER)
    assert patched(EDGE, {"source_entity_id": str(A)}, LATER) is EDGE


@pytest.mark.parametrize(
    ("patch", "violation"),
    [
        ({"source_entity_id": None}, ("/source_entity_id", "required")),
        ({"target_entity_id": "x"}, ("/target_entity_id", "invalid")),
        ({"target_entity_id": 5}, ("/target_entity_id", "invalid")),
        ({"relationship_type": None}, ("/relationship_type", "required")),
        ({"type": "knows"}, ("/type", "unknown_field")),
    ],
)
def test_refuses_a_patch_to_something_else(patch: JsonObject, violation: tuple[str, str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        patched(EDGE, patch, LATER)
    assert [(v.pointer, v.code) for v in refused.value.violations] == [violation]


def test_points_at_each_missing_end() -> None:
    refuse_missing_ends(KNOWS, set())
    with pytest.raises(InvalidInput) as refused:
        refuse_missing_ends(KNOWS, {A, B})
    assert [v.pointer for v in refused.value.violations] == ["/source_entity_id", "/target_entity_id"]


def test_holds_a_caller_to_the_version_it_names() -> None:
    require_version(EDGE, 1)
    with pytest.raises(RelationshipChanged):
        require_version(EDGE, 2)


def test_an_event_shows_the_relationship_in_json_values() -> None:
    event = relationship_event(RelationshipDeleted, deleted(EDGE, LATER))
    assert (event.type, event.occurred_at) == ("relationship.deleted", LATER)
    assert event.data == {
        "id": str(EDGE.id),
        "source_entity_id": str(A),
        "target_entity_id": str(B),
        "relationship_type": "knows",
        "confidence": 1.0,
        "source": None,
        "source_type": None,
        "external_id": None,
        "metadata": {},
        "is_active": False,
        "version": 2,
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T01:00:00Z",
    }
