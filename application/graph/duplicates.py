"""Finds entities that look like one thing: candidates from shared blocks, scored with reasons."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from application.graph.views import EntityView
from application.shared.pages import Position
from domain.graph.duplicates import (
    NameLikeness,
    Neighbourhood,
    likeness,
    reasons_of,
    score_of,
    within_reach,
)
from domain.graph.entity import EntityContent
from domain.shared.checks import Checks
from domain.shared.ids import DocumentId, EntityId, UserId

LIMIT: Final = 200
MIN_SCORE: Final = 0.75
# How far one page walks through the candidates before it is answered with what was found.
ROUNDS: Final = 4

Pair = tuple[EntityView, EntityView]
Named = tuple[Pair, NameLikeness, Position]


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
    """Pairs worth comparing, each with its place in a walk through all of them. `next` is where the walk
    goes on, None at its end."""

    pairs: Sequence[tuple[Pair, Position]]
    next: Position | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates:
    """Proposals, the surest first. `next` is where the following page begins, None on the last one."""

    rows: Sequence[DuplicateView]
    next: Position | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicatesWanted:
    """`entity_ids` asks for pairs with one of these; `type` for pairs with one of it."""

    limit: int = 50
    min_score: float = MIN_SCORE
    type: str | None = None
    entity_ids: Sequence[EntityId] | None = None
    after: Position | None = None


class TextLikeness(Protocol):
    """Compares spellings."""

    def ratio(self, one: str, other: str) -> float:
        """How alike two texts are: 1 for equal ones, 0 for texts without a letter in common; symmetric."""
        ...


class DuplicateQueries(Protocol):
    """Finds what may be the same among a user's active entities."""

    async def candidates(self, user_id: UserId, type_: str | None, after: Position | None) -> Candidates:
        """A stretch of the walk through all pairs that share a block: the same letters, a word's consonants,
        initials, a word, or its beginning, in this order. Each pair is met once.

        Never all pairs: blocks of many entities tell nothing and are passed over. A stretch is bounded, and
        can be without a pair though the walk goes on.
        """
        ...

    async def candidates_of(
        self, user_id: UserId, type_: str | None, entity_ids: Sequence[EntityId]
    ) -> Candidates:
        """Pairs with one of these entities, the most promising first, at once: those that share a block, and
        where few are asked for those whose names are alike but for typing errors."""
        ...

    async def around(self, user_id: UserId, pairs: Sequence[tuple[UUID, UUID]]) -> Sequence[Neighbourhood]:
        """What each pair's surroundings have in common, of a bounded number of neighbours each.

        Entities have no vectors of their own: they are as close as the passages that mention them are on
        average, of a bounded number of passages each and by one embedder. No mention, no closeness.
        """
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
        if wanted.entity_ids is not None:
            found = await self._queries.candidates_of(user_id, wanted.type, wanted.entity_ids)
            rows = [row for row, _ in await self._proposed(user_id, found, wanted.min_score)]
            return Duplicates(rows=_surest_first(rows)[: wanted.limit], next=None)
        rows, place = [], wanted.after
        for _ in range(ROUNDS):
            found = await self._queries.candidates(user_id, wanted.type, place)
            met = await self._proposed(user_id, found, wanted.min_score)
            room = wanted.limit - len(rows)
            rows += [row for row, _ in met[:room]]
            place = found.next if len(met) <= room else met[room - 1][1]
            if place is None or len(rows) == wanted.limit:
                break
        return Duplicates(rows=_surest_first(rows), next=place)

    async def _proposed(
        self, user_id: UserId, found: Candidates, min_score: float
    ) -> Sequence[tuple[DuplicateView, Position]]:
        """Those candidates that come to the score, in the order of the walk."""
        # In a thread: thousands of comparisons would keep everybody else waiting.
        named = await asyncio.to_thread(self._named, found.pairs, min_score)
        namesakes = _namesakes(named)
        around = await self._queries.around(user_id, [(a.id, b.id) for (a, b), _, _ in named])
        proposals = [
            (_proposal(pair, names, namesakes, surroundings), place)
            for (pair, names, place), surroundings in zip(named, around, strict=True)
        ]
        return [each for each in proposals if each[0].score >= min_score]

    def _named(self, pairs: Sequence[tuple[Pair, Position]], min_score: float) -> Sequence[Named]:
        """The pairs whose names leave the score within reach."""
        named = [
            (pair, likeness(_content(pair[0]), _content(pair[1]), self._text.ratio), place)
            for pair, place in pairs
        ]
        return [each for each in named if within_reach(each[1], min_score)]


def _surest_first(rows: Sequence[DuplicateView]) -> Sequence[DuplicateView]:
    return sorted(rows, key=lambda view: (-view.score, view.target.id, view.source.id))


def _content(view: EntityView) -> EntityContent:
    return EntityContent(name=view.name, type=view.type, aliases=view.aliases)


def _namesakes(named: Sequence[Named]) -> Mapping[UUID, int]:
    """In how many pairs each entity's name is a part of, or stands for, the other's."""
    return Counter(_shorter(pair, names).id for pair, names, _ in named if names.partial)


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
