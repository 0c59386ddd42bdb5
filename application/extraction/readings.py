"""Decides which of an extraction's candidates are one thing and which are kept: pure functions over data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from application.extraction.work import EntityKey
from domain.extraction.candidates import CandidateEntity, CandidateRelationship, Extraction, Mention
from domain.extraction.job import ExtractionOptions
from domain.graph.content import ALIASES, NAME_LENGTH, TYPE_LENGTH
from domain.graph.resolution import resolution_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One thing a document speaks of, under all the names it has there.

    `keys` are the resolution keys of its names, the first that of `name`; `mentions` come with the
    confidence of the candidate that brought them.
    """

    name: str
    type: str
    confidence: float
    keys: Sequence[EntityKey]
    aliases: Mapping[EntityKey, Sequence[str]]
    mentions: Sequence[tuple[Mention, float]]
    candidates: frozenset[str]


@lru_cache(maxsize=4096)  # each name of a document is asked for several times over
def key_of(name: str, entity_type: str) -> EntityKey | None:
    """The key of a name, None when it cannot be stored."""
    key = resolution_key(name, entity_type)
    return EntityKey(entity_type, key) if 0 < len(key) <= NAME_LENGTH else None


def wanted(candidate: CandidateEntity, options: ExtractionOptions) -> bool:
    """Whether the options ask for this candidate, and the graph can hold it."""
    return (
        candidate.confidence >= options.min_confidence
        and (not options.types or candidate.type in options.types)
        and 0 < len(candidate.name.strip()) <= NAME_LENGTH
        and 0 < len(candidate.type.strip()) <= TYPE_LENGTH
        and is_text(candidate.name)
        and is_text(candidate.type)
        and key_of(candidate.name, candidate.type) is not None
    )


def is_text(value: str) -> bool:
    """Whether the database can keep it. What a document cannot hold an extractor may still make up."""
    return "\x00" not in value and not any("\ud800" <= char <= "\udfff" for char in value)


def readings(extraction: Extraction, options: ExtractionOptions) -> Sequence[Reading]:
    """The wanted candidates, those of one type that share a key taken together, in reading order."""
    groups: dict[EntityKey, list[CandidateEntity]] = {}
    for candidate in extraction.entities:
        if not wanted(candidate, options):
            continue
        keys = keys_of(candidate)
        together = [candidate]
        for known in {id(groups[key]): groups[key] for key in keys if key in groups}.values():
            together = known + together
        for key in {key for member in together for key in keys_of(member)}:
            groups[key] = together
    distinct = {id(group): group for group in groups.values()}.values()
    return [reading_of(group) for group in distinct]


def keys_of(candidate: CandidateEntity) -> Sequence[EntityKey]:
    """The keys of a candidate's names, its own first."""
    names = (candidate.name, *(alias for alias in candidate.aliases if is_text(alias)))
    keys = (key_of(name, candidate.type) for name in names if name.strip())
    return list(dict.fromkeys(key for key in keys if key is not None))


def reading_of(group: Sequence[CandidateEntity]) -> Reading:
    """Candidates that are one thing: the surest names it, the rest are aliases."""
    best = max(group, key=lambda candidate: candidate.confidence)
    name = best.name.strip()
    aliases: dict[EntityKey, list[str]] = {}
    for candidate in group:
        for other in (candidate.name, *candidate.aliases):
            alias = other.strip()
            key = key_of(alias, candidate.type) if alias and is_text(alias) else None
            if key is None or alias == name or len(alias) > NAME_LENGTH:
                continue
            if alias not in aliases.setdefault(key, []) and sum(map(len, aliases.values())) < ALIASES:
                aliases[key].append(alias)
    places: dict[tuple[int, int], tuple[Mention, float]] = {}
    for candidate in group:
        for mention in candidate.mentions:
            place = (mention.start, mention.end)
            if place not in places or places[place][1] < candidate.confidence:
                places[place] = (mention, candidate.confidence)
    keys = dict.fromkeys([*keys_of(best), *(key for member in group for key in keys_of(member))])
    return Reading(
        name=name,
        type=best.type,
        confidence=best.confidence,
        keys=list(keys),
        aliases=aliases,
        mentions=list(places.values()),
        candidates=frozenset(candidate.key for candidate in group),
    )


def statements(extraction: Extraction, options: ExtractionOptions) -> Sequence[CandidateRelationship]:
    """The relationships the options ask for, and the graph can hold."""
    return [
        edge
        for edge in extraction.relationships
        if edge.confidence >= options.min_confidence
        and 0 < len(edge.type.strip()) <= TYPE_LENGTH
        and is_text(edge.type)
    ]
