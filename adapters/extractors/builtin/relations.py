"""Reads what sentences say of the things they name, pair by pair, within a sentence."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from adapters.extractors.builtin.concepts import stated_kind
from adapters.extractors.builtin.confidence import Evidence
from adapters.extractors.builtin.coreference import Cluster, retype
from adapters.extractors.builtin.gazetteer import Gazetteer
from adapters.extractors.builtin.relation_patterns import phrases_between
from adapters.extractors.builtin.spans import Found, Sentence
from adapters.extractors.builtin.words import MADE_NOUNS, ORGANISATION_HEADS, PERSON_NOUNS, PLACE_HEADS
from domain.extraction.candidates import CandidateRelationship, Mention

_REACH = 4  # how many names ahead a statement can reach
_LONGEST_GAP = 200
_LONGEST_EVIDENCE = 500
_NOISE = re.compile(r"\[\d{1,3}\]|\([^()]{0,120}\)|[*_]{1,2}")
_SPACE = re.compile(r"\s+")
# What somebody designed is neither a person nor, as far as anybody knows, an organisation.
_MAKING = re.compile(
    r"\b(?:designed|invented|developed|wrote|composed|painted|programmed) "
    r"(?:the |a |an )?(?:[a-z-]{1,20} ){0,3}$"
)
_SETTLED = 0.65
_PRONOUN = re.compile(r"[\"\u201c*_]?(He|She|It)\b")
_BY_PRONOUN = 0.75  # how much surer a name is than a pronoun that seems to mean it
_KINDS = frozenset({"person", "organisation", "place", "work", "event", "award"})


@dataclass(slots=True)
class Anchor:
    """One place in a sentence where a thing is named, or meant by a pronoun."""

    start: int
    end: int
    cluster: Cluster
    factor: float = 1.0


@dataclass(slots=True)
class Statement:
    """One relation read in one sentence."""

    source: Cluster
    target: Cluster
    type: str
    confidence: float
    start: int
    end: int

    def candidate(self, text: str) -> CandidateRelationship:
        return CandidateRelationship(
            source=self.source.key,
            target=self.target.key,
            type=self.type,
            confidence=self.confidence,
            evidence=Mention(start=self.start, end=self.end, text=text[self.start : self.end]),
        )


class RelationReader:
    """`clusters` are those given and the concepts that statements added, in reading order."""

    def __init__(
        self, text: str, sentences: Sequence[Sentence], clusters: Sequence[Cluster], known: Gazetteer
    ) -> None:
        self._text = text
        self._sentences = sentences
        self._known = known
        self.clusters = list(clusters)
        self._concepts: dict[str, Cluster] = {each.name: each for each in clusters if each.type == "concept"}
        self._settle_types()
        self._anchors: dict[int, list[Anchor]] = defaultdict(list)
        for each in clusters:
            for one in each.found:
                self._anchors[one.sentence].append(Anchor(one.start, one.end, each))

    def read(self, *, stopped: Callable[[], bool]) -> list[Statement]:
        best: dict[tuple[int, int, str], Statement] = {}
        subjects: list[Anchor] = []
        for number, sentence in enumerate(self._sentences):
            if number % 500 == 0 and stopped():
                break
            anchors = sorted(self._anchors.get(number, ()), key=lambda one: (one.start, -one.end))
            pronoun = self._pronoun(sentence, subjects)
            if pronoun:
                anchors.insert(0, pronoun)
            if not sentence.headline:
                for one in self._statements(sentence, anchors):
                    key = (id(one.source), id(one.target), one.type)
                    if key not in best or best[key].confidence < one.confidence:
                        best[key] = one
            subjects = [one for one in anchors if one.cluster.type in _KINDS][:3] or subjects
        self.clusters.sort(key=lambda each: min(one.start for one in each.found))
        return list(best.values())

    def _settle_types(self) -> None:
        """ "X is a village" settles what a weakly known X is before relations ask for its type."""
        for each in self.clusters:
            if each.type not in {"person", "organisation", "place"} or each.strongest >= _SETTLED:
                continue
            for one in each.found[:3]:  # what a thing is gets said when it comes in
                if kind := self._kind_of(one):
                    retype(each, kind)
                    break

    def _kind_of(self, one: Found) -> str | None:
        stated = stated_kind(self._text, one.end, self._sentences[one.sentence].end)
        head = stated.name.split()[-1] if stated else ""
        if head in MADE_NOUNS:
            return "work"
        if head in PLACE_HEADS:
            return "place"
        if head in ORGANISATION_HEADS:
            return "organisation"
        if stated and (head in PERSON_NOUNS or stated.name in self._known.occupations):
            return "person"
        made = _MAKING.search(self._text, max(0, one.start - 40), one.start)
        return "work" if made else None

    def _pronoun(self, sentence: Sentence, subjects: Sequence[Anchor]) -> Anchor | None:
        match = _PRONOUN.match(self._text, sentence.start, sentence.end)
        if not match:
            return None
        wanted = {"organisation", "place", "work", "event"} if match.group(1) == "It" else {"person"}
        meant = next((one.cluster for one in subjects if one.cluster.type in wanted), None)
        return Anchor(match.start(1), match.end(1), meant, _BY_PRONOUN) if meant else None

    def _statements(self, sentence: Sentence, anchors: Sequence[Anchor]) -> Iterator[Statement]:
        for at, left in enumerate(anchors):
            yield from self._kind(sentence, left)
            between: list[Anchor] = []
            for right in anchors[at + 1 : at + 1 + _REACH]:
                if right.start < left.end:
                    continue
                if right.start - left.end > _LONGEST_GAP:
                    break
                if right.cluster is not left.cluster:
                    statement = self._between(sentence, left, right, between)
                    if statement:
                        yield statement
                between.append(right)

    def _between(
        self, sentence: Sentence, left: Anchor, right: Anchor, between: Sequence[Anchor]
    ) -> Statement | None:
        phrases = phrases_between(left.cluster.type, right.cluster.type)
        if not phrases:
            return None
        gap = self._gap(left, right, between)
        for phrase in phrases:
            source, target = (right, left) if phrase.flipped else (left, right)
            if phrase.pattern.fullmatch(gap):
                if gap == ", " and not self._place_in_place(left, right):
                    continue  # a list of places, not a place in another
                confidence = phrase.confidence * left.factor * right.factor * 0.9 ** len(between)
                return self._statement(sentence, source, target, phrase.type, confidence)
        return None

    def _place_in_place(self, left: Anchor, right: Anchor) -> bool:
        """ "Palmyra, Syria", but not a list of places."""
        listed = self._text[max(0, left.start - 2) : left.start] == ", "
        behind = self._text[right.end : right.end + 3]
        listed = listed or (behind[:2] == ", " and behind[2:].isupper())
        return not listed and right.cluster.name in self._known.countries | self._known.regions

    def _gap(self, left: Anchor, right: Anchor, between: Sequence[Anchor]) -> str:
        parts: list[str] = []
        at = left.end
        for one in between:
            if one.start >= at:
                parts += [self._text[at : one.start], f"<{one.cluster.type}>"]
                at = one.end
        parts.append(self._text[at : right.start])
        return _SPACE.sub(" ", _NOISE.sub("", "".join(parts)))

    def _kind(self, sentence: Sentence, anchor: Anchor) -> Iterator[Statement]:
        if anchor.cluster.type not in _KINDS:
            return
        stated = stated_kind(self._text, anchor.end, sentence.end)
        if not stated:
            return
        concept = self._concepts.get(stated.name)
        if concept is None:
            concept = self._concepts[stated.name] = Cluster(type="concept", name=stated.name, confidence=0.7)
            self.clusters.append(concept)
        number = bisect_left(self._sentences, sentence.start, key=lambda one: one.start)
        concept.add(Found(stated.start, stated.end, stated.name, "concept", Evidence.STATED, number))
        yield self._statement(
            sentence,
            anchor,
            Anchor(stated.start, stated.end, concept),
            "is_a",
            stated.confidence * anchor.factor,
        )

    def _statement(
        self, sentence: Sentence, source: Anchor, target: Anchor, kind: str, confidence: float
    ) -> Statement:
        start, end = sentence.start, sentence.end
        if end - start > _LONGEST_EVIDENCE:
            start, end = min(source.start, target.start), max(source.end, target.end)
        while end > start + 1 and self._text[end - 1].isspace():
            end -= 1
        sure = confidence * (0.6 + 0.4 * min(source.cluster.confidence, target.cluster.confidence))
        return Statement(source.cluster, target.cluster, kind, round(min(sure, 0.98), 2), start, end)
