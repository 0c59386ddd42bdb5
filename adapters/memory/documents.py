"""Documents over dictionaries, for tests without a server."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from adapters.memory.documents_rows import StoredChunk, StoredPlace, of_user
from adapters.memory.extraction_cleanup import Graph, drop_unsupported
from adapters.memory.store import Rows
from application.documents.ports import DeletedDocument, DocumentRepository, StoredDocument
from domain.documents.document import Document
from domain.extraction.job import JobItem
from domain.shared.ids import DocumentId, UserId


class InMemoryDocumentRepository(DocumentRepository):
    """Works on the tables of one unit of work."""

    def __init__(self, documents: Rows, chunks: Rows, items: Rows, graph: Graph) -> None:
        self._documents = documents
        self._chunks = chunks
        self._items = items
        self._graph = graph

    async def add_all(self, documents: Sequence[Document]) -> Sequence[StoredDocument]:
        stored = []
        for document in documents:
            known = next(
                (
                    other
                    for other in of_user(self._documents, Document, document.user_id)
                    if other.content_hash == document.content_hash
                ),
                None,
            )
            if known is None:
                self._documents[(document.user_id, document.id)] = document
            stored.append(StoredDocument(document=known or document, created=known is None))
        return stored

    async def delete(self, user_id: UserId, document_id: DocumentId) -> DeletedDocument | None:
        document = self._documents.get((user_id, document_id))
        if not isinstance(document, Document):
            return None
        lost: list[list[UUID]] = []
        for table in (self._graph.mentions, self._graph.evidence):
            places = [p for p in of_user(table, StoredPlace, user_id) if p.document_id == document_id]
            for place in places:
                del table[(user_id, place.id)]
            lost.append([place.subject for place in places])
        gone = drop_unsupported(self._graph, user_id, lost[0], lost[1])
        for chunk in of_user(self._chunks, StoredChunk, user_id):
            if chunk.document_id == document_id:
                del self._chunks[(user_id, chunk.id)]
        forget_document(self._items, user_id, document_id)
        del self._documents[(user_id, document_id)]
        return DeletedDocument(document=document, entities=gone.entities, relationships=gone.relationships)


def forget_document(items: Rows, user_id: UserId, document_id: DocumentId) -> None:
    """What the foreign key of the items does: they outlive their document without naming it."""
    for item in of_user(items, JobItem, user_id):
        if item.document_id == document_id:
            items[(user_id, item.id)] = replace(item, document_id=None)
