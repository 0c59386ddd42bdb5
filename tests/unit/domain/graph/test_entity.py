"""The rules for what an entity may say, and for changing it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.graph.entity import (
    EntityContent,
    checked,
    deleted,
    new_entity,
    patched,
    released_keys,
    replaced,
    require_version,
    resolution_keys,
)
from domain.graph.errors import EntityChanged
from domain.graph.events import EntityCreated, entity_event
from domain.shared.errors import InvalidInput
from domain.shared.ids import EntityId, UserId
from domain.shared.json import JsonObject
from tests.contract.systems import IDS

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ADA = EntityContent(name="Ada", type="person", metadata={"born": 1815, "tags": {"a": 1, "b": 2}})
ENTITY = new_entity(UserId(IDS.new()), EntityId(IDS.new()), ADA, NOW)


def nested(levels: int) -> JsonObject:
    value: dict[str, object] = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


def broken(content: EntityContent) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as refused:
        checked(content)
    return [(violation.pointer, violation.code) for violation in refused.value.violations]


def test_trims_texts_and_drops_empty_and_repeated_aliases() -> None:
    content = EntityContent(
        name="  Ada \n", type=" person", source=" ", aliases=["a", " a", "", "b", "a"], confidence=1
    )
    kept = checked(content)
    assert (kept.name, kept.type, kept.source, kept.aliases) == ("Ada", "person", None, ("a", "b"))
    assert isinstance(kept.confidence, float)


@pytest.mark.parametrize(
    ("content", "violation"),
    [
        (replace(ADA, name=""), ("/name", "too_short")),
        (replace(ADA, name=" \t"), ("/name", "too_short")),
        (replace(ADA, name="a" * 501), ("/name", "too_long")),
        (replace(ADA, name="a\0b"), ("/name", "not_text")),
        (replace(ADA, name="\ud800"), ("/name", "not_text")),
        (replace(ADA, type=""), ("/type", "too_short")),
        (replace(ADA, type="a" * 65), ("/type", "too_long")),
        (replace(ADA, confidence=-0.1), ("/confidence", "out_of_range")),
        (replace(ADA, confidence=1.1), ("/confidence", "out_of_range")),
        (replace(ADA, confidence=float("nan")), ("/confidence", "out_of_range")),
        (replace(ADA, source="a" * 2001), ("/source", "too_long")),
        (replace(ADA, source_type="a" * 65), ("/source_type", "too_long")),
        (replace(ADA, aliases=["ok", "a" * 501]), ("/aliases/1", "too_long")),
        (replace(ADA, aliases=[str(n) for n in range(101)]), ("/aliases", "too_many")),
        (replace(ADA, metadata={"a": float("inf")}), ("/metadata", "out_of_range")),
        (replace(ADA, metadata={"a": 10**400}), ("/metadata", "out_of_range")),
        (replace(ADA, metadata={"a": ["\0"]}), ("/metadata", "not_text")),
        (replace(ADA, metadata={"a": {"\udfff": 1}}), ("/metadata", "not_text")),
        (replace(ADA, metadata=nested(33)), ("/metadata", "too_deep")),
        (replace(ADA, metadata=nested(100_000)), ("/metadata", "too_deep")),
        (replace(ADA, metadata={"a": "ä" * 32_768}), ("/metadata", "too_large")),
    ],
)
def test_points_at_what_breaks_a_rule(content: EntityContent, violation: tuple[str, str]) -> None:
    assert broken(content) == [violation]


def test_names_every_broken_rule_at_once() -> None:
    assert broken(EntityContent(name="", type="", confidence=2)) == [
        ("/name", "too_short"),
        ("/type", "too_short"),
        ("/confidence", "out_of_range"),
    ]


def test_accepts_everything_at_its_limit() -> None:
    content = EntityContent(
        name="😀" * 500,
        type="t" * 64,
        confidence=0,
        source="s" * 2000,
        source_type="t" * 64,
        metadata=nested(32),
        aliases=["x" * 497 + f"{n:03}" for n in range(100)],
    )
    assert checked(content).name == content.name
    size = len('{"a":""}')
    assert checked(replace(ADA, metadata={"a": "x" * (64 * 1024 - size)}))
    assert checked(replace(ADA, metadata={"deep": [[[["end"]]]]}))


def test_a_change_makes_the_next_version() -> None:
    changed = replaced(ENTITY, replace(ADA, name="Ada King"), LATER)
    assert (changed.version, changed.created_at, changed.updated_at) == (2, NOW, LATER)


@pytest.mark.parametrize("patch", [{}, {"name": " Ada "}, {"source": None}, {"metadata": {"born": 1815}}])
def test_a_patch_that_says_nothing_new_changes_nothing(patch: JsonObject) -> None:
    assert patched(ENTITY, patch, LATER) is ENTITY


def test_true_is_not_one() -> None:
    entity = patched(ENTITY, {"metadata": {"born": None, "tags": None, "n": 1}}, NOW)
    assert patched(entity, {"metadata": {"n": True}}, LATER).content.metadata == {"n": True}


def test_patches_as_rfc_7396_says() -> None:
    patch = {"metadata": {"tags": {"a": None, "c": {"d": None}}, "x": [1, None]}, "aliases": ["King"]}
    content = patched(ENTITY, patch, LATER).content
    assert content.metadata == {"born": 1815, "tags": {"b": 2, "c": {}}, "x": [1, None]}
    assert (content.name, content.aliases) == ("Ada", ("King",))
    assert ADA.metadata == {"born": 1815, "tags": {"a": 1, "b": 2}}


def test_null_brings_back_what_is_said_by_default() -> None:
    said = patched(ENTITY, {"confidence": 0.2, "source": "s", "aliases": ["a"]}, NOW)
    cleared = patched(said, dict.fromkeys(("confidence", "source", "aliases", "metadata")), LATER).content
    assert (cleared.confidence, cleared.source, cleared.aliases, cleared.metadata) == (1.0, None, (), {})


@pytest.mark.parametrize(
    ("patch", "violation"),
    [
        ({"name": None}, ("/name", "required")),
        ({"name": 5}, ("/name", "invalid")),
        ({"confidence": True}, ("/confidence", "invalid")),
        ({"confidence": "1"}, ("/confidence", "invalid")),
        ({"metadata": []}, ("/metadata", "invalid")),
        ({"aliases": "abc"}, ("/aliases", "invalid")),
        ({"aliases": [1]}, ("/aliases", "invalid")),
        ({"id": "x"}, ("/id", "unknown_field")),
        ({"version": 3}, ("/version", "unknown_field")),
        ({"metadata": nested(50_000)}, ("/metadata", "too_deep")),
    ],
)
def test_refuses_a_patch_to_something_else(patch: JsonObject, violation: tuple[str, str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        patched(ENTITY, patch, LATER)
    assert [(v.pointer, v.code) for v in refused.value.violations] == [violation]


def test_holds_a_caller_to_the_version_it_names() -> None:
    require_version(ENTITY, None)
    require_version(ENTITY, 1)
    with pytest.raises(EntityChanged):
        require_version(ENTITY, 2)


def test_a_deleted_entity_keeps_what_it_said() -> None:
    gone = deleted(ENTITY, LATER)
    assert (gone.is_active, gone.version, gone.content) == (False, 2, ENTITY.content)


def test_an_event_shows_the_entity_in_json_values() -> None:
    event = entity_event(EntityCreated, ENTITY)
    assert (event.type, event.subject, event.occurred_at) == ("entity.created", ENTITY.id, NOW)
    assert event.data == {
        "id": str(ENTITY.id),
        "name": "Ada",
        "type": "person",
        "confidence": 1.0,
        "source": None,
        "source_type": None,
        "external_id": None,
        "metadata": ADA.metadata,
        "aliases": (),
        "is_active": True,
        "version": 1,
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
    }


def test_is_found_by_its_name_and_aliases() -> None:
    content = replace(ADA, aliases=("ADA", "Countess Lovelace"))
    assert resolution_keys(content) == ["ada", "countess lovelace"]


def test_gives_up_lost_aliases_but_not_former_names() -> None:
    before = replace(ADA, name="Acme", aliases=("Roadrunner", "ACME", "Coyote"))
    after = replace(ADA, name="Apex", aliases=("coyote!",))
    assert released_keys(before, after) == ["roadrunner"]
    assert released_keys(before, before) == ()
