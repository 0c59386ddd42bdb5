"""Gathers the mentions of one thing: equal names, parts of a person's name, abbreviations."""

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from adapters.extractors.builtin.confidence import BASE, Evidence, combined
from adapters.extractors.builtin.spans import Found
from adapters.extractors.builtin.words import word_set
from domain.extraction.candidates import CandidateEntity, Mention

_SMALL = word_set("of the and for in on de la al")
# "Full Name (ABBR" or "ABBR (Full Name": what may stand between the two.
_BETWEEN = re.compile(r"\s?\(\s?(?:the |or |also )?[\"\u201c']?")
_ARTICLE = re.compile(r"(?<=\s)(?:al|el)[-\u2010\u2011]|^(?:al|el)[-\u2010\u2011](?=\w)", re.IGNORECASE)
_FORMS = frozenset({"date", "amount", "email", "url"})
_LONGEST_NAME = 200


@dataclass(slots=True)
class Cluster:
    """The mentions that name one thing, and how many times each name was used."""

    found: list[Found] = field(default_factory=list)
    names: Counter[str] = field(default_factory=Counter)
    defined: bool = False
    key: str = ""
    type: str = ""
    name: str = ""
    confidence: float = 0.0

    def add(self, one: Found) -> None:
        self.found.append(one)
        self.names[one.text] += 1

    def absorb(self, other: "Cluster") -> None:
        self.found += other.found
        self.names.update(other.names)
        self.defined = self.defined or other.defined

    @property
    def strongest(self) -> float:
        return max(one.weight for one in self.found)

    def decide(self) -> None:
        """Settles type, name and confidence by the evidence of all mentions together."""
        weights: dict[str, float] = defaultdict(float)
        best: dict[str, float] = defaultdict(float)
        for one in self.found:
            # Repeating a weak guess makes it no better: strong evidence outvotes it whatever the count.
            weights[one.type] += one.weight**3
            best[one.type] = max(best[one.type], one.weight)
        self.type = max(weights, key=lambda kind: (weights[kind], kind))
        strongest = max(best[self.type], BASE[Evidence.DEFINED] if self.defined else 0.0)
        agreement = weights[self.type] / sum(weights.values())
        self.confidence = combined(strongest, len(self.found), agreement)
        # The fullest name; of equally full ones the most frequent.
        self.name = max(self.names, key=lambda name: (len(name.split()), len(name), self.names[name], name))


def cluster(found: Sequence[Found], text: str, common: set[str]) -> list[Cluster]:
    """Clusters in the order of their first mention, decided."""
    by_name: dict[str, Cluster] = {}
    for one in found:
        if len(one.text) > _LONGEST_NAME:
            continue
        key = f"{one.type}:{one.text}" if one.type in _FORMS else _same(one.text)
        by_name.setdefault(key, Cluster()).add(one)
    for name in [name for name, each in by_name.items() if _is_common_word(name, each, common)]:
        del by_name[name]
    clusters = _join_abbreviations(found, text, by_name)
    for each in clusters:
        each.decide()
    clusters = _join_short_forms(clusters)
    clusters.sort(key=lambda each: min(one.start for one in each.found))
    return clusters


def _same(name: str) -> str:
    """What two spellings of one name share: case aside, Arabic names come with and without their article."""
    return _ARTICLE.sub("", name.casefold()) or name.casefold()


def _is_common_word(name: str, each: Cluster, common: set[str]) -> bool:
    """A word the document also writes small, capitalised by its position alone."""
    weak = all(
        one.evidence in {Evidence.SENTENCE_START, Evidence.LONE, Evidence.SMALL_LISTED} for one in each.found
    )
    return weak and name in common


def abbreviates(short: str, full: str) -> bool:
    """Whether the letters of `short` are the initials of `full`, its small words counted or not."""
    letters = short.replace(".", "").casefold()
    words = re.findall(r"\w+", full.casefold())
    if len(letters) < 2 or len(words) < 2:
        return False
    every = "".join(word[0] for word in words)
    large = "".join(word[0] for word in words if word not in _SMALL)
    return letters in {every, large} or (len(letters) > 2 and _mixed(letters, words))


def _mixed(letters: str, words: Sequence[str]) -> bool:
    """Initials where each small word may or may not give its letter."""
    at = 0
    for word in words:
        if at < len(letters) and word[0] == letters[at]:
            at += 1
        elif word not in _SMALL:
            return False
    return at == len(letters)


def _join_abbreviations(found: Sequence[Found], text: str, by_name: dict[str, Cluster]) -> list[Cluster]:
    home: dict[str, str] = {}
    for left, right in itertools.pairwise(found):
        if (
            not _BETWEEN.fullmatch(text[left.end : min(right.start, left.end + 12)])
            or right.start - left.end > 11
        ):
            continue
        for full, short in ((left, right), (right, left)):
            if short.text.upper() == short.text and len(short.text) < 12 and _stands_for(short, full, text):
                home.setdefault(_same(short.text), _same(full.text))
    for short_name, full_name in home.items():
        if short_name in by_name and full_name in by_name and short_name != full_name:
            target = by_name[full_name]
            for one in by_name[short_name].found:
                one.type = target.found[0].type if target.found[0].weight >= 0.5 else one.type
            target.absorb(by_name.pop(short_name))
            target.defined = True
    _join_unexplained(by_name)
    return list(by_name.values())


def _stands_for(short: Found, full: Found, text: str) -> bool:
    if abbreviates(short.text, full.text):
        return True
    # "European Organization for Nuclear Research (CERN)": letters of another language's name.
    closed = text[short.end : short.end + 1] == ")" and short.start > full.end
    return closed and full.type == "organisation" and full.weight > 0.8 and short.text.isalpha()


def _join_unexplained(by_name: dict[str, Cluster]) -> None:
    """An abbreviation nobody explains that fits exactly one full name of the document."""
    fits: dict[str, list[str]] = defaultdict(list)
    for name, each in by_name.items():
        words = [word for word in re.findall(r"\w+", name) if word not in _SMALL]
        if len(words) > 2 and each.found[0].type in {"organisation", "place", "event"}:
            fits["".join(word[0] for word in words)].append(name)
    for short in [name for name, each in by_name.items() if each.found[0].text.isupper() and name in fits]:
        if len(fits[short]) == 1 and fits[short][0] in by_name and len(short) > 2:
            by_name[fits[short][0]].absorb(by_name.pop(short))


def _join_short_forms(clusters: Iterable[Cluster]) -> list[Cluster]:
    """ "Lovelace" after "Ada Lovelace"; a short form two people share stays by itself."""
    everything = list(clusters)
    owners: dict[str, list[Cluster]] = defaultdict(list)
    for each in everything:
        words = each.name.split()
        if each.type == "person" and 1 < len(words) <= 6:
            parts = {
                words[-1],
                words[0],
                " ".join(words[:2]),
                " ".join(words[-2:]),
                f"{words[0]} {words[-1]}",
            }
            parts |= {_ARTICLE.sub("", part) for part in parts}
            for part in parts - {each.name}:
                owners[part.casefold()].append(each)
    kept: list[Cluster] = []
    moved: dict[int, Cluster] = {}
    for each in everything:
        candidates = owners.get(each.name.casefold(), [])
        first = min(one.start for one in each.found)
        before = [one for one in candidates if one.found[0].start <= first] or candidates
        movable = each.type in {"person", "organisation"} or (each.type == "place" and each.confidence < 0.8)
        owner = before[0] if len(before) == 1 and movable else each
        while id(owner) in moved:  # the owner may have been a shorter form of somebody else itself
            owner = moved[id(owner)]
        if owner is not each:
            for one in each.found:
                one.type, one.evidence = (
                    "person",
                    max(one.evidence, Evidence.CUED, key=lambda kind: BASE[kind]),
                )
            owner.absorb(each)
            moved[id(each)] = owner
        else:
            kept.append(each)
    for each in kept:
        each.decide()
    return kept


def retype(each: Cluster, kind: str) -> None:
    """A weak guess gives way to what a sentence says outright."""
    for one in each.found:
        one.type = kind
    each.type, each.confidence = kind, max(each.confidence, BASE[Evidence.STATED])


def candidate(each: Cluster, text: str) -> CandidateEntity:
    mentions = sorted({(one.start, one.end) for one in each.found})
    return CandidateEntity(
        key=each.key,
        name=each.name,
        type=each.type,
        confidence=each.confidence,
        mentions=tuple(Mention(start=start, end=end, text=text[start:end]) for start, end in mentions),
        aliases=tuple(sorted(name for name in each.names if name != each.name)),
    )
