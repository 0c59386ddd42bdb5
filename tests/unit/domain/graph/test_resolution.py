"""Checks which names meet under one key and which do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.graph.resolution import resolution_key


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ("The Royal Society", "royal  society", "organisation"),
        ("Apple Inc.", "Apple", "organisation"),
        ("M\u00fcller GmbH & Co. KG", "muller", "organisation"),
        ("Soci\u00e9t\u00e9 G\u00e9n\u00e9rale S.A.", "Societe Generale", "organisation"),
        ("Sir Tim Berners-Lee", "Tim Berners Lee", "person"),
        ("Dr. Grace Hopper", "GRACE HOPPER", "person"),
        ("O\u2019Brien", "O'Brien", "person"),
        ("U.S.A.", "USA", "place"),
        ("\u0141\u00f3d\u017a", "Lodz", "place"),
        ("\uff21cme", "acme", "organisation"),
    ],
)
def test_spellings_of_one_name_meet(one: str, other: str, kind: str) -> None:
    assert resolution_key(one, kind) == resolution_key(other, kind)


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ("Apple Inc.", "Apple", "work"),
        ("Dr. No", "No", "work"),
        ("\u0915\u093f", "\u0915\u0940", "place"),
        ("Plato", "Pluto", "person"),
    ],
)
def test_different_names_stay_apart(one: str, other: str, kind: str) -> None:
    assert resolution_key(one, kind) != resolution_key(other, kind)


@pytest.mark.parametrize(
    ("name", "kind"), [("The", "work"), ("Inc.", "organisation"), ("Dr.", "person"), ("...", "x")]
)
def test_a_name_made_of_what_is_dropped_keeps_a_key(name: str, kind: str) -> None:
    assert resolution_key(name, kind)


@given(st.text(min_size=1), st.sampled_from(["person", "organisation", "place", ""]))
def test_no_name_has_an_empty_key_and_keys_are_stable(name: str, kind: str) -> None:
    key = resolution_key(name, kind)
    assert key
    assert resolution_key(name, kind) == key
