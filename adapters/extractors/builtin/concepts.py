# ruff: noqa: E501 - a pattern broken over lines can neither be read nor searched
"""Reads what kind of thing a name is said to be: "X is a village", "X, an English mathematician, ..."."""

import re
from dataclasses import dataclass

from adapters.extractors.builtin.words import word_set

# After the name: a copula or a comma, an article, then a noun phrase up to what ends noun phrases.
_COPULA = re.compile(
    r"(?:\s?\([^()]{0,120}\))?(?:, [^.;:,]{1,80},)?(?:\[\d{1,3}\])?\s"
    r"(?:is|was|are|were|became|remains|has been)\s(?:also\s|now\s|once\s)?(?:an?|the|one of the)\s"
)
_APPOSITION = re.compile(r"(?:\s?\([^()]{0,120}\))?,\s(?:an?|the)\s")
_PHRASE = re.compile(
    r"(?:[\w'\u2019-]{1,30}[ ,]{1,2}){0,7}?[\w'\u2019-]{1,30}(?=\s(?:of|in|for|at|on|by|from|to|with|near|who|whose|which|that|and|or|but|as|when|where|based|located|situated|founded|born|known|used|led|between|during|since|under|is|was|has|had|were|are)\b|\s?[.,;:()\n]|$)"
)
_ORDINARY = word_set(
    "first second third last former famous leading major new early late great large small main key "
    "important prominent young old own only same most best oldest youngest largest biggest smallest "
    "current next previous well-known influential renowned notable pioneering modern other popular "
    "local certain one two three"
)
# Heads that say nothing of what a thing is.
_EMPTY = word_set(
    "one part member members result way time lot number type kind place thing case day year years "
    "example reason same author founder president director leader head capital son daughter brother "
    "sister wife husband process end beginning moment chance victim subject step sign winner cause "
    "fact first last"
)


@dataclass(frozen=True, slots=True)
class Stated:
    """A noun phrase and where it stands."""

    start: int
    end: int
    name: str
    confidence: float


def stated_kind(text: str, after: int, end: int) -> Stated | None:
    """What the text right behind a name says it is, if it says so before `end`."""
    limit = min(end, after + 320)
    for pattern, confidence in ((_COPULA, 0.8), (_APPOSITION, 0.65)):
        opening = pattern.match(text, after, limit)
        if not opening:
            continue
        phrase = _PHRASE.match(text, opening.end(), limit)
        if phrase:
            return _head(text, phrase.start(), phrase.end(), confidence)
    return None


def _head(text: str, start: int, end: int, confidence: float) -> Stated | None:
    """The lower-case words at the end of the phrase, without what merely ranks or dates it."""
    words = list(re.finditer(r"[^\s,]+", text[start:end]))
    chosen: list[re.Match[str]] = []
    for word in reversed(words):
        if not word.group().islower() or len(chosen) == 3 or (chosen and text[start + word.end()] == ","):
            break
        chosen.insert(0, word)
    while len(chosen) > 1 and chosen[0].group() in _ORDINARY:
        chosen.pop(0)
    if not chosen or chosen[-1].group() in _EMPTY or chosen[-1].group() in _ORDINARY:
        return None
    if chosen[-1].group().endswith("ly") or len(chosen[-1].group()) < 3:
        return None
    first, last = start + chosen[0].start(), start + chosen[-1].end()
    return Stated(first, last, " ".join(word.group() for word in chosen), confidence)
