"""Searches passages and entities, each search in one round trip; nearness is exact within one user."""

from collections.abc import Sequence

from asyncpg import Record

from adapters.postgres import json
from adapters.postgres.documents_confined import confined_sql, vector_literal
from adapters.postgres.engine import Database
from application.documents.search import ChunkHit, ChunkRequest, SearchQueries, SearchRequest, SearchResult
from domain.documents.ranking import K
from domain.shared.ids import UserId

# Parameters are turned into vectors and queries in scalar subqueries, which run once: a generic plan would
# otherwise parse them again for every row.
_NEAR = "(select $2::text::vector)"

# The addition keeps the planner from an approximate index, which under a user's filter loses rows.
NEAREST = confined_sql(f"""
    select near.id, near.document_id, d.title as document_title, near.ordinal, near.start_offset,
        near.end_offset, near.content, 1 - near.distance as score
    from (
        select c.id, c.document_id, c.ordinal, c.start_offset, c.end_offset, c.content,
            (c.embedding <=> {_NEAR}) + 0 as distance
        from backend_documents.chunks c
        where c.user_id = tenant.user_id and c.embedder = $3
            and ($6::uuid[] is null or c.document_id = any($6))
            and ($7::text[] = '{{}}' and $8::jsonb = '{{}}' or exists (
                select from backend_documents.documents f
                where f.user_id = tenant.user_id and f.id = c.document_id
                    and f.tags @> $7 and f.metadata @> $8
            ))
        order by distance, c.id limit $4
    ) as near
    left join backend_documents.documents d on d.user_id = tenant.user_id and d.id = near.document_id
    where 1 - near.distance >= $5
    order by near.distance, near.id offset 0
""")

_WORDS = "(select websearch_to_tsquery('english', $2))"
_NAMES = "(select websearch_to_tsquery('simple', $2))"
_VECTOR = "(select $3::text::vector)"
_HEADLINE = "'StartSel=**, StopSel=**, MaxFragments=2, MinWords=8, MaxWords=24, FragmentDelimiter=\" … \"'"

# $2 the words, $3 the vector or null, $4 its embedder, $5 the limit, $6 the depth of each list, then
# whether to search passages by words and entities by name.
SEARCH = confined_sql(f"""
    with worded as (
        select id, row_number() over (order by rank desc, id) as place
        from (
            select c.id, ts_rank_cd(c.search, {_WORDS}) as rank
            from backend_documents.chunks c
            where $7 and c.user_id = tenant.user_id and c.document_id is not null and c.search @@ {_WORDS}
            order by rank desc, c.id limit $6
        ) as found
    ), near as (
        select id, row_number() over (order by distance, id) as place
        from (
            select c.id, (c.embedding <=> {_VECTOR}) + 0 as distance
            from backend_documents.chunks c
            where $3::text is not null and c.user_id = tenant.user_id and c.document_id is not null
                and c.embedder = $4
            order by distance, c.id limit $6
        ) as found
    ), passages as (
        select id, sum(1.0 / ({K} + place))::float8 as score, bool_or(by_words) as by_words
        from (
            select id, place, true as by_words from worded union all select id, place, false from near
        ) as lists
        group by id
    ), best as (
        select distinct on (c.document_id) c.document_id, c.id, p.score, p.by_words
        from passages p
        join backend_documents.chunks c on c.user_id = tenant.user_id and c.id = p.id
        order by c.document_id, p.score desc, c.id
    ), named as (
        select id,
            (1.0 / ({K} + row_number() over (order by rank desc, confidence desc, id)))::float8 as score
        from (
            select e.id, e.confidence, ts_rank_cd(e.search, {_NAMES}, 1) as rank
            from backend_entities.entities e
            where $8 and e.user_id = tenant.user_id and e.is_active and e.search @@ {_NAMES}
            order by rank desc, e.confidence desc, e.id limit $5
        ) as found
    ), top as (
        select * from (
            select 'document' as kind, document_id as id, id as chunk_id, score, by_words from best
            union all
            select 'entity', id, null, score, false from named
        ) as everything
        order by score desc, kind, id limit $5
    )
    select top.kind, top.id, top.chunk_id, top.score, coalesce(d.title, e.name) as title, e.type, e.aliases,
        c.start_offset, c.end_offset,
        case when top.by_words then ts_headline('english', c.content, {_WORDS}, {_HEADLINE})
            else left(c.content, 240) end as snippet
    from top
    left join backend_documents.documents d
        on top.kind = 'document' and d.user_id = tenant.user_id and d.id = top.id
    left join backend_documents.chunks c on c.user_id = tenant.user_id and c.id = top.chunk_id
    left join backend_entities.entities e
        on top.kind = 'entity' and e.user_id = tenant.user_id and e.id = top.id
    order by top.score desc, top.kind, top.id offset 0
""")

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

    async def search(self, user_id: UserId, request: SearchRequest) -> Sequence[SearchResult]:
        passages = "documents" in request.kinds
        vector = request.vector if passages else None
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                SEARCH,
                user_id,
                request.text,
                None if vector is None else vector_literal(vector),
                request.embedder,
                request.limit,
                max(50, DEPTH * request.limit),
                request.by_text and passages,
                request.by_text and "entities" in request.kinds,
            )
        return [_result(row) for row in rows]


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


def _result(row: Record) -> SearchResult:
    if row["kind"] == "entity":
        return SearchResult(
            kind="entity",
            id=row["id"],
            title=row["title"],
            type=row["type"],
            snippet=", ".join([row["title"], *row["aliases"]]),
            score=row["score"],
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
    )
