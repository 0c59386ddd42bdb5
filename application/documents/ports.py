"""What the documents feature needs of its database."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from application.shared.ports import UnitOfWork
from domain.documents.document import Document
from domain.graph.entity import Entity
from domain.graph.relationship import Relationship
from domain.shared.ids import DocumentId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocument:
    """The document that holds a content now; `created` tells whether it is the one that was handed in."""

    document: Document
    created: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedDocument:
    """A document that is gone, and what it took along because nothing else supported it."""

    document: Document
    entities: Sequence[Entity]
    relationships: Sequence[Relationship]


class DocumentRepository(Protocol):
    """The documents of one user, inside a unit of work."""

    async def add_all(self, documents: Sequence[Document]) -> Sequence[StoredDocument]:
        """Stores what is new; an answer for each document, in their order.

        A content that is there already, or comes twice in one call, is answered with the first document
        that holds it, whoever added it meanwhile: of concurrent additions exactly one is `created`.
        All documents are of one user. Raises `DocumentChanging` when the other one vanishes again
        meanwhile.
        """
        ...

    async def delete(self, user_id: UserId, document_id: DocumentId) -> DeletedDocument | None:
        """Removes a document with its chunks, vectors, mentions and evidence.

        Extracted entities (`source_type` is 'extraction') without a mention elsewhere go too, unless a
        relationship of the user's own making or with evidence elsewhere holds them; extracted
        relationships go without evidence elsewhere. Waits for extractions of this user that are being
        written. None when there is no such document.
        """
        ...


class DocumentsUnitOfWork(UnitOfWork, Protocol):
    """A unit of work with documents."""

    @property
    def documents(self) -> DocumentRepository:
        """The user's documents."""
        ...
