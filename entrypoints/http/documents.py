"""Documents over HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from application.documents.add_document import AddDocument, AddDocumentCommand
from application.documents.delete_document import DeleteDocument, DeleteDocumentCommand
from application.documents.ports import StoredDocument
from application.documents.queries import (
    DOCUMENT_SORTS,
    ChunkView,
    DocumentEntityView,
    DocumentFilter,
    DocumentQueries,
    DocumentView,
    FullDocumentView,
    MentionView,
    document_view,
)
from application.documents.upload_document import UploadDocument, UploadDocumentCommand
from application.shared.permissions import Permission
from domain.documents import errors as documents
from domain.documents.document import DocumentLimits
from domain.shared.errors import Conflict, InvalidInput, NotAuthenticated, NotFound
from domain.shared.ids import DocumentId, EntityId
from entrypoints.http.document_bodies import (
    DocumentBody,
    DocumentsQuery,
    UploadBody,
    as_refusals,
    draft_of,
    fields_of,
    metadata_of,
)
from entrypoints.http.errors import BadRequest, TooLarge, UnsupportedMediaType
from entrypoints.http.operation import Call, NoQuery, Operation, PageQuery, Reply
from entrypoints.http.uploads import read_upload


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentsOverHttp:
    """The use cases and queries these operations call."""

    add_document: AddDocument
    upload_document: UploadDocument
    delete_document: DeleteDocument
    queries: DocumentQueries
    limits: DocumentLimits

    async def add(self, call: Call[DocumentBody, NoQuery]) -> Reply:
        with as_refusals():
            stored = await self.add_document(
                AddDocumentCommand(principal=call.principal, draft=draft_of(call.body))
            )
        return added(stored)

    async def already_added(self, call: Call[DocumentBody, NoQuery], document_id: UUID) -> Reply:
        view = await self.queries.get(call.principal.user_id, DocumentId(document_id))
        if view is None:
            raise documents.DocumentNotFound
        shown = {name: getattr(view, name) for name in DocumentView.__dataclass_fields__}
        return Reply(data=DocumentView(**shown), version=view.version, location=address(view.id))

    async def upload(self, call: Call[UploadBody, NoQuery]) -> Reply:
        upload = await read_upload(call.request, self.limits.upload_bytes)
        fields = fields_of(upload)
        with as_refusals():
            stored = await self.upload_document(
                UploadDocumentCommand(
                    principal=call.principal,
                    file_name=upload.file_name,
                    declared_type=upload.declared_type,
                    content=upload.content or b"",
                    title=fields.title,
                    source=fields.source,
                    source_type=fields.source_type,
                    metadata=metadata_of(fields.metadata),
                    tags=fields.tags,
                    language=fields.language,
                )
            )
        return added(stored)

    async def list(self, call: Call[None, DocumentsQuery]) -> Reply:
        query = call.query
        filters = DocumentFilter(
            status=query.status,
            tag=query.tag,
            source=query.source,
            source_type=query.source_type,
            q=query.q,
        )
        page = await self.queries.list(call.principal.user_id, filters, call.page(DOCUMENT_SORTS))
        return Reply(data=page.rows, next=page.next)

    async def get(self, call: Call[None, NoQuery]) -> Reply:
        view = await self.queries.get(call.principal.user_id, document_id_of(call))
        if view is None:
            raise documents.DocumentNotFound
        return Reply(data=view, version=view.version)

    async def delete(self, call: Call[None, NoQuery]) -> Reply:
        await self.delete_document(
            DeleteDocumentCommand(principal=call.principal, document_id=document_id_of(call))
        )
        return Reply()

    async def chunks(self, call: Call[None, PageQuery]) -> Reply:
        asked = call.page(("ordinal",), "ordinal")
        page = await self.queries.chunks(call.principal.user_id, document_id_of(call), asked)
        if page is None:
            raise documents.DocumentNotFound
        return Reply(data=page.rows, next=page.next)

    async def entities(self, call: Call[None, PageQuery]) -> Reply:
        asked = call.page(("name",), "name")
        page = await self.queries.entities(call.principal.user_id, document_id_of(call), asked)
        if page is None:
            raise documents.DocumentNotFound
        return Reply(data=page.rows, next=page.next)

    async def mentions(self, call: Call[None, PageQuery]) -> Reply:
        asked = call.page(("id",), "id")
        entity_id = EntityId(call.id("entity_id"))
        page = await self.queries.mentions(call.principal.user_id, entity_id, asked)
        if page is None:
            raise NotFound
        return Reply(data=page.rows, next=page.next)


def document_id_of(call: Call[Any, Any]) -> DocumentId:
    """The document the path names."""
    return DocumentId(call.id("document_id"))


def address(document_id: UUID) -> str:
    """Where a document is found."""
    return f"/api/v1/documents/{document_id}"


def added(stored: StoredDocument) -> Reply:
    """The answer to an addition: 201, or 200 with the first document of this content."""
    view = document_view(stored.document)
    status = 201 if stored.created else 200
    return Reply(data=view, status=status, version=view.version, location=address(view.id))


def operations(over_http: DocumentsOverHttp) -> Sequence[Operation[Any, Any]]:
    """Add, upload, list, read and delete documents, and what was found in them."""
    known = {200: "The first document with this content"}
    return [
        Operation(
            method="POST",
            path="/documents",
            handler=over_http.add,
            replay=over_http.already_added,
            summary="Add a document",
            tag="documents",
            permission=Permission.DOCUMENTS_WRITE,
            body=DocumentBody,
            reply=DocumentView,
            status=201,
            statuses=known,
            raises=(InvalidInput, TooLarge, NotAuthenticated, Conflict),
            description="Its entities and relationships follow: watch `document.processed`.",
        ),
        Operation(
            method="POST",
            path="/documents/upload",
            handler=over_http.upload,
            summary="Upload a text or Markdown file",
            tag="documents",
            permission=Permission.DOCUMENTS_WRITE,
            body=UploadBody,
            raw_body=True,
            media_types=("multipart/form-data",),
            reply=DocumentView,
            status=201,
            statuses=known,
            raises=(
                BadRequest,
                InvalidInput,
                TooLarge,
                UnsupportedMediaType,
                NotAuthenticated,
                Conflict,
            ),
        ),
        Operation(
            method="GET",
            path="/documents",
            handler=over_http.list,
            summary="List documents",
            tag="documents",
            permission=Permission.DOCUMENTS_READ,
            query=DocumentsQuery,
            reply=list[DocumentView],
            description=f"Sorts: {', '.join(DOCUMENT_SORTS)}, each also with a leading `-`; default "
            "`-created_at`.",
        ),
        Operation(
            method="GET",
            path="/documents/{document_id}",
            handler=over_http.get,
            summary="Read a document with its content",
            tag="documents",
            permission=Permission.DOCUMENTS_READ,
            reply=FullDocumentView,
            raises=(NotFound,),
        ),
        Operation(
            method="DELETE",
            path="/documents/{document_id}",
            handler=over_http.delete,
            summary="Delete a document and what stands on it alone",
            tag="documents",
            permission=Permission.DOCUMENTS_WRITE,
            status=204,
            raises=(NotFound, Conflict),
        ),
        Operation(
            method="GET",
            path="/documents/{document_id}/chunks",
            handler=over_http.chunks,
            summary="List a document's passages in reading order",
            tag="documents",
            permission=Permission.DOCUMENTS_READ,
            query=PageQuery,
            reply=list[ChunkView],
            raises=(NotFound,),
        ),
        Operation(
            method="GET",
            path="/documents/{document_id}/entities",
            handler=over_http.entities,
            summary="List the entities a document speaks of, by name",
            tag="documents",
            permission=Permission.DOCUMENTS_READ,
            query=PageQuery,
            reply=list[DocumentEntityView],
            raises=(NotFound,),
        ),
        Operation(
            method="GET",
            path="/entities/{entity_id}/mentions",
            handler=over_http.mentions,
            summary="List where an entity was found",
            tag="documents",
            permission=Permission.DOCUMENTS_READ,
            query=PageQuery,
            reply=list[MentionView],
            raises=(NotFound,),
        ),
    ]
