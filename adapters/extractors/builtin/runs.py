"""Joins capitalised words into the longest stretch that can be one name."""

import re
from collections.abc import Iterator, Sequence

from adapters.extractors.builtin.spans import Token
from adapters.extractors.builtin.words import AWARD_HEADS, NOT_NAMES, OF_HEADS, PERSON_PARTICLES, TITLES

_ARTICLE_PREFIXED = re.compile(r"(?:al|el|as|an|ar|ad|az|at|ash|d|l|o)[-'\u2019\u2010\u2011][^\W\d_]")
_LONGEST = 12
_LONGEST_WORD = 60
_ABBREVIATED = TITLES | {"st", "mt", "ft", "jr", "sr"}

Run = Sequence[Token]


def is_capitalised(word: str) -> bool:
    if len(word) > _LONGEST_WORD or not word[0].isalpha():
        return False
    if word[0].isupper():
        return True
    return bool(_ARTICLE_PREFIXED.match(word)) and any(char.isupper() for char in word)


def _close(left: Token, right: Token) -> bool:
    return right.start - left.end <= 1


def find_runs(words: Sequence[Token], taken: Sequence[bool]) -> Iterator[Run]:
    """Each run starts and ends with a capitalised word that is not `taken` by another reading."""
    at, count = 0, len(words)
    while at < count:
        word = words[at].text
        ordinal = word in {"First", "Second", "Third"} and _name_at(words, taken, at + 1, after=words[at])
        if taken[at] or not is_capitalised(word) or (word.lower() in NOT_NAMES and not ordinal):
            at += 1
            continue
        end = at + 1
        while end < count and end - at < _LONGEST:
            step = _step(words, taken, at, end)
            if not step:
                break
            end += step
        yield words[at:end]
        at = end


def _step(words: Sequence[Token], taken: Sequence[bool], at: int, end: int) -> int:  # noqa: PLR0911 - a decision list
    """How many of the words from `end` on belong to the run that began at `at`; 0 ends it."""
    previous, word = words[end - 1], words[end]
    if taken[end] or not _close(previous, word):
        return 0
    if is_capitalised(word.text):
        # A second capital that starts a function word belongs to a headline, not to the name.
        return 0 if word.text.lower() in NOT_NAMES and end - at > 0 and len(word.text) > 1 else 1
    if not _name_at(words, taken, end + 1, after=word):
        return _connected(words, taken, at, end)
    if word.text == "." and (
        (len(previous.text) == 1 and previous.text != "I") or previous.text.lower() in _ABBREVIATED
    ):
        return 2
    if word.text == "&":
        return 2
    if word.text in PERSON_PARTICLES and words[at].text.lower() not in OF_HEADS:
        return 2
    return _connected(words, taken, at, end)


def _name_at(words: Sequence[Token], taken: Sequence[bool], index: int, *, after: Token) -> bool:
    if index >= len(words) or taken[index] or not _close(after, words[index]):
        return False
    return is_capitalised(words[index].text) and words[index].text.lower() not in NOT_NAMES


def _connected(words: Sequence[Token], taken: Sequence[bool], at: int, end: int) -> int:  # noqa: PLR0911 - a decision list
    """ "of", "for" and "and" go on with names that are made that way: "Ministry of Trade and Industry"."""
    run, word = [token.text.lower() for token in words[at:end]], words[end]
    if word.text in {"of", "for", "on", "de"}:
        if run[-1] not in OF_HEADS:
            return 0
        if _name_at(words, taken, end + 1, after=word):
            return 2
        if end + 1 < len(words) and words[end + 1].text in {"the", "la", "los"}:
            return 3 if _name_at(words, taken, end + 2, after=words[end + 1]) else 0
    if word.text == "in" and run[-1] in AWARD_HEADS:
        return 2 if _name_at(words, taken, end + 1, after=word) else 0
    if word.text == "and":
        skip = 1 if end + 1 < len(words) and words[end + 1].text == "the" else 0
        if not _name_at(words, taken, end + 1 + skip, after=words[end + skip]):
            return 0
        return 2 + skip if _and_belongs(words, run, end + 1 + skip, bool(skip)) else 0
    return 0


def _and_belongs(words: Sequence[Token], run: Sequence[str], index: int, article: bool) -> bool:
    """An "and" inside a name: a ministry's second field, or what the abbreviation behind it confirms."""
    head = run[0]
    if ("of" in run or "for" in run) and head in {
        "ministry",
        "department",
        "faculty",
        "office",
        "committee",
        "institute",
        "bureau",
        "museum",
    }:
        return not article and words[index].text.lower() not in OF_HEADS
    initials = [part[0] for part in run if part not in {"of", "for", "the", "and"}] + [
        words[index].text[0].lower()
    ]
    behind = words[index + 1 : index + 3]
    if len(behind) < 2 or behind[0].text != "(":
        return False
    return behind[1].text.lower().startswith("".join(initials)[:2]) and behind[1].text.isupper()
