"""Reads documents, their passages, entities and mentions, each in one round trip."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

from asyncpg import Record
from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    Uuid,
    any_,
    bindparam,
    func,
    select,
)

from adapters.postgres import tables as t
from adapters.postgres.documents_confined import confined_sql
from adapters.postgres.documents_rows import chunk_view_of, document_view_of, full_document_view_of
from adapters.postgres.engine import Database
from adapters.postgres.keyset import TIME, keyset
from adapters.postgres.statements import Statement, confined
from application.documents.queries import (
    ChunkView,
    DocumentEntityView,
    DocumentFilter,
    DocumentQueries,
    DocumentView,
    FullDocumentView,
    MentionView,
)
from application.shared.pages import Page, PageRequest, Position, SortKey
from domain.shared.ids import DocumentId, EntityId, UserId

View = TypeVar("View")
NOWHERE = Position(key="", id=UUID(int=0))

_HIDDEN = ("user_id", "content", "content_hash")
SHOWN = [column for column in t.documents.c if column.name not in _HIDDEN]
SIZE = func.length(t.documents.c.content).label("size")

GET = Statement(
    confined(
        lambda user_id: select(*SHOWN, SIZE, t.documents.c.content).where(
            t.documents.c.user_id == user_id, t.documents.c.id == bindparam("id", type_=Uuid)
        )
    )
)

# Each of these begins with the thing itself: no row at all means that it is not there.
CHUNKS = confined_sql("""
    select c.* from backend_documents.documents d left join lateral (
        select id, document_id, ordinal, start_offset, end_offset, content, embedder, metadata, created_at
        from backend_documents.chunks
        where user_id = tenant.user_id and document_id = d.id and ordinal > $3
        order by ordinal limit $4
    ) as c on true
    where d.user_id = tenant.user_id and d.id = $2 order by c.ordinal offset 0
""")
ENTITIES = confined_sql("""
    select e.* from backend_documents.documents d left join lateral (
        select e.id, e.name, e.type, e.confidence, count(*)::int as mentions
        from backend_extraction.mentions m
        join backend_entities.entities e on e.user_id = tenant.user_id and e.id = m.entity_id
        where m.user_id = tenant.user_id and m.document_id = d.id and e.is_active
            and (e.name, e.id) > ($3::text, $4::uuid)
        group by e.id, e.name, e.type, e.confidence
        order by e.name, e.id limit $5
    ) as e on true
    where d.user_id = tenant.user_id and d.id = $2 order by e.name, e.id offset 0
""")
MENTIONS = confined_sql("""
    select m.* from backend_entities.entities e left join lateral (
        select m.id, m.document_id, d.title as document_title, m.chunk_id, m.start_offset, m.end_offset,
            m.text, m.confidence, m.extractor, m.created_at
        from backend_extraction.mentions m
        join backend_documents.documents d on d.user_id = tenant.user_id and d.id = m.document_id
        where m.user_id = tenant.user_id and m.entity_id = e.id and m.id > $3
        order by m.id limit $4
    ) as m on true
    where e.user_id = tenant.user_id and e.id = $2 and e.is_active order by m.id offset 0
""")


@lru_cache(maxsize=256)
def list_statement(given: frozenset[str], sort: str, descending: bool, after: bool) -> Statement:
    """The statement of one combination of filters and order, compiled when it is first asked for."""
    c = t.documents.c
    known: Mapping[str, ColumnElement[bool]] = {
        "status": c.status == bindparam("status", type_=Text),
        "tag": bindparam("tag", type_=Text) == any_(c.tags),
        "source": c.source == bindparam("source", type_=Text),
        "source_type": c.source_type == bindparam("source_type", type_=Text),
        "q": func.strpos(func.lower(c.title), func.lower(bindparam("q", type_=Text))) > 0,
    }

    def build(user_id: ColumnElement[Any]) -> Select[Any]:
        query = select(*SHOWN, SIZE).where(c.user_id == user_id, *(known[name] for name in sorted(given)))
        kind = TIME if sort == "created_at" else Text()
        return keyset(query, c[sort], c.id, descending=descending, after=after, kind=kind)

    return Statement(confined(build))


class PostgresDocumentQueries(DocumentQueries):
    """Reads on connections of its own, outside any unit of work."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, user_id: UserId, document_id: DocumentId) -> FullDocumentView | None:
        async with self._database.connection() as connection:
            row = await GET.fetchrow(connection, user_id=user_id, id=document_id)
        return None if row is None else full_document_view_of(row)

    async def list(self, user_id: UserId, filters: DocumentFilter, page: PageRequest) -> Page[DocumentView]:
        values = {
            "status": filters.status,
            "tag": filters.tag,
            "source": filters.source,
            "source_type": filters.source_type,
            "q": filters.q,
        }
        parameters: dict[str, object] = {name: value for name, value in values.items() if value is not None}
        statement = list_statement(frozenset(parameters), page.sort, page.descending, page.after is not None)
        if page.after is not None:
            parameters |= {"key": page.after.key, "id": page.after.id}
        async with self._database.connection() as connection:
            rows = await statement.fetch(connection, user_id=user_id, limit=page.limit + 1, **parameters)
        return _page(rows, page.limit, document_view_of, lambda row: row[page.sort])

    async def chunks(
        self, user_id: UserId, document_id: DocumentId, page: PageRequest
    ) -> Page[ChunkView] | None:
        after = -1 if page.after is None else int(float(str(page.after.key)))
        rows = await self._fetch(CHUNKS, user_id, document_id, after, page.limit + 1)
        return _page_of_one(rows, page.limit, chunk_view_of, lambda row: float(row["ordinal"]))

    async def entities(
        self, user_id: UserId, document_id: DocumentId, page: PageRequest
    ) -> Page[DocumentEntityView] | None:
        last = page.after or NOWHERE
        rows = await self._fetch(ENTITIES, user_id, document_id, last.key, last.id, page.limit + 1)
        return _page_of_one(rows, page.limit, _entity, lambda row: row["name"])

    async def mentions(
        self, user_id: UserId, entity_id: EntityId, page: PageRequest
    ) -> Page[MentionView] | None:
        last = page.after or NOWHERE
        rows = await self._fetch(MENTIONS, user_id, entity_id, last.id, page.limit + 1)
        return _page_of_one(rows, page.limit, _mention, lambda row: str(row["id"]))

    async def _fetch(self, sql: str, *arguments: object) -> Sequence[Record]:
        async with self._database.connection() as connection:
            return await connection.fetch(sql, *arguments)


def _page(
    rows: Sequence[Record], limit: int, view: Callable[[Record], View], key: Callable[[Record], SortKey]
) -> Page[View]:
    shown = rows[:limit]
    more = len(rows) > limit
    following = Position(key=key(shown[-1]), id=shown[-1]["id"]) if more else None
    return Page(rows=[view(row) for row in shown], next=following)


def _page_of_one(
    rows: Sequence[Record], limit: int, view: Callable[[Record], View], key: Callable[[Record], SortKey]
) -> Page[View] | None:
    """Rows of a thing: none at all when it is not there, one of NULLs when it has none."""
    return _page([row for row in rows if row["id"] is not None], limit, view, key) if rows else None


def _entity(row: Record) -> DocumentEntityView:
    return DocumentEntityView(
        id=row["id"],
        name=row["name"],
        type=row["type"],
        confidence=row["confidence"],
        mentions=row["mentions"],
    )


def _mention(row: Record) -> MentionView:
    return MentionView(
        id=row["id"],
        document_id=row["document_id"],
        document_title=row["document_title"],
        chunk_id=row["chunk_id"],
        start_offset=row["start_offset"],
        end_offset=row["end_offset"],
        text=row["text"],
        confidence=row["confidence"],
        extractor=row["extractor"],
        created_at=row["created_at"],
    )
