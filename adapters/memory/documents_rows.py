"""Rows of documents and extractions as dictionaries hold them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from adapters.memory.store import Rows
from domain.shared.ids import ChunkId, DocumentId, EntityId, RelationshipId, UserId

# Tables by (user id, id).
DOCUMENTS = "documents"  # Document
CHUNKS = "chunks"  # StoredChunk
MENTIONS = "mentions"  # StoredPlace
EVIDENCE = "evidence"  # StoredPlace
JOBS = "jobs"  # Job
ITEMS = "job_items"  # JobItem

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredChunk:
    """A row of the chunks."""

    user_id: UserId
    id: ChunkId
    document_id: DocumentId
    ordinal: int
    start: int
    end: int
    text: str
    embedding: tuple[float, ...]
    embedder: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPlace:
    """A row of the mentions or of the evidence."""

    user_id: UserId
    id: UUID
    subject: EntityId | RelationshipId
    document_id: DocumentId
    chunk_id: ChunkId | None
    start: int
    end: int
    text: str
    confidence: float
    extractor: str
    created_at: datetime


def of_user(rows: Rows, row_type: type[Row], user_id: UserId) -> Iterator[Row]:
    """The user's rows of a table keyed by (user id, ...)."""
    for key, row in list(rows.items()):
        if isinstance(key, tuple) and key[0] == user_id and isinstance(row, row_type):
            yield row
