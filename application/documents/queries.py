"""What callers read of documents: rows straight from the database to the reply."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.shared.pages import Page, PageRequest
from domain.documents.document import Document
from domain.shared.ids import DocumentId, EntityId, UserId
from domain.shared.json import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentView:
    """A document without its body; `size` is in characters, times are UTC."""

    id: UUID
    title: str
    source: str | None
    source_type: str | None
    media_type: str
    metadata: JsonObject
    tags: Sequence[str]
    status: str
    version: int
    size: int
    created_at: datetime
    updated_at: datetime
    processed_at: datetime | None
    language: str = "english"


def document_view(document: Document) -> DocumentView:
    """A document as callers see it."""
    return DocumentView(
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
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FullDocumentView(DocumentView):
    """A document with its body."""

    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkView:
    """A passage of a document; offsets are code points into its content, half open."""

    id: UUID
    document_id: UUID | None
    ordinal: int
    start_offset: int
    end_offset: int
    content: str
    embedder: str
    metadata: JsonObject
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentEntityView:
    """An entity a document speaks of; `mentions` counts where, `confidence` is the entity's."""

    id: UUID
    name: str
    type: str
    confidence: float
    mentions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionView:
    """Where an entity was found; offsets are code points into the document's content, half open."""

    id: UUID
    document_id: UUID
    document_title: str
    chunk_id: UUID | None
    start_offset: int
    end_offset: int
    text: str
    confidence: float
    extractor: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFilter:
    """All that are given must hold; `q` is looked for in titles, whatever its case."""

    status: str | None = None
    tag: str | None = None
    source: str | None = None
    source_type: str | None = None
    q: str | None = None


DOCUMENT_SORTS = ("created_at", "title")


class DocumentQueries(Protocol):
    """Reads one user's documents. What another user owns is not there."""

    async def get(self, user_id: UserId, document_id: DocumentId) -> FullDocumentView | None:
        """One document with its body."""
        ...

    async def list(self, user_id: UserId, filters: DocumentFilter, page: PageRequest) -> Page[DocumentView]:
        """Documents by one of `DOCUMENT_SORTS`."""
        ...

    async def chunks(
        self, user_id: UserId, document_id: DocumentId, page: PageRequest
    ) -> Page[ChunkView] | None:
        """A document's passages in reading order, whatever the page's sort; None for no document."""
        ...

    async def entities(
        self, user_id: UserId, document_id: DocumentId, page: PageRequest
    ) -> Page[DocumentEntityView] | None:
        """Active entities a document mentions, by name, whatever the page's sort; None for no document."""
        ...

    async def mentions(
        self, user_id: UserId, entity_id: EntityId, page: PageRequest
    ) -> Page[MentionView] | None:
        """Where an entity was found, oldest id first, whatever the page's sort; None for no entity."""
        ...
