"""Finds entities that look like one thing: candidates from shared blocks, scored with reasons."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from application.graph.views import EntityView
from domain.graph.duplicates import (
    NAME_WEIGHT,
    NEIGHBOURS_WEIGHT,
    TYPE_WEIGHT,
    NameLikeness,
    Neighbourhood,
    likeness,
    reasons_of,
    score_of,
)
from domain.graph.entity import EntityContent
from domain.shared.checks import Checks
from domain.shared.ids import DocumentId, EntityId, UserId

LIMIT: Final = 200
MIN_SCORE: Final = 0.75
# How many pairs' surroundings are looked at: the most alike by name.
LOOKED_AROUND: Final = 500

Pair = tuple[EntityView, EntityView]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonView:
    """`value` (0 to 1) times `weight` is what it adds to the score."""

    kind: str
    value: float
    weight: float
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateView:
    """Two entities that look like one. `target` is the one that would better remain."""

    score: float
    target: EntityView
    source: EntityView
    reasons: Sequence[ReasonView]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Pairs worth comparing, the most promising first. `truncated`: there were more than are looked at."""

    pairs: Sequence[Pair]
    truncated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates:
    """Proposals, the surest first."""

    rows: Sequence[DuplicateView]
    truncated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicatesWanted:
    """`entity_ids` asks for pairs with one of these; `type` for pairs with one of it."""

    limit: int = 50
    min_score: float = MIN_SCORE
    type: str | None = None
    entity_ids: Sequence[EntityId] | None = None


class TextLikeness(Protocol):
    """Compares spellings."""

    def ratio(self, one: str, other: str) -> float:
        """How alike two texts are: 1 for equal ones, 0 for texts without a letter in common; symmetric."""
        ...


class DuplicateQueries(Protocol):
    """Finds what may be the same among a user's active entities."""

    async def candidates(
        self, user_id: UserId, type_: str | None, entity_ids: Sequence[EntityId] | None
    ) -> Candidates:
        """Pairs that share a block: a word, a word's consonants or beginning, initials, or the whole name.

        Never all pairs: blocks of too many entities are passed over, and pairs are bounded.
        """
        ...

    async def around(self, user_id: UserId, pairs: Sequence[tuple[UUID, UUID]]) -> Sequence[Neighbourhood]:
        """What each pair's surroundings have in common, of a bounded number of neighbours each."""
        ...

    async def mentioned_in(self, user_id: UserId, document_id: DocumentId) -> Sequence[EntityId]:
        """The entities a document mentions, by id."""
        ...


class FindDuplicates:
    """Raises `InvalidInput` for a limit or a score out of range."""

    def __init__(self, queries: DuplicateQueries, text: TextLikeness) -> None:
        self._queries = queries
        self._text = text

    async def __call__(self, user_id: UserId, wanted: DuplicatesWanted) -> Duplicates:
        checks = Checks()
        if not 1 <= wanted.limit <= LIMIT:
            checks.refuse("/limit", "out_of_range", f"must be 1 to {LIMIT}")
        checks.fraction("/min_score", wanted.min_score)
        checks.finish()
        found = await self._queries.candidates(user_id, wanted.type, wanted.entity_ids)
        # In a thread: thousands of comparisons would keep everybody else waiting.
        named = await asyncio.to_thread(self._named, found.pairs, wanted.min_score)
        namesakes = _namesakes(named)
        looked_at = named[:LOOKED_AROUND]
        around = await self._queries.around(user_id, [(a.id, b.id) for (a, b), _ in looked_at])
        rows = []
        for (pair, names), surroundings in zip(looked_at, around, strict=True):
            view = _proposal(pair, names, namesakes, surroundings)
            if view.score >= wanted.min_score:
                rows.append(view)
        rows.sort(key=lambda view: (-view.score, view.target.id, view.source.id))
        more = found.truncated or len(named) > LOOKED_AROUND
        return Duplicates(rows=rows[: wanted.limit], truncated=more or len(rows) > wanted.limit)

    def _named(self, pairs: Sequence[Pair], min_score: float) -> Sequence[tuple[Pair, NameLikeness]]:
        """The pairs whose names leave the score within reach, the most alike first."""
        named = [(pair, likeness(_content(pair[0]), _content(pair[1]), self._text.ratio)) for pair in pairs]
        within = [
            (pair, names)
            for pair, names in named
            if NAME_WEIGHT * names.value + TYPE_WEIGHT + NEIGHBOURS_WEIGHT >= min_score
        ]
        return sorted(within, key=lambda each: (-each[1].value, each[0][0].id, each[0][1].id))


def _content(view: EntityView) -> EntityContent:
    return EntityContent(name=view.name, type=view.type, aliases=view.aliases)


def _namesakes(named: Sequence[tuple[Pair, NameLikeness]]) -> Mapping[UUID, int]:
    """In how many pairs each entity's name is a part of, or stands for, the other's."""
    return Counter(_shorter(pair, names).id for pair, names in named if names.partial)


def _shorter(pair: Pair, names: NameLikeness) -> EntityView:
    one, other = pair
    return one if len(names.one) <= len(names.other) else other


def _proposal(
    pair: Pair, names: NameLikeness, namesakes: Mapping[UUID, int], around: Neighbourhood
) -> DuplicateView:
    others = namesakes.get(_shorter(pair, names).id, 1) - 1
    reasons = reasons_of(_content(pair[0]), _content(pair[1]), names, max(others, 0), around)
    target, source = sorted(pair, key=_preference)
    return DuplicateView(
        score=score_of(reasons),
        target=target,
        source=source,
        reasons=[ReasonView(kind=r.kind, value=r.value, weight=r.weight, detail=r.detail) for r in reasons],
    )


def _preference(view: EntityView) -> tuple[object, ...]:
    """What somebody wrote stays rather than what was extracted, a full name rather than a short one."""
    extracted = view.source_type == "extraction"
    return (extracted, -len(view.name.split()), -view.confidence, view.created_at, view.id)
