"""Which words a merge takes over, and gives back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from domain.graph.entity import Entity, EntityContent, new_entity
from domain.graph.merge import merge_of, merged, require_mergeable, unmerged
from domain.shared.checks import METADATA_BYTES
from domain.shared.errors import InvalidInput
from domain.shared.ids import EntityId, MergeId, UserId
from domain.shared.json import JsonObject

USER = UserId(uuid4())
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def entity(name: str, *aliases: str, confidence: float = 0.5, metadata: JsonObject | None = None) -> Entity:
    content = EntityContent(
        name=name, type="person", aliases=aliases, confidence=confidence, metadata=metadata or {}
    )
    return new_entity(USER, EntityId(uuid4()), content, NOW)


def test_the_first_who_says_something_wins() -> None:
    target = entity("T", metadata={"a": 1})
    sources = [entity("S", "T", metadata={"a": 2, "b": 2}), entity("R", metadata={"b": 3, "c": 3})]
    merge = merge_of(MergeId(uuid4()), target, sources, by=USER, now=NOW + timedelta(1))
    after = merged(target, merge)
    assert after.content.metadata == {"a": 1, "b": 2, "c": 3}
    assert after.content.aliases == ("S", "R")
    assert (after.version, after.updated_at) == (2, NOW + timedelta(1))


def test_metadata_without_room_is_dropped_by_name() -> None:
    target = entity("T", metadata={"a": "x" * (METADATA_BYTES - 100)})
    source = entity("S", metadata={"large": "y" * 200, "small": 1})
    merge = merge_of(MergeId(uuid4()), target, [source], by=USER, now=NOW)
    assert merge.dropped_metadata == ("large",)
    assert merge.after.metadata["small"] == 1


def test_taking_it_back_gives_what_was_there() -> None:
    target = entity("T", "t", metadata={"a": 1})
    source = entity("S", "s", confidence=0.75, metadata={"b": 1})
    merge = merge_of(MergeId(uuid4()), target, [source], by=USER, now=NOW)
    assert unmerged(merged(target, merge), merge, NOW).content == target.content


def test_a_value_of_another_kind_is_an_edit() -> None:
    target, source = entity("T"), entity("S", metadata={"b": 1})
    merge = merge_of(MergeId(uuid4()), target, [source], by=USER, now=NOW)
    after = merged(target, merge)
    edited = replace(after, content=replace(after.content, metadata={"b": True}, confidence=0.9))
    assert unmerged(edited, merge, NOW).content.metadata == {"b": True}
    assert unmerged(edited, merge, NOW).content.confidence == 0.9


@pytest.mark.parametrize("count", [0, 101])
def test_one_to_a_hundred_sources_are_merged(count: int) -> None:
    with pytest.raises(InvalidInput):
        require_mergeable(EntityId(uuid4()), [EntityId(uuid4()) for _ in range(count)])


def test_a_hundred_aliases_are_kept_and_the_rest_is_named() -> None:
    target = entity("T", *(f"t{n}" for n in range(60)))
    source = entity("S", *(f"s{n}" for n in range(60)))
    merge = merge_of(MergeId(uuid4()), target, [source], by=USER, now=NOW)
    assert len(merge.after.aliases) == 100
    assert merge.dropped_aliases == tuple(f"s{n}" for n in range(39, 60))
