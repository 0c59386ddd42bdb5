"""What a document is: a text of its owner's, known by its hash, with what was said about it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.documents.errors import ContentTooLarge
from domain.documents.language import LANGUAGES, language_of
from domain.shared.checks import Checks
from domain.shared.ids import DocumentId, UserId
from domain.shared.json import JsonObject

MEDIA_TYPES = ("text/plain", "text/markdown")
TITLE_LENGTH = 500
SOURCE_LENGTH = 2000
SOURCE_TYPE_LENGTH = 64
TAGS = 50
TAG_LENGTH = 64


class DocumentStatus(StrEnum):
    """How far the document is: waiting for its extraction, in the graph, or given up."""

    PENDING = "pending"
    PROCESSED = "processed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLimits:
    """`characters` and `upload_bytes` are the most one document may have; `language` is what texts are
    taken for whose language nobody says and nothing shows."""

    characters: int = 10_000_000
    upload_bytes: int = 20_000_000
    language: str = "english"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDraft:
    """What a caller says of a document before it is one. Without a title, the content names itself."""

    content: str
    title: str | None = None
    media_type: str = "text/plain"
    source: str | None = None
    source_type: str | None = None
    metadata: JsonObject = field(default_factory=dict)
    tags: Sequence[str] = ()
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """`content_hash` is the SHA-256 of the content in UTF-8; times are UTC; `language` decides how its
    words are found."""

    id: DocumentId
    user_id: UserId
    title: str
    content: str
    content_hash: bytes
    media_type: str
    source: str | None
    source_type: str | None
    metadata: JsonObject
    tags: Sequence[str]
    status: DocumentStatus
    version: int
    created_at: datetime
    updated_at: datetime
    processed_at: datetime | None
    language: str = "english"


def title_of(content: str) -> str:
    """The first line that says something, without the marks of a heading; at most 200 characters."""
    for line in content.splitlines():
        words = line.strip().lstrip("#=*-_ \t").rstrip("#=*_ \t")
        if words:
            return words if len(words) <= 200 else words[:199].rstrip() + "…"
    return "Untitled"


def checked(draft: DocumentDraft) -> DocumentDraft:
    """The draft as it is kept; its content stays untouched, because offsets count in it.

    Raises `InvalidInput` with every broken rule.
    """
    checks = Checks()
    checks.text("/content", draft.content, shortest=1, longest=len(draft.content))
    title = None
    if draft.title is not None:
        title = checks.text("/title", draft.title, shortest=1, longest=TITLE_LENGTH)
    if draft.media_type not in MEDIA_TYPES:
        checks.refuse("/media_type", "unknown", f"must be one of {', '.join(MEDIA_TYPES)}")
    if draft.language is not None and draft.language not in LANGUAGES:
        checks.refuse("/language", "unknown", f"must be one of {', '.join(LANGUAGES)}")
    kept = DocumentDraft(
        content=draft.content,
        title=title,
        media_type=draft.media_type,
        source=checks.optional_text("/source", draft.source, longest=SOURCE_LENGTH),
        source_type=checks.optional_text("/source_type", draft.source_type, longest=SOURCE_TYPE_LENGTH),
        metadata=checks.metadata("/metadata", draft.metadata),
        tags=checks.texts("/tags", draft.tags, most=TAGS, longest=TAG_LENGTH),
        language=draft.language,
    )
    checks.finish()
    return kept


def new_document(
    draft: DocumentDraft, *, document_id: DocumentId, user_id: UserId, now: datetime, limits: DocumentLimits
) -> Document:
    """A pending document. Raises `ContentTooLarge`, and `InvalidInput` with every broken rule."""
    if len(draft.content) > limits.characters:
        raise ContentTooLarge(f"a document may have at most {limits.characters:,} characters")
    kept = checked(draft)
    return Document(
        id=document_id,
        user_id=user_id,
        title=kept.title if kept.title is not None else title_of(kept.content),
        content=kept.content,
        content_hash=hashlib.sha256(kept.content.encode()).digest(),
        media_type=kept.media_type,
        source=kept.source,
        source_type=kept.source_type,
        metadata=kept.metadata,
        tags=kept.tags,
        status=DocumentStatus.PENDING,
        version=1,
        created_at=now,
        updated_at=now,
        processed_at=None,
        language=kept.language or language_of(kept.content) or limits.language,
    )
