"""Says what a run of capitalised words names, from the words themselves and their neighbours."""

import itertools
from collections.abc import Iterator, Sequence

from adapters.extractors.builtin.confidence import Evidence
from adapters.extractors.builtin.gazetteer import Gazetteer
from adapters.extractors.builtin.runs import Run
from adapters.extractors.builtin.spans import Found, Token
from adapters.extractors.builtin.words import (
    AWARD_HEADS,
    DIRECTIONS,
    EVENT_HEADS,
    HOLIDAY_HEADS,
    LEGAL_FORMS,
    NOT_ACRONYMS,
    NOT_NAMES,
    OF_HEADS,
    ORGANISATION_HEADS,
    PERSON_PARTICLES,
    PERSON_VERBS,
    PLACE_HEADS,
    PLACE_OPENERS,
    PLACE_PREPOSITIONS,
    STRONG_PLACE_PREPOSITIONS,
    TITLES,
    WORK_CUES,
    WORK_HEADS,
)

Reading = tuple[str, Evidence]


class Classifier:
    """Reads one run in its surroundings; `before` and `after` are its neighbouring words in lower case."""

    def __init__(self, known: Gazetteer) -> None:
        self._known = known

    def read(
        self, run: Run, *, before: Sequence[str], after: Sequence[str], initial: bool
    ) -> Iterator[Found]:
        """The names in a run: its people, title and name can stand side by side."""
        words = list(run)
        previous = before[-1] if before else ""
        while len(words) > 1 and self._is_people(words[0].text) and self._splits_after_people(words[1:]):
            yield _found(words[:1], "nationality", Evidence.PEOPLE)
            previous, words, initial = words[0].text.lower(), words[1:], False
        inner = self._inner_title(words)
        if inner:
            yield from self.read(words[:inner], before=[previous], after=["minister"], initial=initial)
            words, previous, initial = words[inner:], "", False
        titled = self._title_length(words)
        if titled == len(words) and (titled > 1 or words[0].text.lower() in TITLES):
            return  # a role without a name
        if titled:
            words, previous = words[titled:], "title"
            while words and not words[0].text[0].isalpha():
                words = words[1:]
            if not words:
                return
            initial = False
        if initial and len(words) > 1 and self._opens_sentence_only(words):
            words, initial = words[1:], False
        kind, evidence = self._type(words, previous=previous, before=before, after=after, initial=initial)
        if kind:
            yield _found(words, kind, evidence)

    def _is_people(self, word: str) -> bool:
        return word in self._known.peoples or (word.endswith("s") and word[:-1] in self._known.peoples)

    def _splits_after_people(self, rest: Sequence[Token]) -> bool:
        """Whether what follows a people's name is a name of its own: a title or a person."""
        first, last = rest[0].text, rest[-1].text.lower()
        if last in ORGANISATION_HEADS | EVENT_HEADS | PLACE_HEADS:
            return False
        return first.lower() in TITLES or first in self._known.first_names

    def _inner_title(self, words: Sequence[Token]) -> int:
        """Where a title stands in the middle: "Foreign Office Minister Tobias Ellwood"."""
        lower = [word.text.lower() for word in words]
        if (lower[0] in TITLES and lower[0] != "foreign") or {"of", "for"} & set(lower):
            return 0
        for last in range(len(words) - 2, 0, -1):
            at = last
            if (
                lower[at] in TITLES
                and lower[-1] not in ORGANISATION_HEADS | PLACE_HEADS | EVENT_HEADS | TITLES
            ):
                while at > 1 and lower[at - 1] in TITLES:
                    at -= 1
                return at if lower[at - 1] in ORGANISATION_HEADS or words[0].text.isupper() else 0
        return 0

    def _title_length(self, words: Sequence[Token]) -> int:
        length = 0
        while length < len(words):
            word = words[length].text.lower()
            if (
                word in TITLES
                or (word == "." and length)
                or (length and word in {"of", "for", "state", "staff"})
            ):
                length += 1
            else:
                break
        if (
            length
            and words[-1].text.lower() in ORGANISATION_HEADS | PLACE_HEADS | EVENT_HEADS
            and length < len(words)
        ):
            return 0  # "Prince William Sound", "King Abdullah University"
        if length and length < len(words) and words[length - 1].text in {"of", "for"}:
            return 0  # "Queen of Sheba", "Minister for Europe"
        return length

    def _opens_sentence_only(self, words: Sequence[Token]) -> bool:
        """ "Mathematician Ada Lovelace": the first word is capitalised by its position."""
        first, second = words[0].text, words[1].text
        if (
            second.isupper()
            and len(second) > 1
            and not first.isupper()
            and first not in self._known.first_names
        ):
            return True  # "Defeating ISIL"
        return first.lower() in self._known.occupations or (
            first.endswith(("ing", "ly"))
            and first not in self._known.surnames
            and second in self._known.first_names
        )

    def _type(
        self,
        words: Sequence[Token],
        *,
        previous: str,
        before: Sequence[str],
        after: Sequence[str],
        initial: bool,
    ) -> Reading:
        name, following = _name(words), after[0] if after else ""
        if previous == "title":
            return "person", Evidence.TITLED
        if len(words) == 1:
            return self._single(name, previous=previous, before=before, following=following, initial=initial)
        return (
            self._headed(words, name, previous)
            or self._listed_place(name, previous)
            or (("place", Evidence.CUED) if previous in {"near", "outside", "around"} else None)
            or self._person(words)
            or self._by_context(words, previous, before, following)
        )

    def _headed(  # noqa: C901, PLR0911, PLR0912 - a decision list, read top to bottom
        self, words: Sequence[Token], name: str, previous: str
    ) -> Reading | None:
        lower = [word.text.lower() for word in words]
        head = lower[-1].rstrip(".")
        opening = next((lower[at - 1] for at in range(1, len(lower)) if lower[at] in {"of", "for", "on"}), "")
        first, last, known = words[0].text, words[-1].text, self._known
        placed = previous in STRONG_PLACE_PREPOSITIONS
        if len(words) == 2 and first in known.first_names and last in known.surnames and not placed:
            return "person", Evidence.LISTED
        if AWARD_HEADS & set(lower):
            return "award", Evidence.HEADED
        if head in WORK_HEADS:
            return "work", Evidence.HEADED
        if head in LEGAL_FORMS:
            return "organisation", Evidence.LEGAL_FORM
        if name in self._known.countries:
            return "place", Evidence.COUNTRY
        for noun in (opening, head):
            if noun in EVENT_HEADS or (noun == "conference" and opening):
                return "event", Evidence.HEADED
            if noun in ORGANISATION_HEADS:
                return "organisation", Evidence.HEADED
            if noun in PLACE_HEADS:
                return "place", Evidence.HEADED
        if opening in OF_HEADS:
            return "organisation", Evidence.HEADED
        if head in HOLIDAY_HEADS:
            return "date", Evidence.HEADED
        if all(word in DIRECTIONS for word in lower) or (
            lower[0] in DIRECTIONS and self._is_place(words[1:])
        ):
            return "place", Evidence.HEADED
        if lower[0] == "operation":
            return "event", Evidence.HEADED
        if lower[0] in PLACE_OPENERS and name not in self._known.first_names:
            return "place", Evidence.HEADED
        return None

    def _is_place(self, words: Sequence[Token]) -> bool:
        name, known = _name(words), self._known
        return name in known.countries or name in known.regions or name in known.large_cities

    def _listed_place(self, name: str, previous: str) -> Reading | None:
        known = self._known
        if name in known.countries:
            return "place", Evidence.COUNTRY
        cued = previous in PLACE_PREPOSITIONS
        if name in known.regions or name in known.large_cities:
            return "place", Evidence.LISTED_CUED if cued else Evidence.LARGE_LISTED
        if name in known.cities:
            return "place", Evidence.LISTED_CUED if cued else Evidence.SMALL_LISTED
        return None

    def _person(self, words: Sequence[Token]) -> Reading | None:
        texts = [word.text for word in words if word.text != "."]
        if len(texts) > 6 or any(text in {"&", "of", "for", "and"} for text in texts):
            return None
        first, last = texts[0], texts[-1]
        initials = sum(len(text) == 1 and text.isupper() for text in texts)
        if first in self._known.first_names and first != "Al":
            certain = last in self._known.surnames or initials
            return "person", Evidence.LISTED if certain else Evidence.FIRST_NAME
        if any(text in PERSON_PARTICLES for text in texts[1:-1]) or last.startswith(
            ("al-", "Al-", "el-", "ibn")
        ):
            return "person", Evidence.FIRST_NAME
        if initials and len(first) == 1 and len(last) > 2:
            return "person", Evidence.FIRST_NAME
        if last in self._known.surnames and len(texts) == 2 and not first.isupper():
            return "person", Evidence.CUED
        return None

    def _single(  # noqa: C901, PLR0911 - a decision list, read top to bottom
        self, name: str, *, previous: str, before: Sequence[str], following: str, initial: bool
    ) -> Reading:
        known = self._known
        if self._is_people(name):
            return "nationality", Evidence.PEOPLE
        if name in known.countries:
            return "place", Evidence.COUNTRY
        if name.lower() in DIRECTIONS or (initial and name.endswith("ing")):
            return "", Evidence.SENTENCE_START
        if name.isupper() and len(name) > 1:
            return self._acronym(name, previous, following)
        place = self._listed_place(name, previous)
        if following in PERSON_VERBS | {"regime"} and not (place and place[1] is not Evidence.SMALL_LISTED):
            return "person", Evidence.CUED
        if place and not (name in known.first_names and previous not in STRONG_PLACE_PREPOSITIONS):
            return place[0], Evidence.SENTENCE_START if initial and name in known.cities else place[1]
        if place and name in known.large_cities:
            return place[0], Evidence.SMALL_LISTED  # a first name as well: "Paris"
        if len(name) < 3:
            return "", Evidence.SENTENCE_START
        if previous in STRONG_PLACE_PREPOSITIONS or (previous == "at" and name not in known.surnames):
            return "place", Evidence.CUED
        if initial:
            return "organisation" if len(set(name)) > 1 else "", Evidence.SENTENCE_START
        if previous in WORK_CUES and len(before) > 1 and before[-2] in {"the", "his", "her", "their"}:
            return "work", Evidence.CUED
        if name in known.first_names or name in known.surnames:
            return "person", Evidence.LONE
        return "organisation", Evidence.LONE

    def _acronym(self, name: str, previous: str, following: str) -> Reading:
        plain = name.replace(".", "")
        if len(plain) < 2 or len(plain) > 8 or plain in NOT_ACRONYMS or not plain.isalpha():
            return "", Evidence.SENTENCE_START
        if previous in {"a", "an"}:  # "a UAV" is a thing; "an IBM engineer" comes from somewhere
            modifies = following.isalpha() and following not in NOT_NAMES
            return ("organisation", Evidence.SHAPE) if modifies else ("", Evidence.SENTENCE_START)
        if name in self._known.large_cities:
            return "place", Evidence.LARGE_LISTED
        return "organisation", Evidence.ACRONYM

    def _by_context(  # noqa: PLR0911 - a decision list, read top to bottom
        self, words: Sequence[Token], previous: str, before: Sequence[str], following: str
    ) -> Reading:
        lower = {word.text.lower() for word in words}
        if previous in WORK_CUES and len(before) > 1 and before[-2] in {"the", "his", "her", "their"}:
            return "work", Evidence.CUED
        if lower & ORGANISATION_HEADS or "&" in lower:
            return "organisation", Evidence.CUED
        if words[0].text.isupper() and len(words[0].text) > 1:
            return "organisation", Evidence.SHAPE
        if following in PERSON_VERBS:
            return "person", Evidence.CUED
        if previous in STRONG_PLACE_PREPOSITIONS:
            return "place", Evidence.CUED
        if previous in {"the", "a", "an"} or any(self._is_people(word.text) for word in words):
            return "organisation", Evidence.SHAPE
        if previous == "by" and len(words) < 4:
            return "person", Evidence.CUED
        return ("person" if len(words) < 4 else "organisation"), Evidence.SHAPE


def _name(words: Sequence[Token]) -> str:
    """The words with single spaces; `Token` gaps are at most one character."""
    parts = [words[0].text]
    for left, right in itertools.pairwise(words):
        parts.append((" " if right.start > left.end else "") + right.text)
    return "".join(parts)


def _found(words: Sequence[Token], kind: str, evidence: Evidence) -> Found:
    return Found(words[0].start, words[-1].end, _name(words), kind, evidence)
