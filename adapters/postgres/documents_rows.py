"""Rows of the documents' tables as aggregates and as views."""

from asyncpg import Record

from adapters.postgres import json
from application.documents.queries import ChunkView, DocumentView, FullDocumentView
from domain.documents.document import Document, DocumentStatus
from domain.shared.ids import DocumentId, UserId

DOCUMENT_COLUMNS = (
    "id, title, content, content_hash, media_type, source, source_type, metadata, tags, status, version, "
    "created_at, updated_at, processed_at, language"
)


def document_of(user_id: UserId, row: Record, prefix: str = "") -> Document:
    """The aggregate of a row with `DOCUMENT_COLUMNS`, their names behind `prefix`."""
    return Document(
        id=DocumentId(row[f"{prefix}id"]),
        user_id=user_id,
        title=row[f"{prefix}title"],
        content=row[f"{prefix}content"],
        content_hash=row[f"{prefix}content_hash"],
        media_type=row[f"{prefix}media_type"],
        source=row[f"{prefix}source"],
        source_type=row[f"{prefix}source_type"],
        metadata=json.decode(row[f"{prefix}metadata"]),
        tags=tuple(row[f"{prefix}tags"]),
        status=DocumentStatus(row[f"{prefix}status"]),
        version=row[f"{prefix}version"],
        created_at=row[f"{prefix}created_at"],
        updated_at=row[f"{prefix}updated_at"],
        processed_at=row[f"{prefix}processed_at"],
        language=row[f"{prefix}language"],
    )


def document_view_of(row: Record) -> DocumentView:
    """The view of a row."""
    return DocumentView(
        id=row["id"],
        title=row["title"],
        source=row["source"],
        source_type=row["source_type"],
        media_type=row["media_type"],
        metadata=json.decode(row["metadata"]),
        tags=row["tags"],
        status=row["status"],
        version=row["version"],
        size=row["size"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        processed_at=row["processed_at"],
        language=row["language"],
    )


def full_document_view_of(row: Record) -> FullDocumentView:
    """The view of a row that has the content too."""
    return FullDocumentView(
        id=row["id"],
        title=row["title"],
        source=row["source"],
        source_type=row["source_type"],
        media_type=row["media_type"],
        metadata=json.decode(row["metadata"]),
        tags=row["tags"],
        status=row["status"],
        version=row["version"],
        size=row["size"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        processed_at=row["processed_at"],
        language=row["language"],
        content=row["content"],
    )


def chunk_view_of(row: Record) -> ChunkView:
    """The view of a row."""
    return ChunkView(
        id=row["id"],
        document_id=row["document_id"],
        ordinal=row["ordinal"],
        start_offset=row["start_offset"],
        end_offset=row["end_offset"],
        content=row["content"],
        embedder=row["embedder"],
        metadata=json.decode(row["metadata"]),
        created_at=row["created_at"],
    )
