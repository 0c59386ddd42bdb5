"""Searches passages and entities, each search in one round trip; nothing within one user is left out."""

from collections.abc import Sequence

from asyncpg import Record

from adapters.postgres import json
from adapters.postgres.documents_confined import vector_literal
from adapters.postgres.engine import Database
from adapters.postgres.search_sql import NEAREST, SEARCH
from application.documents.search import (
    COUNTED,
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
from domain.documents.ranking import K
from domain.shared.ids import UserId

# How many passages of each list are fused for each result: several may be of one document.
DEPTH = 5


class PostgresSearchQueries(SearchQueries):
    """Reads on connections of its own, outside any unit of work."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def nearest_chunks(self, user_id: UserId, request: ChunkRequest) -> Sequence[ChunkHit]:
        filters = request.filters
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                NEAREST,
                user_id,
                vector_literal(request.vector),
                request.embedder,
                request.k,
                request.min_score,
                None if filters.document_ids is None else list(filters.document_ids),
                list(filters.tags),
                json.encode(filters.metadata),
            )
        return [_hit(row) for row in rows]

    async def search(self, user_id: UserId, request: SearchRequest) -> SearchFindings:
        passages = "documents" in request.kinds
        vector = request.vector if passages else None
        depth = max(50, DEPTH * request.limit)
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                SEARCH,
                user_id,
                request.text,
                None if vector is None else vector_literal(vector),
                request.embedder,
                request.limit,
                depth,
                request.by_text and passages,
                request.by_text and "entities" in request.kinds,
                max(depth, COUNTED) if request.facets else depth,
                request.facets,
            )
        return SearchFindings(
            results=[_result(row, explain=request.explain) for row in rows],
            facets=_facets(rows) if request.facets else None,
        )


def _hit(row: Record) -> ChunkHit:
    return ChunkHit(
        id=row["id"],
        document_id=row["document_id"],
        document_title=row["document_title"],
        ordinal=row["ordinal"],
        start_offset=row["start_offset"],
        end_offset=row["end_offset"],
        content=row["content"],
        score=row["score"],
    )


def _result(row: Record, *, explain: bool) -> SearchResult:
    explanation = _explanation(row) if explain else None
    if row["kind"] == "entity":
        return SearchResult(
            kind="entity",
            id=row["id"],
            title=row["title"],
            type=row["type"],
            snippet=", ".join([row["title"], *row["aliases"]]),
            score=row["score"],
            explanation=explanation,
        )
    return SearchResult(
        kind="document",
        id=row["id"],
        title=row["title"],
        type=None,
        snippet=row["snippet"],
        score=row["score"],
        document_id=row["id"],
        chunk_id=row["chunk_id"],
        start_offset=row["start_offset"],
        end_offset=row["end_offset"],
        explanation=explanation,
    )


def _explanation(row: Record) -> Sequence[ListRank]:
    second: ListName = "fuzzy" if row["kind"] == "entity" else "vector"
    lists: list[tuple[ListName, str]] = [("text", "first"), (second, "second")]
    return [
        ListRank(
            list=name,
            rank=row[f"{place}_place"],
            score=row[f"{place}_score"],
            weight=1.0,
            contribution=1.0 / (K + row[f"{place}_place"]),
        )
        for name, place in lists
        if row[f"{place}_place"] is not None
    ]


def _facets(rows: Sequence[Record]) -> Facets:
    counts = json.decode(rows[0]["facets"] or "[]") if rows else []
    kinds: dict[str | None, int] = {}
    for kind, _, things in counts:
        kinds[kind] = kinds.get(kind, 0) + things
    return Facets(
        kinds=facet(kinds),
        entity_types=facet({value: things for kind, value, things in counts if kind == "entity"}),
        source_types=facet({value: things for kind, value, things in counts if kind == "document"}),
        truncated=bool(rows) and rows[0]["truncated"],
    )
