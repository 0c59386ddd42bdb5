"""Finds every name of one block of text: what its form gives away first, then runs of capitalised words."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from adapters.extractors.builtin.classify import Classifier
from adapters.extractors.builtin.confidence import Evidence
from adapters.extractors.builtin.gazetteer import Gazetteer
from adapters.extractors.builtin.patterns import find_forms, find_works
from adapters.extractors.builtin.runs import find_runs
from adapters.extractors.builtin.spans import Found, Sentence, Token
from adapters.extractors.builtin.tokens import sentences, tokens
from adapters.extractors.builtin.words import GROUP_ADJECTIVES, GROUP_NOUNS

# Capitals in headlines prove nothing: only what stands on its own evidence is kept there.
_HEADLINE_EVIDENCE = frozenset(
    {
        Evidence.FORM,
        Evidence.LISTED,
        Evidence.COUNTRY,
        Evidence.PEOPLE,
        Evidence.LISTED_CUED,
        Evidence.LEGAL_FORM,
        Evidence.CUED_WORK,
    }
)
_OPENING_MARKS = frozenset("\"'\u201c\u2018(*_-\u2013\u2014\u2022#.>|:")


class BlockReader:
    """Reads blocks one after the other and numbers their sentences through."""

    def __init__(self, text: str, known: Gazetteer) -> None:
        self._text = text
        self._classifier = Classifier(known)
        self.sentences: list[Sentence] = []
        self.common: set[str] = set()

    def read(self, start: int, end: int) -> list[Found]:
        found: list[Found] = []
        forms = _without_overlaps(find_forms(self._text, start, end))
        works = _without_overlaps(find_works(self._text, start, end))
        taken = _without_overlaps([*forms, *(work for work in works if not _inside_any(work, forms))])
        starts = [each.start for each in taken]
        for sentence in sentences(self._text, start, end):
            number = len(self.sentences)
            self.sentences.append(sentence)
            names = self._names(sentence, taken, starts)
            lower, upper = bisect_right(starts, sentence.start - 1), bisect_right(starts, sentence.end - 1)
            for each in sorted([*names, *taken[lower:upper]], key=lambda one: one.start):
                each.sentence = number
                if not sentence.headline or each.evidence in _HEADLINE_EVIDENCE or each.type == "date":
                    found.append(each)
        return found

    def _names(self, sentence: Sentence, taken: Sequence[Found], starts: Sequence[int]) -> list[Found]:
        words = tokens(self._text, sentence.start, sentence.end)
        if not sentence.headline:
            self.common.update(word.text for word in words if word.text.islower() and len(word.text) > 2)
        blocked = [_covered(word, taken, starts) for word in words]
        opening = 0
        while opening < len(words) and words[opening].text in _OPENING_MARKS:
            opening += 1
        index = {word.start: at for at, word in enumerate(words)}
        names: list[Found] = []
        groups: list[Found] = []
        for run in find_runs(words, blocked):
            first = index[run[0].start]
            last = first + len(run)
            names += self._classifier.read(
                run,
                before=[word.text.lower() for word in words[max(0, first - 2) : first]],
                after=[word.text.lower() for word in words[last : last + 2]],
                initial=first <= opening,
            )
            groups += find_group(words, first, last, names[-1:], self._text)
        # A country that only qualifies its forces is not spoken of itself; a people is named in both.
        inside = [one for one in names if one.type != "nationality" and _inside_any(one, groups)]
        return [one for one in names if one not in inside] + groups


def find_group(
    words: Sequence[Token], first: int, last: int, named: Sequence[Found], text: str
) -> Iterator[Found]:
    """A body named by whom it belongs to: "Iraqi security forces", "the government of Iraq"."""
    if not named or named[0].start < words[first].start or named[0].type not in {"place", "nationality"}:
        return
    end = last
    while end < len(words) and end - last < 2 and words[end].text in GROUP_ADJECTIVES:
        end += 1
    while end > last and words[end - 1].text in GROUP_NOUNS:
        end -= 1
    if end < len(words) and words[end].text in GROUP_NOUNS and words[end].start - words[last - 1].end < 40:
        following = words[end + 1].text if end + 1 < len(words) else ""
        stop = end + 1 if following in GROUP_NOUNS else end
        start, finish = named[0].start, words[stop].end
    else:
        before = [word.text for word in words[max(0, first - 3) : first]]
        skip = 1 if before and before[-1] == "the" else 0
        if len(before) < 2 + skip or before[-1 - skip] != "of" or before[-2 - skip] not in GROUP_NOUNS:
            return
        start, finish = words[first - 2 - skip].start, named[0].end
    name = " ".join(text[start:finish].split())
    yield Found(start, finish, name, "organisation", Evidence.HEADED)


def _covered(word: Token, taken: Sequence[Found], starts: Sequence[int]) -> bool:
    at = bisect_right(starts, word.end - 1) - 1
    return at >= 0 and taken[at].end > word.start


def _inside_any(one: Found, others: Sequence[Found]) -> bool:
    return any(other.start <= one.start and one.end <= other.end for other in others)


def _without_overlaps(found: Iterable[Found]) -> list[Found]:
    """The longest of those that overlap, in reading order."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda each: (each.start, -each.end)):
        if kept and one.start < kept[-1].end:
            if one.end - one.start > kept[-1].end - kept[-1].start:
                kept[-1] = one
        else:
            kept.append(one)
    return kept
