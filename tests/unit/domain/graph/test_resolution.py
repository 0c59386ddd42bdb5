"""Checks which names meet under one key and which do not."""

import string
import unicodedata

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from domain.graph.resolution import resolution_key

# From one seed in every run, and however long a busy machine takes over a name.
ALIKE = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
LETTERS = string.ascii_uppercase.replace("S", "")
# Letters that are an honorific, or an article, where they are written together.
NOT_INITIALS = {"mr", "ms", "mx", "dr", "fr", "sr", "the", "miss", "hon", "rev"}


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
        ("Marks & Spencer", "Marks and Spencer plc", "organisation"),
        ("Johnson&Johnson", "Johnson and Johnson", "organisation"),
        ("Allegro Sp. z o.o.", "Allegro sp. z oo", "organisation"),
        ("Carlsberg A/S", "Carlsberg", "organisation"),
        ("Jane Doe, Ph.D.", "Jane Doe", "person"),
        ("Dr. Jane Doe, M. D.", "Jane Doe", "person"),
        ("Martin Luther King Jr.", "Martin Luther King", "person"),
        ("E. E. Cummings", "e e cummings", "person"),
        (
            "\u0410. \u0421. \u041f\u0443\u0448\u043a\u0438\u043d",
            "\u0410.\u0421.\u041f\u0443\u0448\u043a\u0438\u043d",
            "person",
        ),
        ("J. R. Ewing", "JR Ewing", "person"),
        ("Dr. J. R. Ewing", "JR Ewing", "person"),
        ("N. A. T. O.", "NATO", "organisation"),
        ("Stra\u00dfe", "STRASSE", "place"),
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
        ("D. R. Smith", "Smith", "person"),
        ("M. S. Dhoni", "Dhoni", "person"),
        ("J.R. Ewing", "Ewing", "person"),
        ("Ewing, J. R.", "Ewing", "person"),
        ("A. Turing", "Turing", "person"),
        ("An Nguyen", "Nguyen", "person"),
        ("John F. Kennedy", "John Kennedy", "person"),
        ("San Diego Zoo", "San Diego", "organisation"),
        ("Q&A", "QA", "work"),
        ("\u4e00 \u4e8c", "\u4e00\u4e8c", "work"),
    ],
)
def test_different_names_stay_apart(one: str, other: str, kind: str) -> None:
    assert resolution_key(one, kind) != resolution_key(other, kind)


@pytest.mark.parametrize(
    ("name", "kind"), [("The", "work"), ("Inc.", "organisation"), ("Dr.", "person"), ("...", "x")]
)
def test_a_name_made_of_what_is_dropped_keeps_a_key(name: str, kind: str) -> None:
    assert resolution_key(name, kind)


KINDS = st.sampled_from(["person", "organisation", "place", "work", ""])
PARTS = [
    "Ada",
    "O'Brien",
    "Society",
    "Tolkien",
    "M\u00fcller",
    "Jos\u00e9",
    "the",
    "A",
    "and",
    "&",
    "J.",
    "R",
    "x",
]
PARTS += [
    "Dr.",
    "Sir",
    "Jr.",
    "PhD",
    "M.D.",
    "Ph.D.",
    "Inc.",
    "GmbH",
    "Co.",
    "S.A.",
    "sp.",
    "z",
    "o.o.",
    "\u5317",
    "3",
]
names = st.one_of(
    st.text(min_size=1, max_size=40),
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=7).map(" ".join),
)
words = st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=9).map(str.capitalize)


def plain(word: str) -> bool:
    """Whether a name of this word alone is not made of what is dropped."""
    return all(
        resolution_key(f"Zz {word} Zz", kind).split() == ["zz", word.lower(), "zz"]
        and resolution_key(f"{word} Zz", kind).split() == [word.lower(), "zz"]
        and resolution_key(f"Zz {word}", kind).split() == ["zz", word.lower()]
        and resolution_key(f"Zz {word} Inc", "organisation").split() == ["zz", word.lower()]
        for kind in ("person", "organisation", "place")
    )


proper = st.lists(words.filter(plain), min_size=1, max_size=3)


@ALIKE
@given(names, KINDS)
def test_no_name_has_an_empty_key_and_keys_are_stable(name: str, kind: str) -> None:
    key = resolution_key(name, kind)
    assert key
    assert resolution_key(key, kind) == key


@ALIKE
@given(proper, KINDS)
def test_case_and_spacing_tell_no_names_apart(parts: list[str], kind: str) -> None:
    key = resolution_key(" ".join(parts), kind)
    for other in (
        " ".join(parts).upper(),
        " ".join(parts).lower(),
        "  " + " \t\n ".join(parts) + "\u00a0",
        "-".join(parts),
        ", ".join(parts) + ".",
    ):
        assert resolution_key(other, kind) == key


@ALIKE
@given(proper, st.sampled_from("\u0300\u0301\u0302\u0303\u0308\u030c\u0327"), KINDS)
def test_accents_tell_no_names_apart_however_they_are_encoded(
    parts: list[str], accent: str, kind: str
) -> None:
    name = " ".join(parts)
    accented = "".join(char + accent if char in "aeiouncs" else char for char in name)
    assert resolution_key(accented, kind) == resolution_key(name, kind)
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert resolution_key(unicodedata.normalize(form, accented), kind) == resolution_key(name, kind)


@ALIKE
@given(
    proper,
    st.sampled_from(["Inc.", "Ltd", "LLC", "GmbH", "S.A.", "S. A.", "plc", "Co., Ltd.", "& Co. KG", "A/S"]),
)
def test_a_legal_form_tells_no_organisations_apart(parts: list[str], form: str) -> None:
    name = " ".join(parts)
    for joint in (" ", ", "):
        assert resolution_key(name + joint + form, "organisation") == resolution_key(name, "organisation")


@ALIKE
@given(st.lists(st.sampled_from(LETTERS), min_size=2, max_size=4), proper)
def test_initials_are_spelled_in_many_ways(initials: list[str], parts: list[str]) -> None:
    letters, rest = "".join(initials), " ".join(parts)
    assume(letters.lower() not in NOT_INITIALS)
    spellings = [
        f"{''.join(f'{one}. ' for one in initials)}{rest}",
        f"{'.'.join(initials)}. {rest}",
        f"{letters} {rest}",
        f"{' '.join(initials)} {rest}",
        f"{'.-'.join(initials)}. {rest}",
    ]
    assert len({resolution_key(one, "person") for one in spellings}) == 1, spellings


@pytest.mark.parametrize(
    "name", ["J. R. R. Tolkien", "J.R.R. Tolkien", "JRR Tolkien", "j r r tolkien", "J.R. R. Tolkien"]
)
def test_one_author_has_one_key(name: str) -> None:
    assert resolution_key(name, "person") == "jrr tolkien"
