"""Topic patterns as the broker reads them."""

import pytest

from application.shared.topics import matches, matches_any


@pytest.mark.parametrize(
    ("pattern", "event_type", "fits"),
    [
        ("entity.created", "entity.created", True),
        ("entity.created", "entity.updated", False),
        ("entity.*", "entity.created", True),
        ("entity.*", "entity", False),
        ("entity.*", "entity.merge.undone", False),
        ("*.created", "entity.created", True),
        ("*", "entity", True),
        ("*", "entity.created", False),
        ("#", "entity.created", True),
        ("#", "", True),
        ("entity.#", "entity", True),
        ("entity.#", "entity.merge.undone", True),
        ("entity.#", "entities.created", False),
        ("#.created", "created", True),
        ("#.created", "a.b.created", True),
        ("#.created", "a.created.b", False),
        ("a.#.c", "a.c", True),
        ("a.#.c", "a.b.b.c", True),
        ("a.#.c", "a.b.c.d", False),
        ("#.b.#", "a.b.c", True),
        ("#.b.#", "a.c", False),
        ("#.*", "a", True),
        ("#.*.#.*", "a", False),
        ("*.#.*", "a.b", True),
        ("x.#.#", "a.b", False),
        ("entity*", "entity1", False),
    ],
)
def test_a_pattern_fits_as_the_broker_has_it(pattern: str, event_type: str, fits: bool) -> None:
    assert matches(pattern, event_type) is fits


def test_one_fitting_pattern_is_enough() -> None:
    assert matches_any(["document.*", "entity.*"], "entity.created")
    assert not matches_any(["document.*", "job.*"], "entity.created")
    assert not matches_any([], "entity.created")
