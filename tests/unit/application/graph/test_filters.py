"""Requests for lists and walks are held to their documented ranges."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest

from application.graph.queries import EntityFilter, RelationshipFilter, metadata_alternatives
from application.graph.traversal import CommonNeighborsRequest, NeighborhoodRequest, PathsRequest, Steps
from domain.shared.errors import InvalidInput
from domain.shared.ids import EntityId
from tests.contract.systems import IDS

ID = EntityId(IDS.new())
NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001  # a moment without its time zone is what is refused

FIRST_DAY = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
LAST_DAY = datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-14)))


@pytest.mark.parametrize(
    ("make", "pointer"),
    [
        (lambda: EntityFilter(q="a " * 17), "/q"),
        (lambda: EntityFilter(q="a" * 501), "/q"),
        (lambda: EntityFilter(metadata={str(n): "" for n in range(11)}), "/metadata"),
        (lambda: EntityFilter(created_after=NAIVE), "/created_after"),
        (lambda: RelationshipFilter(created_before=NAIVE), "/created_before"),
        (lambda: EntityFilter(created_after=FIRST_DAY), "/created_after"),
        (lambda: RelationshipFilter(created_before=LAST_DAY), "/created_before"),
        (lambda: NeighborhoodRequest(entity_id=ID, depth=0), "/depth"),
        (lambda: NeighborhoodRequest(entity_id=ID, depth=6), "/depth"),
        (lambda: NeighborhoodRequest(entity_id=ID, limit=0), "/limit"),
        (lambda: NeighborhoodRequest(entity_id=ID, limit=5001), "/limit"),
        (lambda: NeighborhoodRequest(entity_id=ID, steps=Steps(min_confidence=2)), "/min_confidence"),
        (lambda: NeighborhoodRequest(entity_id=ID, steps=Steps(types=["t"] * 101)), "/types"),
        (lambda: PathsRequest(source=ID, target=ID, steps=Steps(entity_types=["t"] * 101)), "/entity_types"),
        (lambda: NeighborhoodRequest(entity_id=ID, fan_out=5001), "/fan_out"),
        (lambda: NeighborhoodRequest(entity_id=ID, max_relationships=0), "/max_relationships"),
        (lambda: PathsRequest(source=ID, target=ID, max_visited=0), "/max_visited"),
        (lambda: CommonNeighborsRequest(source=ID, target=ID), "/target"),
        (lambda: PathsRequest(source=ID, target=ID, max_depth=11), "/max_depth"),
        (lambda: PathsRequest(source=ID, target=ID, limit=101), "/limit"),
    ],
)
def test_refuses_what_is_out_of_range(make: Callable[[], object], pointer: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        make()
    assert [violation.pointer for violation in refused.value.violations] == [pointer]


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("5", 5),
        ("-0.5", -0.5),
        ("true", True),
        ("null", None),
        ("word", "word"),
        ("", ""),
        ('"quoted"', '"quoted"'),
        ("[1]", "[1]"),
        ("NaN", "NaN"),
        ("Infinity", "Infinity"),
        ("1e999", "1e999"),
        ("9" * 5000, "9" * 5000),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_a_metadata_filter_means_the_text_and_the_value_it_spells(text: str, spelled: object) -> None:
    assert metadata_alternatives("k", text) == ({"k": text}, {"k": spelled})
