"""Reading documents, passages, entities and mentions out of dictionaries."""

from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from adapters.memory.documents_rows import CHUNKS, DOCUMENTS, MENTIONS, StoredChunk, StoredPlace, of_user
from adapters.memory.store import MemoryStore
from application.documents.queries import (
    ChunkView,
    DocumentEntityView,
    DocumentFilter,
    DocumentQueries,
    DocumentView,
    FullDocumentView,
    MentionView,
    document_view,
)
from application.shared.pages import Page, PageRequest, Position, SortKey
from domain.documents.document import Document
from domain.graph.entity import Entity
from domain.shared.ids import DocumentId, EntityId, UserId

View = TypeVar("View")


class InMemoryDocumentQueries(DocumentQueries):
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def get(self, user_id: UserId, document_id: DocumentId) -> FullDocumentView | None:
        document = self._store.table(DOCUMENTS).get((user_id, document_id))
        if not isinstance(document, Document):
            return None
        return FullDocumentView(
            id=document.id,
            title=document.title,
            source=document.source,
            source_type=document.source_type,
            media_type=document.media_type,
            metadata=document.metadata,
            tags=document.tags,
            status=document.status,
            version=document.version,
            size=len(document.content),
            created_at=document.created_at,
            updated_at=document.updated_at,
            processed_at=document.processed_at,
            language=document.language,
            content=document.content,
        )

    async def list(self, user_id: UserId, filters: DocumentFilter, page: PageRequest) -> Page[DocumentView]:
        documents = of_user(self._store.table(DOCUMENTS), Document, user_id)
        views = [document_view(document) for document in documents if _passes(document, filters)]

        def key(view: DocumentView) -> SortKey:
            return view.title if page.sort == "title" else view.created_at

        return paged(views, page, key, lambda view: view.id)

    async def chunks(
        self, user_id: UserId, document_id: DocumentId, page: PageRequest
    ) -> Page[ChunkView] | None:
        if (user_id, document_id) not in self._store.table(DOCUMENTS):
            return None
        views = [
            ChunkView(
                id=c.id,
                document_id=c.document_id,
                ordinal=c.ordinal,
                start_offset=c.start,
                end_offset=c.end,
                content=c.text,
                embedder=c.embedder,
                metadata={},
                created_at=c.created_at,
            )
            for c in of_user(self._store.table(CHUNKS), StoredChunk, user_id)
            if c.document_id == document_id
        ]
        return paged(views, ascending(page), lambda view: float(view.ordinal), lambda view: view.id)

    async def entities(
        self, user_id: UserId, document_id: DocumentId, page: PageRequest
    ) -> Page[DocumentEntityView] | None:
        if (user_id, document_id) not in self._store.table(DOCUMENTS):
            return None
        places = [p for p in self._mentions(user_id) if p.document_id == document_id]
        views = [
            DocumentEntityView(
                id=entity.id,
                name=entity.content.name,
                type=entity.content.type,
                confidence=entity.content.confidence,
                mentions=sum(place.subject == entity.id for place in places),
            )
            for entity in of_user(self._store.table("entities"), Entity, user_id)
            if entity.is_active and any(place.subject == entity.id for place in places)
        ]
        return paged(views, ascending(page), lambda view: view.name, lambda view: view.id)

    async def mentions(
        self, user_id: UserId, entity_id: EntityId, page: PageRequest
    ) -> Page[MentionView] | None:
        entity = self._store.table("entities").get((user_id, entity_id))
        if not isinstance(entity, Entity) or not entity.is_active:
            return None
        titles = {d.id: d.title for d in of_user(self._store.table(DOCUMENTS), Document, user_id)}
        views = [
            MentionView(
                id=place.id,
                document_id=place.document_id,
                document_title=titles[place.document_id],
                chunk_id=place.chunk_id,
                start_offset=place.start,
                end_offset=place.end,
                text=place.text,
                confidence=place.confidence,
                extractor=place.extractor,
                created_at=place.created_at,
            )
            for place in self._mentions(user_id)
            if place.subject == entity_id
        ]
        return paged(views, ascending(page), lambda view: str(view.id), lambda view: view.id)

    def _mentions(self, user_id: UserId) -> Sequence[StoredPlace]:
        return list(of_user(self._store.table(MENTIONS), StoredPlace, user_id))


def _passes(document: Document, filters: DocumentFilter) -> bool:
    return (
        filters.status in (None, document.status)
        and (filters.tag is None or filters.tag in document.tags)
        and filters.source in (None, document.source)
        and filters.source_type in (None, document.source_type)
        and (filters.q is None or filters.q.lower() in document.title.lower())
    )


def ascending(page: PageRequest) -> PageRequest:
    """The page in the one order a list has."""
    return PageRequest(sort="", limit=page.limit, after=page.after)


def paged(
    views: Sequence[View],
    page: PageRequest,
    key: Callable[[View], SortKey],
    id_of: Callable[[View], UUID],
) -> Page[View]:
    """One keyset page of the views."""

    def place(view: View) -> tuple[SortKey, UUID]:
        return key(view), id_of(view)

    ordered = sorted(views, key=place, reverse=page.descending)
    if page.after is not None:
        last = (page.after.key, page.after.id)
        ordered = [v for v in ordered if place(v) != last and (place(v) < last) == page.descending]
    shown = ordered[: page.limit]
    more = len(ordered) > page.limit
    return Page(rows=shown, next=Position(key=key(shown[-1]), id=id_of(shown[-1])) if more else None)
