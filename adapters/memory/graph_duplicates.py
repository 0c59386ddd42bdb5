"""Finding candidates for duplicates in dictionaries: everything is compared with everything."""

import math
from collections.abc import Sequence
from itertools import combinations
from uuid import UUID

from adapters.memory.documents_rows import CHUNKS, MENTIONS, StoredChunk, StoredPlace, of_user
from adapters.memory.graph_entities import ENTITIES
from adapters.memory.graph_relationships import RELATIONSHIPS, ends_of
from adapters.memory.store import MemoryStore
from application.graph.duplicates import Candidates, DuplicateQueries, Pair
from application.graph.views import entity_view
from application.shared.pages import Position
from domain.graph.duplicates import Neighbourhood
from domain.graph.entity import Entity
from domain.graph.relationship import Relationship
from domain.shared.ids import DocumentId, EntityId, UserId


class InMemoryDuplicateQueries(DuplicateQueries):
    """Without bounds and blocks: a test's graph is small."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def candidates(self, user_id: UserId, type_: str | None, after: Position | None) -> Candidates:
        pairs = [
            pair
            for pair in self._pairs(user_id, type_)
            if after is None or (pair[1].key, pair[1].id) > (after.key, after.id)
        ]
        return Candidates(pairs=pairs, next=None)

    async def candidates_of(
        self, user_id: UserId, type_: str | None, entity_ids: Sequence[EntityId]
    ) -> Candidates:
        pairs = [
            (pair, place)
            for pair, place in self._pairs(user_id, type_)
            if pair[0].id in entity_ids or pair[1].id in entity_ids
        ]
        return Candidates(pairs=pairs, next=None)

    def _pairs(self, user_id: UserId, type_: str | None) -> list[tuple[Pair, Position]]:
        rows = of_user(self._store.table(ENTITIES), Entity, user_id)
        present = sorted((entity for entity in rows if entity.is_active), key=lambda entity: entity.id)
        return [
            ((entity_view(one), entity_view(other)), Position(key=str(one.id), id=other.id))
            for one, other in combinations(present, 2)
            if type_ in (None, one.content.type, other.content.type)
        ]

    async def around(self, user_id: UserId, pairs: Sequence[tuple[UUID, UUID]]) -> Sequence[Neighbourhood]:
        edges = [
            set(ends_of(edge))
            for edge in of_user(self._store.table(RELATIONSHIPS), Relationship, user_id)
            if edge.is_active
        ]
        found = []
        for pair in pairs:
            one, other = (
                {end for edge in edges if thing in edge for end in edge} - set(pair) for thing in pair
            )
            related = any(set(pair) == edge for edge in edges)
            found.append(
                Neighbourhood(
                    shared=len(one & other),
                    fewest=min(len(one), len(other)),
                    related=related,
                    closeness=self._closeness(user_id, *pair),
                )
            )
        return found

    def _closeness(self, user_id: UserId, one: UUID, other: UUID) -> float | None:
        mine, theirs = self._vector(user_id, one), self._vector(user_id, other)
        if mine is None or theirs is None:
            return None
        product = sum(a * b for a, b in zip(mine, theirs, strict=True))
        return product / (math.hypot(*mine) * math.hypot(*theirs))

    def _vector(self, user_id: UserId, entity_id: UUID) -> list[float] | None:
        """The sum of the vectors of the passages that mention it, which points where their average does."""
        chunks = {chunk.id: chunk for chunk in of_user(self._store.table(CHUNKS), StoredChunk, user_id)}
        places = of_user(self._store.table(MENTIONS), StoredPlace, user_id)
        found = [
            chunks[place.chunk_id].embedding
            for place in places
            if place.subject == entity_id and place.chunk_id in chunks
        ]
        return [sum(values) for values in zip(*found, strict=True)] if found else None

    async def mentioned_in(self, user_id: UserId, document_id: DocumentId) -> Sequence[EntityId]:
        places = of_user(self._store.table(MENTIONS), StoredPlace, user_id)
        return sorted({EntityId(p.subject) for p in places if p.document_id == document_id})
