"""What extraction needs of its database to write what was read into the graph."""

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from application.extraction.job_ports import JobRepository
from application.shared.ports import UnitOfWork
from domain.documents.document import Document
from domain.graph.entity import Entity
from domain.graph.relationship import Relationship
from domain.shared.errors import Violation
from domain.shared.ids import ChunkId, DocumentId, EntityId, RelationshipId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChunk:
    """A passage with its vector; `id` counts only when the document had no passage of this ordinal."""

    id: ChunkId
    ordinal: int
    start: int
    end: int
    text: str
    embedding: Sequence[float]


class EntityKey(NamedTuple):
    """Where names meet: a type, and a name's resolution key."""

    type: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A new entity and the keys it claims, its name's first."""

    entity: Entity
    keys: Sequence[EntityKey]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityGrowth:
    """What an extraction adds to an entity: more certainty, more names."""

    id: EntityId
    confidence: float
    aliases: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Which entities are active, and those that grew, as they are now."""

    active: Set[EntityId]
    grown: Sequence[Entity]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRelationship:
    """The active edge that stands now; at most one of `created` and `raised` is true."""

    relationship: Relationship
    created: bool
    raised: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something stands in a document: `subject` is the entity or the relationship.

    `id` counts only when this place is new.
    """

    id: UUID
    subject: EntityId | RelationshipId
    chunk_id: ChunkId | None
    start: int
    end: int
    text: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Where one extractor found entities and relationships; the places of one subject differ."""

    extractor: str
    mentions: Sequence[Place]
    evidence: Sequence[Place]


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """Entities and relationships."""

    entities: Sequence[Entity]
    relationships: Sequence[Relationship]


class ExtractionRepository(Protocol):
    """Writes what was read into the graph, each call one set-based statement or two.

    Calls of one unit of work come in the order of the methods here, which keeps extractions of different
    documents that speak of the same things from waiting for each other in a circle.
    """

    async def enter(self, user_id: UserId, document_id: DocumentId) -> bool | None:
        """Waits until no other unit of work extracts or deletes this document; None when it is gone.

        True when it was extracted before: then no other extraction of this user is being written either.
        """
        ...

    async def put_chunks(
        self,
        user_id: UserId,
        document_id: DocumentId,
        chunks: Sequence[NewChunk],
        embedder: str,
        now: datetime,
    ) -> Sequence[ChunkId]:
        """Makes these the document's passages, and no others; their ids in the order of `chunks`."""
        ...

    async def owners(self, user_id: UserId, keys: Sequence[EntityKey]) -> Mapping[EntityKey, Entity]:
        """Which entity, active or not, each key leads to; keys that lead nowhere are left out."""
        ...

    async def claim(
        self, user_id: UserId, proposals: Sequence[Proposal], keys: Mapping[EntityKey, EntityId]
    ) -> Mapping[EntityId, Entity]:
        """Stores new entities with their keys, and `keys` for entities that are there.

        A proposal whose first key was taken meanwhile is not stored: the answer says which entity stands
        for it. Any other key that was taken stays where it is. Waits for units of work that claim the
        same keys.
        """
        ...

    async def hold(
        self,
        user_id: UserId,
        entity_ids: Sequence[EntityId],
        growth: Sequence[EntityGrowth],
        now: datetime,
    ) -> Held:
        """Keeps entities from being changed or deleted by others until this unit of work ends.

        `growth` raises confidence and adds aliases (up to 100) where this changes an active, extracted
        entity; those it names are among `entity_ids`.
        """
        ...

    async def put_relationships(
        self,
        user_id: UserId,
        relationships: Sequence[Relationship],
        broken: Collection[RelationshipId] = (),
    ) -> Sequence[StoredRelationship]:
        """Stores edges or finds the active edge between the same ends of the same type.

        Those in `broken` are not stored, only found. An extracted edge that is there takes the greater
        confidence. In the order of `relationships`, whose ends and types differ; one that is not there,
        or deleted meanwhile, is left out.
        """
        ...

    async def put_places(
        self,
        user_id: UserId,
        document_id: DocumentId,
        findings: Findings,
        now: datetime,
    ) -> tuple[Sequence[EntityId], Sequence[RelationshipId]]:
        """Makes these the mentions and the evidence that this extractor has found in the document.

        Answers which entities and relationships thereby lost a place.
        """
        ...

    async def drop_unsupported(
        self,
        user_id: UserId,
        entity_ids: Sequence[EntityId],
        relationship_ids: Sequence[RelationshipId],
    ) -> Knowledge:
        """Removes those of the named that are extracted and that nothing supports any more.

        A relationship is supported by evidence, an entity by a mention or an active relationship that
        stays. Answers what is gone.
        """
        ...


class DeclaredSchema(Protocol):
    """Says what breaks the schema of the user's graph; satisfied by the graph feature.

    Where the schema is not enforced, nothing does. `commit` raises `SchemaChanged` when what was asked
    here is answered by another schema by then.
    """

    async def broken_entities(self, entities: Sequence[Entity]) -> Mapping[EntityId, Sequence[Violation]]:
        """What is wrong with new entities; those that may be stored are left out."""
        ...

    async def broken_relationships(
        self, relationships: Sequence[Relationship]
    ) -> Mapping[RelationshipId, Sequence[Violation]]:
        """As `broken_entities`, each as if those before it were stored. Their ends are held."""
        ...


class DocumentAdder(Protocol):
    """Takes documents in; satisfied by the documents feature."""

    async def add_all(self, documents: Sequence[Document]) -> Sequence["AddedDocument"]:
        """An answer for each document: the one that holds its content now."""
        ...


class AddedDocument(Protocol):
    """What came of a document that was handed in."""

    @property
    def document(self) -> Document:
        """The document that holds the content."""
        ...

    @property
    def created(self) -> bool:
        """Whether it is the one that was handed in."""
        ...


class ExtractionUnitOfWork(UnitOfWork, Protocol):
    """A unit of work that extracts."""

    @property
    def jobs(self) -> JobRepository:
        """The user's jobs."""
        ...

    @property
    def extraction(self) -> ExtractionRepository:
        """The user's graph, as extraction writes it."""
        ...

    @property
    def declared_schema(self) -> DeclaredSchema:
        """What the user's graph may hold."""
        ...

    @property
    def documents(self) -> DocumentAdder:
        """The user's documents."""
        ...
