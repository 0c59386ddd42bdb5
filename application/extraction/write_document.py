"""Writes what was read in a document into the graph, in the transaction it is given."""

from dataclasses import dataclass
from datetime import datetime

from application.extraction.placement import (
    Passages,
    edges_of,
    evidence_places,
    mention_places,
    relationships_of,
)
from application.extraction.read_document import ReadDocument
from application.extraction.readings import readings, statements
from application.extraction.resolution import growth, resolve
from application.extraction.work import ExtractionUnitOfWork, Findings, NewChunk
from application.shared.ports import IdGenerator
from domain.extraction.job import ExtractionOptions
from domain.graph.entity import deleted as entity_deleted
from domain.graph.events import (
    EntityCreated,
    EntityDeleted,
    EntityUpdated,
    RelationshipCreated,
    RelationshipDeleted,
    RelationshipUpdated,
    entity_event,
    relationship_event,
)
from domain.graph.relationship import deleted as relationship_deleted
from domain.shared.ids import ChunkId, DocumentId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteDocument:
    """Everything one transaction needs to know. `reprocessed`: it was extracted before."""

    user_id: UserId
    document_id: DocumentId
    read: ReadDocument
    options: ExtractionOptions
    embedder: str
    reprocessed: bool
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """How many entities and relationships the document speaks of."""

    entities: int
    relationships: int


async def write(work: ExtractionUnitOfWork, order: WriteDocument, ids: IdGenerator) -> Written:
    """Replaces what this extractor found in the document before; records what changed in the graph."""
    graph, user_id, now, read = work.extraction, order.user_id, order.now, order.read
    new_chunks = [
        NewChunk(
            id=ChunkId(ids.new()),
            ordinal=ordinal,
            start=chunk.start,
            end=chunk.end,
            text=chunk.text,
            embedding=vector,
        )
        for ordinal, (chunk, vector) in enumerate(zip(read.chunks, read.vectors, strict=True))
    ]
    chunk_ids = await graph.put_chunks(user_id, order.document_id, new_chunks, order.embedder, now)
    passages = Passages(chunks=read.chunks, ids=chunk_ids)

    found = readings(read.extraction, order.options)
    owners = await graph.owners(user_id, [key for reading in found for key in reading.keys])
    source = str(order.document_id)
    resolution = resolve(found, owners, user_id=user_id, source=source, new_id=ids.new, now=now)
    stood_in = await graph.claim(user_id, resolution.proposals, resolution.keys)
    entities = [stood_in.get(entity.id, entity) for entity in resolution.entities]
    by_candidate = {
        candidate: entity.id
        for reading, entity in zip(found, entities, strict=True)
        for candidate in reading.candidates
    }
    edges = edges_of(statements(read.extraction, order.options), by_candidate)
    own = {proposal.entity.id for proposal in resolution.proposals}
    gains = growth(found, resolution, stood_in)
    others = {end for edge in edges for end in edge[:2]} | {gain.id for gain in gains}
    held = await graph.hold(user_id, sorted(others - own), gains, now)
    alive = own | held.active
    edges = {edge: spoken for edge, spoken in edges.items() if alive.issuperset(edge[:2])}
    stored = await graph.put_relationships(
        user_id, relationships_of(edges, user_id=user_id, source=source, new_id=ids.new, now=now)
    )
    relationships = [edge.relationship for edge in stored]
    findings = Findings(
        extractor=read.extractor,
        mentions=mention_places(found, entities, passages, ids.new),
        evidence=evidence_places(edges, relationships, passages, ids.new),
    )
    lost = await graph.put_places(user_id, order.document_id, findings, now)

    for proposal in resolution.proposals:
        if proposal.entity.id not in stood_in:
            work.record(entity_event(EntityCreated, proposal.entity))
    for entity in held.grown:
        work.record(entity_event(EntityUpdated, entity))
    for edge in stored:
        if edge.created:
            work.record(relationship_event(RelationshipCreated, edge.relationship))
        elif edge.raised:
            work.record(relationship_event(RelationshipUpdated, edge.relationship))
    # Only a document that was extracted before can have lost anything, and then we write alone.
    if order.reprocessed and any(lost):
        gone = await graph.drop_unsupported(user_id, *lost)
        for relationship in gone.relationships:
            work.record(relationship_event(RelationshipDeleted, relationship_deleted(relationship, now)))
        for entity in gone.entities:
            work.record(entity_event(EntityDeleted, entity_deleted(entity, now)))
    return Written(entities=len({entity.id for entity in entities}), relationships=len(relationships))
