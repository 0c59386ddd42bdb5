"""Measures the built-in extractor against hand-annotated documents: is it right, and does it know when?

    python -m benchmarks.extraction_quality FOLDER...

A folder (or a folder of such folders) holds `documents.json`, `entities.json` and `relations.json`, one JSON
object a line. An entity counts as right when its span overlaps an annotated span of the mapped type, a
relation when a mapped annotated relation joins spans that overlap its two ends.
Annotated pronouns and common nouns ("we", "a village") are counted apart from names: recall is given
for both.
"""

import argparse
import asyncio
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from adapters.extractors.builtin import BuiltinExtractor
from domain.extraction.candidates import CandidateEntity, Extraction

TYPES = {
    "Organisation": "organisation",
    "Location": "place",
    "Person": "person",
    "Temporal": "date",
    "Nationality": "nationality",
    "Quantity": "amount",
    "Money": "amount",
}
# What each annotated relation can be called here. `Likes`, `Dislikes`, `Apart` and
# `HasAttrOf` (counts) have no counterpart.
RELATIONS = {
    "CoLocated": {"located_in", "born_in", "died_in", "lived_in", "capital_of", "part_of"},
    "BelongsTo": {"member_of", "works_for", "part_of", "leader_of", "participated_in"},
    "InChargeOf": {"leader_of", "founded", "created"},
    "IsSynonymOf": {"also_known_as"},
    "FightingAgainst": {"fights"},
    "CommWith": {"met"},
    "AlliesOf": {"worked_with"},
}
ANNOTATED = frozenset[str]().union(*RELATIONS.values())
BANDS = (0.0, 0.5, 0.65, 0.8, 0.9, 1.01)

Span = tuple[int, int]


@dataclass
class Count:
    right: int = 0
    claimed: int = 0
    found: int = 0
    wanted: int = 0
    found_names: int = 0
    wanted_names: int = 0

    def row(self, label: str) -> str:
        precision, recall = _share(self.right, self.claimed), _share(self.found, self.wanted)
        names = _share(self.found_names, self.wanted_names)
        cells = (precision, recall, _f1(precision, recall), names, _f1(precision, names))
        return (
            f"{label:<16}" + "".join(f"{cell:>9.3f}" for cell in cells) + f"{self.claimed:>9}{self.wanted:>9}"
        )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _lines(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        yield from (json.loads(line) for line in file if line.strip())


def _by_document(path: Path) -> dict[str, list[dict[str, str]]]:
    grouped: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in _lines(path):
        grouped[row["documentId"]].append(row)
    return grouped


def _folders(paths: Sequence[Path]) -> list[Path]:
    found = [file.parent for path in paths for file in sorted(path.rglob("documents.json"))]
    if not found:
        raise SystemExit("no documents.json below " + ", ".join(map(str, paths)))
    return found


class Scores:
    """Counts over all documents."""

    def __init__(self) -> None:
        self.types: dict[str, Count] = defaultdict(Count)
        self.bands: dict[float, list[int]] = {low: [0, 0] for low in BANDS[:-1]}
        self.relations = Count()
        self.others: Counter[str] = Counter()
        self.relation_types: Counter[tuple[str, bool]] = Counter()

    def entities(self, extraction: Extraction, gold: Sequence[dict[str, str]]) -> None:
        wanted = [
            (TYPES[row["type"]], (int(row["begin"]), int(row["end"])), row["value"])
            for row in gold
            if row["type"] in TYPES
        ]
        claimed = [(one, (m.start, m.end)) for one in extraction.entities for m in one.mentions]
        for one, span in claimed:
            if one.type in TYPES.values():
                right = any(kind == one.type and _overlap(span, other) for kind, other, _ in wanted)
                self._claim(one, right)
        for kind, span, value in wanted:
            found = any(one.type == kind and _overlap(span, other) for one, other in claimed)
            count = self.types[kind]
            count.wanted += 1
            count.found += found
            if (
                any(word[0].isupper() for word in value.split()[1:])
                or (
                    value[:1].isupper()
                    and value.lower() not in {"he", "she", "it", "we", "i", "they", "his", "our"}
                )
                or kind in {"amount", "date"}
            ):
                count.wanted_names += 1
                count.found_names += found

    def _claim(self, one: CandidateEntity, right: bool) -> None:
        self.types[one.type].claimed += 1
        self.types[one.type].right += right
        band = max(low for low in self.bands if low <= one.confidence)
        self.bands[band][0] += right
        self.bands[band][1] += 1

    def relationships(self, extraction: Extraction, gold: Sequence[dict[str, str]]) -> None:
        spans = {one.key: [(m.start, m.end) for m in one.mentions] for one in extraction.entities}
        wanted = [
            (
                RELATIONS[row["type"]],
                (int(row["sourceBegin"]), int(row["sourceEnd"])),
                (int(row["targetBegin"]), int(row["targetEnd"])),
            )
            for row in gold
            if row["type"] in RELATIONS
        ]
        hit: set[int] = set()
        for edge in extraction.relationships:
            if edge.type not in ANNOTATED:
                self.others[edge.type] += 1
                continue
            ends = (spans[edge.source], spans[edge.target])
            matched = [
                at
                for at, (names, left, right) in enumerate(wanted)
                if edge.type in names and (_joins(ends, left, right) or _joins(ends, right, left))
            ]
            hit.update(matched)
            self.relations.claimed += 1
            self.relations.right += bool(matched)
            self.relation_types[(edge.type, bool(matched))] += 1
        # One thing under two names is a synonym the extractor has resolved instead of stated.
        for at, (names, left, right) in enumerate(wanted):
            if "also_known_as" in names and any(_joins((own, own), left, right) for own in spans.values()):
                hit.add(at)
        self.relations.wanted += len(wanted)
        self.relations.found += len(hit)


def _joins(ends: tuple[Sequence[Span], Sequence[Span]], left: Span, right: Span) -> bool:
    return any(_overlap(one, left) for one in ends[0]) and any(_overlap(one, right) for one in ends[1])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--verbose", action="store_true", help="name the wrong claims and the missed names")
    options = parser.parse_args()
    scores, documents, characters, seconds = Scores(), 0, 0, 0.0
    extractor = BuiltinExtractor()
    asyncio.run(extractor.extract("", title=""))  # the data is loaded before the clock starts
    for folder in _folders(options.folders):
        entities, relations = _by_document(folder / "entities.json"), _by_document(folder / "relations.json")
        for document in _lines(folder / "documents.json"):
            started = time.perf_counter()
            extraction = asyncio.run(extractor.extract(document["text"], title=document["title"]))
            seconds += time.perf_counter() - started
            documents, characters = documents + 1, characters + len(document["text"])
            scores.entities(extraction, entities[document["_id"]])
            scores.relationships(extraction, relations[document["_id"]])
            if options.verbose:
                _explain(extraction, entities[document["_id"]])
    _report(scores)
    print(
        f"\n{documents} documents, {documents / seconds:.0f} documents/s, "
        f"{characters / seconds / 1e6:.2f} MB/s"
    )


def _explain(extraction: Extraction, gold: Sequence[dict[str, str]]) -> None:
    spans = [
        (TYPES.get(row["type"], row["type"]), (int(row["begin"]), int(row["end"])), row["value"])
        for row in gold
    ]
    for one in extraction.entities:
        for mention in one.mentions:
            at = (mention.start, mention.end)
            kinds = {kind for kind, span, _ in spans if _overlap(span, at)}
            if one.type in TYPES.values() and one.type not in kinds:
                print(
                    f"WRONG {one.type:<13}{one.confidence:.2f} {mention.text!r} "
                    f"({one.name!r}) is {sorted(kinds)}"
                )
    for kind, span, value in spans:
        ours = {
            one.type for one in extraction.entities for m in one.mentions if _overlap(span, (m.start, m.end))
        }
        if kind in TYPES.values() and kind not in ours and any(word[0].isupper() for word in value.split()):
            print(f"MISSED {kind:<12} {value!r} ours {sorted(ours)}")


def _report(scores: Scores) -> None:
    print(
        f"{'type':<16}{'prec.':>9}{'recall':>9}{'F1':>9}{'names':>9}{'F1 names':>9}"
        f"{'claimed':>9}{'wanted':>9}"
    )
    total = Count()
    for kind, count in sorted(scores.types.items(), key=lambda item: -item[1].wanted):
        print(count.row(kind))
        for field in vars(total):
            setattr(total, field, getattr(total, field) + getattr(count, field))
    print(total.row("all entities"))
    precision, recall = (
        _share(scores.relations.right, scores.relations.claimed),
        _share(scores.relations.found, scores.relations.wanted),
    )
    print(
        f"{'relations':<16}{precision:>9.3f}{recall:>9.3f}{_f1(precision, recall):>9.3f}{'':>18}"
        f"{scores.relations.claimed:>9}{scores.relations.wanted:>9}"
    )
    print("\nrelation type      right  claimed")
    for kind in sorted({kind for kind, _ in scores.relation_types}):
        right = scores.relation_types[(kind, True)]
        print(f"{kind:<18}{right:>6}{right + scores.relation_types[(kind, False)]:>9}")
    print("not annotated there: " + ", ".join(f"{kind} {n}" for kind, n in sorted(scores.others.items())))
    print("\nconfidence   precision  claims")
    for low, high in pairwise(BANDS):
        right, claimed = scores.bands[low]
        print(f"{low:.2f}-{min(high, 1.0):.2f}{_share(right, claimed):>12.3f}{claimed:>8}")


if __name__ == "__main__":
    main()
