"""What clients send about documents, as JSON and as forms."""

import contextlib
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from domain.documents import errors as documents
from domain.documents.document import DocumentDraft
from domain.documents.language import LANGUAGES
from domain.shared.errors import InvalidInput, Violation
from entrypoints.http.errors import TooLarge, UnsupportedMediaType
from entrypoints.http.operation import PageQuery
from entrypoints.http.uploads import Upload

# What the domain holds these values to, for the documentation alone: the domain names every broken rule.
Title = Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": 500})]
Content = Annotated[str, Meta(extra_json_schema={"minLength": 1})]
Source = Annotated[str, Meta(extra_json_schema={"maxLength": 2000})]
SourceType = Annotated[str, Meta(extra_json_schema={"maxLength": 64})]
Tags = Annotated[list[str], Meta(extra_json_schema={"maxItems": 50})]
Language = Annotated[str, Meta(extra_json_schema={"enum": list(LANGUAGES)})]


class DocumentBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A text and what is known about it; without a title, its first line names it. Without a `language`,
    it is guessed; it decides how words are found."""

    content: Content
    title: Title | None = None
    media_type: Literal["text/plain", "text/markdown"] = "text/plain"
    source: Source | None = None
    source_type: SourceType | None = None
    metadata: dict[str, Any] = {}
    tags: Tags = []
    language: Language | None = None


class UploadBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A form with one file; `metadata` is JSON text, `tags` may be repeated."""

    file: Annotated[str, Meta(extra_json_schema={"contentMediaType": "application/octet-stream"})]
    title: Title | None = None
    source: Source | None = None
    source_type: SourceType | None = None
    metadata: Annotated[str, Meta(extra_json_schema={"contentMediaType": "application/json"})] = "{}"
    tags: Tags = []
    language: Language | None = None


class DocumentsQuery(PageQuery, kw_only=True):
    """`q` is looked for in titles."""

    status: Literal["pending", "processed", "failed"] | None = None
    tag: str | None = None
    source: str | None = None
    source_type: str | None = None
    q: str | None = None


@contextlib.contextmanager
def as_refusals() -> Iterator[None]:
    """The documents' own refusals as those that HTTP has statuses for."""
    try:
        yield
    except documents.ContentTooLarge as error:
        raise TooLarge(error.detail) from error
    except documents.UnsupportedMediaType as error:
        raise UnsupportedMediaType(error.detail) from error


def draft_of(body: DocumentBody) -> DocumentDraft:
    """The body as the domain reads it."""
    return DocumentDraft(
        content=body.content,
        title=body.title,
        media_type=body.media_type,
        source=body.source,
        source_type=body.source_type,
        metadata=body.metadata,
        tags=body.tags,
        language=body.language,
    )


def fields_of(upload: Upload) -> UploadBody:
    """The form's text fields; empty ones count as absent. Raises `InvalidInput`."""
    given: dict[str, Any] = {"file": ""}
    for name, values in upload.fields.items():
        pointer = "/" + name.replace("~", "~0").replace("/", "~1")
        if name not in UploadBody.__struct_fields__ or name == "file":
            raise InvalidInput(
                [Violation(pointer=pointer, code="unknown_field", detail="is not a known field")]
            )
        if name == "tags":
            given[name] = [tag for value in values for tag in value.split(",") if tag.strip()]
        elif len(values) > 1:
            raise InvalidInput([Violation(pointer=pointer, code="repeated", detail="is given twice")])
        elif values[0]:
            given[name] = values[0]
    return UploadBody(**given)


def metadata_of(text: str) -> dict[str, Any]:
    """The JSON object of a form's field. Raises `InvalidInput`."""
    try:
        value: dict[str, Any] = msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        violation = Violation(pointer="/metadata", code="invalid", detail="must be a JSON object")
        raise InvalidInput([violation]) from error
    return value
