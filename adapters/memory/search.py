"""Searching dictionaries: words as they are written instead of stems, everything else as promised."""

import re
from collections.abc import Sequence
from uuid import UUID

from adapters.memory.documents_rows import CHUNKS, DOCUMENTS, StoredChunk, of_user
from adapters.memory.store import MemoryStore
from application.documents.search import (
    ChunkFilter,
    ChunkHit,
    ChunkRequest,
    SearchQueries,
    SearchRequest,
    SearchResult,
)
from domain.documents.document import Document
from domain.documents.ranking import fused
from domain.graph.entity import Entity
from domain.shared.ids import UserId
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

    async def search(self, user_id: UserId, request: SearchRequest) -> Sequence[SearchResult]:
        results: list[SearchResult] = []
        if "documents" in request.kinds:
            results += self._passages(user_id, request)
        if "entities" in request.kinds and request.by_text:
            results += self._entities(user_id, request)
        return sorted(results, key=lambda r: (-r.score, r.kind, r.id))[: request.limit]

    def _passages(self, user_id: UserId, request: SearchRequest) -> Sequence[SearchResult]:
        chunks = {c.id: c for c in of_user(self._store.table(CHUNKS), StoredChunk, user_id)}
        wanted = words(request.text)
        lists: list[list[UUID]] = []
        if request.by_text and wanted:
            found = [c for c in chunks.values() if wanted <= words(c.text)]
            lists.append([c.id for c in sorted(found, key=lambda c: (len(c.text), c.id))])
        if (vector := request.vector) is not None:
            comparable = [c for c in chunks.values() if c.embedder == request.embedder]
            comparable.sort(key=lambda c: (-cosine(c.embedding, vector), c.id))
            lists.append([c.id for c in comparable])
        documents = self._documents(user_id)
        best: dict[UUID, SearchResult] = {}
        for chunk_id, score in fused(lists).items():
            chunk = next(c for c in chunks.values() if c.id == chunk_id)
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
                )
        return list(best.values())

    def _entities(self, user_id: UserId, request: SearchRequest) -> Sequence[SearchResult]:
        wanted = words(request.text)
        found = [
            entity
            for entity in of_user(self._store.table("entities"), Entity, user_id)
            if entity.is_active
            and wanted
            and wanted <= words(" ".join([entity.content.name, *entity.content.aliases]))
        ]
        found.sort(key=lambda e: (len(e.content.name), -e.content.confidence, e.id))
        scores = fused([[entity.id for entity in found]])
        return [
            SearchResult(
                kind="entity",
                id=entity.id,
                title=entity.content.name,
                type=entity.content.type,
                snippet=", ".join([entity.content.name, *entity.content.aliases]),
                score=scores[entity.id],
            )
            for entity in found
        ]

    def _documents(self, user_id: UserId) -> dict[UUID, Document]:
        return {d.id: d for d in of_user(self._store.table(DOCUMENTS), Document, user_id)}


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """The cosine of two vectors; 0 where one has no direction."""
    lengths = (sum(x * x for x in one) * sum(y * y for y in other)) ** 0.5
    return sum(x * y for x, y in zip(one, other, strict=True)) / lengths if lengths else 0.0


def words(text: str) -> set[str]:
    """The words of a text."""
    return set(re.findall(r"\w+", text.lower()))


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
