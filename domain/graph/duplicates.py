"""How likely two entities are one thing: reasons with weights, added up; no training, no list of names."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from domain.graph.entity import EntityContent
from domain.graph.resolution import resolution_key

# They add up to 1: nobody's score is above it.
NAME_WEIGHT: Final = 0.8
TYPE_WEIGHT: Final = 0.1
NEIGHBOURS_WEIGHT: Final = 0.05
CLOSENESS_WEIGHT: Final = 0.05
# What is told of one thing about another speaks of two.
RELATED_WEIGHT: Final = -0.1
# A few shared neighbours can be chance.
MANY_NEIGHBOURS: Final = 3
# How much each further namesake takes from a name that is part of several others.
AMBIGUITY: Final = 0.1
SMALL_WORDS: Final = frozenset(
    [
        "the",
        "of",
        "and",
        "for",
        "in",
        "on",
        "to",
        "a",
        "an",
        "de",
        "la",
        "le",
        "el",
        "al",
        "du",
        "von",
        "van",
        "et",
    ]
)
NAMES: Final = 20

# How alike two texts are, 0 to 1.
Ratio = Callable[[str, str], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """`value` (0 to 1) times `weight` is what it adds to the score."""

    kind: str
    value: float
    weight: float
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NameLikeness:
    """How alike two entities' names are at best, and by which rule. A `partial` one is the same name less
    some words."""

    value: float
    one: str
    other: str
    rule: str
    partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbourhood:
    """What two entities' surroundings have in common; `fewest` is how many neighbours the lonelier has,
    `closeness` the cosine of the vectors of the passages that mention them, if some mention each."""

    shared: int
    fewest: int
    related: bool
    closeness: float | None = None


def score_of(reasons: Sequence[Reason]) -> float:
    """The score that reasons add up to, 0 to 1."""
    return round(min(max(sum(reason.value * reason.weight for reason in reasons), 0.0), 1.0), 4)


def reasons_of(
    one: EntityContent, other: EntityContent, names: NameLikeness, namesakes: int, around: Neighbourhood
) -> Sequence[Reason]:
    """Everything that speaks for and against; `namesakes` is how many others a partial name fits as well."""
    named = max(names.value - AMBIGUITY * namesakes, 0.0) if names.partial else names.value
    detail = f"{names.one!r} and {names.other!r}: {names.rule}"
    if names.partial and namesakes:
        detail += f"; so are {namesakes} other(s)"
    same = one.type == other.type
    reasons = [
        Reason(kind="name", value=round(named, 4), weight=NAME_WEIGHT, detail=detail),
        Reason(
            kind="type",
            value=float(same),
            weight=TYPE_WEIGHT,
            detail=f"both are of type {one.type!r}" if same else f"types {one.type!r} and {other.type!r}",
        ),
        _neighbours(around),
    ]
    if around.closeness is not None:
        text = "the passages that mention them are this close as vectors"
        value = round(min(max(around.closeness, 0.0), 1.0), 4)
        reasons.append(Reason(kind="closeness", value=value, weight=CLOSENESS_WEIGHT, detail=text))
    if around.related:
        text = "a relationship leads from one to the other"
        reasons.append(Reason(kind="related", value=1.0, weight=RELATED_WEIGHT, detail=text))
    return reasons


def _neighbours(around: Neighbourhood) -> Reason:
    part = around.shared / around.fewest if around.fewest else 0.0
    return Reason(
        kind="neighbours",
        value=round(min(part, 1.0) * min(around.shared / MANY_NEIGHBOURS, 1.0), 4),
        weight=NEIGHBOURS_WEIGHT,
        detail=f"{around.shared} of at least {around.fewest} neighbours shared",
    )


def within_reach(names: NameLikeness, least: float) -> bool:
    """Whether a pair with these names can come to the score `least`, whatever surrounds it."""
    return NAME_WEIGHT * names.value + TYPE_WEIGHT + NEIGHBOURS_WEIGHT + CLOSENESS_WEIGHT >= least


def likeness(one: EntityContent, other: EntityContent, ratio: Ratio) -> NameLikeness:
    """The names or aliases of the two that are most alike."""
    person = "person" in (one.type, other.type)
    mine, theirs = _names(one), _names(other)
    found = (_alike(each, its, person, ratio) for each in mine for its in theirs)
    return max(found, key=lambda names: names.value)


@dataclass(frozen=True, slots=True)
class _Name:
    """A name, and its words as they are compared."""

    text: str
    words: list[str]


def _names(content: EntityContent) -> Sequence[_Name]:
    names = (content.name, *content.aliases)[:NAMES]
    return [_Name(name, resolution_key(name, content.type).split()) for name in names]


def _alike(mine: _Name, theirs: _Name, person: bool, ratio: Ratio) -> NameLikeness:
    value, rule, partial = _equal(mine.words, theirs.words) or _unequal(mine, theirs, person, ratio)
    return NameLikeness(value=value, one=mine.text, other=theirs.text, rule=rule, partial=partial)


def _equal(one: list[str], other: list[str]) -> tuple[float, str, bool] | None:
    if one == other:
        return 1.0, "the same name", False
    if "".join(one) == "".join(other):
        return 0.97, "the same letters", False
    return (0.95, "the same words", False) if _telling(one) == _telling(other) else None


def _telling(words: list[str]) -> list[str]:
    """The words without the small ones, in any order: a department of defence is a defence department."""
    return sorted(word for word in words if word not in SMALL_WORDS) or words


def _unequal(mine: _Name, theirs: _Name, person: bool, ratio: Ratio) -> tuple[float, str, bool]:
    one, other = mine.words, theirs.words
    if _is_acronym(mine, other) or _is_acronym(theirs, one):
        return 0.88, "one has the initials of the other", True
    if _numbers(one) != _numbers(other):
        return min(0.4, ratio(" ".join(one), " ".join(other))), "they differ in a number", False
    short, long = sorted((one, other), key=len)
    if set(short) < set(long):
        return _part(short, long, person), "one is part of the other", True
    return _spelled(one, other, ratio), "similar spelling", False


def _part(short: list[str], long: list[str], person: bool) -> float:
    """A name within a longer one: people are called by the last of their names, seldom by another."""
    ends = long[-len(short) :] == short
    if person:
        return 0.85 if ends and len(short[-1]) > 2 else 0.65
    return 0.7 if len(short) > 1 and ends else 0.5


def _spelled(one: list[str], other: list[str], ratio: Ratio) -> float:
    """As alike as the least alike of the words that face each other."""
    whole = ratio(" ".join(one), " ".join(other))
    if len(one) != len(other):
        return 0.8 * max(whole, ratio(" ".join(sorted(one)), " ".join(sorted(other))))
    worst = min(_words(mine, theirs, ratio) for mine, theirs in zip(one, other, strict=True))
    return min(whole, worst)


def _words(mine: str, theirs: str, ratio: Ratio) -> float:
    if mine == theirs:
        return 1.0
    if 1 in (len(mine), len(theirs)) and mine[0] == theirs[0]:
        return 0.85  # an initial
    value = ratio(mine, theirs)
    consonants = _consonants(mine)
    if len(consonants) > 2 and consonants == _consonants(theirs):
        return max(value, 0.92)  # vowels are what transliterations differ in
    # In a short word, and at its beginning, a letter makes another word.
    if min(len(mine), len(theirs)) < 5 or mine[0] != theirs[0]:
        value *= 0.7
    return value if value >= 0.8 else value * 0.8


def _consonants(word: str) -> str:
    """The first letter and the consonants after it, doubled ones once."""
    rest = re.sub("[aeiouyh]", "", word[1:])
    return word[:1] + re.sub(r"(.)\1+", r"\1", rest)


def _numbers(words: list[str]) -> set[str]:
    return {word for word in words if any(char.isdigit() for char in word)}


def _is_acronym(name: _Name, others: list[str]) -> bool:
    """Whether a name is written as an acronym, and the words of the other begin with its letters."""
    if len(name.words) != 1 or len(others) < 2 or not 2 <= len(name.words[0]) <= 6:
        return False
    if not name.text.replace(".", "").replace(" ", "").isupper():
        return False
    initials = "".join(word[0] for word in others)
    return name.words[0] in (initials, "".join(word[0] for word in others if word not in SMALL_WORDS))
