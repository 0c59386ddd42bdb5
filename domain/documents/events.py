"""What happens to documents; their bodies stay out of events."""

from dataclasses import dataclass
from typing import ClassVar

from domain.documents.document import Document
from domain.shared.events import DomainEvent
from domain.shared.json import JsonObject, rfc3339


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentAdded(DomainEvent):
    """A new text was accepted and waits for its extraction."""

    type: ClassVar[str] = "document.added"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentProcessed(DomainEvent):
    """The graph holds what an extraction found in the document."""

    type: ClassVar[str] = "document.processed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFailed(DomainEvent):
    """The extraction was given up; `data.error` says why."""

    type: ClassVar[str] = "document.failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDeleted(DomainEvent):
    """The document is gone, with its chunks, vectors and mentions."""

    type: ClassVar[str] = "document.deleted"


def document_data(document: Document) -> JsonObject:
    """A document as events show it."""
    return {
        "id": str(document.id),
        "title": document.title,
        "source": document.source,
        "source_type": document.source_type,
        "language": document.language,
        "media_type": document.media_type,
        "metadata": document.metadata,
        "tags": list(document.tags),
        "status": str(document.status),
        "version": document.version,
        "size": len(document.content),
        "created_at": rfc3339(document.created_at),
        "updated_at": rfc3339(document.updated_at),
        "processed_at": rfc3339(document.processed_at) if document.processed_at else None,
    }
