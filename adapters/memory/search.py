"""Searching dictionaries: words as they are written instead of stems, everything else as promised."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from adapters.memory.documents_rows import CHUNKS, DOCUMENTS, StoredChunk, of_user
from adapters.memory.store import MemoryStore
from application.documents.search import (
    ChunkFilter,
    ChunkHit,
    ChunkRequest,
    Facets,
    ListName,
    ListRank,
    SearchFindings,
    SearchQueries,
    SearchRequest,
    SearchResult,
    facet,
)
from domain.documents.document import Document
from domain.documents.ranking import K, fused
from domain.graph.entity import Entity
from domain.graph.name_likeness import NameQuestion, name_keys, name_likeness
from domain.shared.ids import ChunkId, EntityId, UserId
from domain.shared.json import Json


class InMemorySearchQueries(SearchQueries):
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def nearest_chunks(self, user_id: UserId, request: ChunkRequest) -> Sequence[ChunkHit]:
        documents = self._documents(user_id)
        hits = [
            ChunkHit(
                id=chunk.id,
                document_id=chunk.document_id,
                document_title=documents[chunk.document_id].title,
                ordinal=chunk.ordinal,
                start_offset=chunk.start,
                end_offset=chunk.end,
                content=chunk.text,
                score=cosine(chunk.embedding, request.vector),
            )
            for chunk in of_user(self._store.table(CHUNKS), StoredChunk, user_id)
            if chunk.embedder == request.embedder and _passes(documents[chunk.document_id], request.filters)
        ]
        near = sorted(hits, key=lambda hit: (-hit.score, hit.id))[: request.k]
        return [hit for hit in near if hit.score >= request.min_score]

    async def search(self, user_id: UserId, request: SearchRequest) -> SearchFindings:
        passages = self._passages(user_id, request) if "documents" in request.kinds else []
        entities = self._entities(user_id, request) if "entities" in request.kinds else []
        found = sorted([*passages, *entities], key=lambda r: (-r.score, r.kind, r.id))[: request.limit]
        if not request.explain:
            found = [replace(result, explanation=None) for result in found]
        return SearchFindings(
            results=found, facets=self._facets(user_id, passages, entities) if request.facets else None
        )

    def _facets(
        self, user_id: UserId, passages: Sequence[SearchResult], entities: Sequence[SearchResult]
    ) -> Facets:
        documents = self._documents(user_id)
        return Facets(
            kinds=facet(Counter(result.kind for result in (*passages, *entities))),
            entity_types=facet(Counter(result.type for result in entities)),
            source_types=facet(Counter(documents[result.id].source_type for result in passages)),
            truncated=False,
        )

    def _passages(self, user_id: UserId, request: SearchRequest) -> Sequence[SearchResult]:
        chunks = {c.id: c for c in of_user(self._store.table(CHUNKS), StoredChunk, user_id)}
        wanted = words(request.text)
        lists: dict[ListName, list[tuple[UUID, float]]] = {"text": [], "vector": []}
        if request.by_text and wanted:
            counts = {c.id: len(wanted & words(c.text)) for c in chunks.values()}
            found = [c for c in chunks.values() if counts[c.id]]
            found.sort(key=lambda c: (-counts[c.id], len(c.text), c.id))
            lists["text"] = [(c.id, float(counts[c.id])) for c in found]
        if (vector := request.vector) is not None:
            comparable = [c for c in chunks.values() if c.embedder == request.embedder]
            comparable.sort(key=lambda c: (-cosine(c.embedding, vector), c.id))
            lists["vector"] = [(c.id, cosine(c.embedding, vector)) for c in comparable]
        documents = self._documents(user_id)
        best: dict[UUID, SearchResult] = {}
        for chunk_id, score in fused([[one for one, _ in ranked] for ranked in lists.values()]).items():
            chunk = chunks[ChunkId(chunk_id)]
            if chunk.document_id not in best:
                best[chunk.document_id] = SearchResult(
                    kind="document",
                    id=chunk.document_id,
                    title=documents[chunk.document_id].title,
                    type=None,
                    snippet=chunk.text[:240],
                    score=score,
                    document_id=chunk.document_id,
                    chunk_id=chunk.id,
                    start_offset=chunk.start,
                    end_offset=chunk.end,
                    explanation=_explanation(lists, chunk_id),
                )
        return list(best.values())

    def _entities(self, user_id: UserId, request: SearchRequest) -> Sequence[SearchResult]:
        if not request.by_text:
            return []
        entities = {
            entity.id: entity
            for entity in of_user(self._store.table("entities"), Entity, user_id)
            if entity.is_active
        }
        wanted = words(request.text)
        named = [e for e in entities.values() if wanted and wanted <= words(" ".join(_names(e)))]
        named.sort(key=lambda e: (len(e.content.name), -e.content.confidence, e.id))
        lists: dict[ListName, list[tuple[UUID, float]]] = {
            "text": [(e.id, 1.0) for e in named],
            "fuzzy": similar_names(list(entities.values()), request.text, request.limit),
        }
        scores = fused([[one for one, _ in ranked] for ranked in lists.values()])
        return [
            SearchResult(
                kind="entity",
                id=entity_id,
                title=entities[EntityId(entity_id)].content.name,
                type=entities[EntityId(entity_id)].content.type,
                snippet=", ".join(_names(entities[EntityId(entity_id)])),
                score=score,
                explanation=_explanation(lists, entity_id),
            )
            for entity_id, score in scores.items()
        ]

    def _documents(self, user_id: UserId) -> dict[UUID, Document]:
        return {d.id: d for d in of_user(self._store.table(DOCUMENTS), Document, user_id)}


def similar_names(entities: Sequence[Entity], wanted: str, most: int) -> list[tuple[UUID, float]]:
    """The entities whose names can be meant, most alike first, as the database finds them."""
    question = NameQuestion(wanted)
    keys = {entity.id: name_keys(*_names(entity)) for entity in entities}
    meant = [entity for entity in entities if question.can_mean(keys[entity.id])]
    meant.sort(key=lambda e: (-len(question.keys & keys[e.id]), len(keys[e.id]), e.id))
    alike: list[tuple[UUID, float]] = [
        (entity.id, max(name_likeness(question.keys, name) for name in _names(entity)))
        for entity in meant[: max(50, most)]
    ]
    return sorted(alike, key=lambda pair: (-pair[1], pair[0]))[:most]


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """The cosine of two vectors; 0 where one has no direction."""
    lengths = (sum(x * x for x in one) * sum(y * y for y in other)) ** 0.5
    return sum(x * y for x, y in zip(one, other, strict=True)) / lengths if lengths else 0.0


def words(text: str) -> set[str]:
    """The words of a text."""
    return set(re.findall(r"\w+", text.lower()))


def _names(entity: Entity) -> Sequence[str]:
    return [entity.content.name, *entity.content.aliases]


def _explanation(lists: Mapping[ListName, Sequence[tuple[UUID, float]]], thing: UUID) -> Sequence[ListRank]:
    return [
        ListRank(list=name, rank=rank, score=score, weight=1.0, contribution=1 / (K + rank))
        for name, ranked in lists.items()
        for rank, (one, score) in enumerate(ranked, start=1)
        if one == thing
    ]


def _passes(document: Document, filters: ChunkFilter) -> bool:
    return (
        (filters.document_ids is None or document.id in filters.document_ids)
        and set(filters.tags) <= set(document.tags)
        and _contains(document.metadata, filters.metadata)
    )


def _contains(whole: Json, part: Json) -> bool:
    """What jsonb's @> says, for objects and single values."""
    if isinstance(whole, dict) and isinstance(part, dict):
        return all(key in whole and _contains(whole[key], value) for key, value in part.items())
    return whole == part
