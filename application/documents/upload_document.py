"""Takes a file in: what its bytes and its name say becomes the draft of a document."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from application.documents.add_document import AddDocument, AddDocumentCommand
from application.documents.ports import StoredDocument
from application.shared.principal import Principal
from domain.documents.document import SOURCE_LENGTH, DocumentDraft
from domain.documents.upload import media_type_of, text_of
from domain.shared.json import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadDocumentCommand:
    """`declared_type` is what the client calls the file; without a title, its first line names it."""

    principal: Principal
    file_name: str
    declared_type: str | None
    content: bytes
    title: str | None = None
    source: str | None = None
    source_type: str | None = None
    metadata: JsonObject = field(default_factory=dict)
    tags: Sequence[str] = ()
    language: str | None = None


class UploadDocument:
    """Raises `UnsupportedMediaType`, and what `AddDocument` raises."""

    def __init__(self, add_document: AddDocument) -> None:
        self._add_document = add_document

    async def __call__(self, command: UploadDocumentCommand) -> StoredDocument:
        media_type = media_type_of(command.file_name, command.declared_type)
        name = PurePath(command.file_name.replace("\\", "/")).name[:SOURCE_LENGTH]
        draft = DocumentDraft(
            content=text_of(command.content),
            title=command.title,
            media_type=media_type,
            source=command.source if command.source is not None else name or None,
            source_type=command.source_type if command.source_type is not None else "upload",
            metadata=command.metadata,
            tags=command.tags,
            language=command.language,
        )
        return await self._add_document(AddDocumentCommand(principal=command.principal, draft=draft))
