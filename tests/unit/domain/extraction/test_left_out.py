"""How many things were left out and why, told in few words."""

from domain.extraction.left_out import NOTHING, REASONS, ends_left_out, left_out
from domain.shared.errors import Violation

UNDECLARED = Violation(pointer="/type", code="undeclared_type", detail="is not declared")
REQUIRED = Violation(pointer="/metadata", code="schema_required", detail="age is required")


def test_nothing_left_out_has_no_reasons() -> None:
    assert left_out([], []) == NOTHING


def test_counts_things_once_and_each_of_their_reasons() -> None:
    found = left_out([("robot", [UNDECLARED, REQUIRED]), ("robot", [UNDECLARED])], [("knows", [REQUIRED])])
    assert (found.entities, found.relationships) == (2, 1)
    assert [(r.kind, r.type, r.pointer, r.code, r.detail, r.count) for r in found.reasons] == [
        ("entity", "robot", "/type", "undeclared_type", "is not declared", 2),
        ("entity", "robot", "/metadata", "schema_required", "age is required", 1),
        ("relationship", "knows", "/metadata", "schema_required", "age is required", 1),
    ]


def test_keeps_the_commonest_reasons_of_very_many() -> None:
    things = [(f"type {n}", [UNDECLARED]) for n in range(REASONS + 10)]
    found = left_out([*things, ("common", [UNDECLARED]), ("common", [UNDECLARED])], [])
    assert found.entities == REASONS + 12
    assert len(found.reasons) == REASONS
    assert found.reasons[0].type == "common"


def test_tells_which_ends_are_left_out() -> None:
    both = ends_left_out(source=True, target=True)
    assert [(v.pointer, v.code) for v in both] == [
        ("/source_entity_id", "end_left_out"),
        ("/target_entity_id", "end_left_out"),
    ]
    assert ends_left_out(source=False, target=True) == both[1:]
