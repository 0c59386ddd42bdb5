"""Writes what was read in a document into the graph, in the transaction it is given."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from application.extraction.placement import (
    Edge,
    Passages,
    edge_of,
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
from domain.extraction.left_out import Broken, LeftOut, ends_left_out, left_out
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
from domain.graph.relationship import Relationship
from domain.graph.relationship import deleted as relationship_deleted
from domain.shared.errors import Violation
from domain.shared.ids import ChunkId, DocumentId, EntityId, RelationshipId, UserId


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
    """How many entities and relationships the document speaks of, but for those that are left out."""

    entities: int
    relationships: int
    left_out: LeftOut


async def write(work: ExtractionUnitOfWork, order: WriteDocument, ids: IdGenerator) -> Written:
    """Replaces what this extractor found in the document before; records what changed in the graph.

    What is new and breaks the declared schema is left out, with all that hangs on it.
    """
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
    unfit = await work.declared_schema.broken_entities([p.entity for p in resolution.proposals])
    proposals = [proposal for proposal in resolution.proposals if proposal.entity.id not in unfit]
    stood_in = await graph.claim(user_id, proposals, resolution.keys)
    entities = [stood_in.get(entity.id, entity) for entity in resolution.entities]
    by_candidate = {
        candidate: entity.id
        for reading, entity in zip(found, entities, strict=True)
        for candidate in reading.candidates
    }
    stated = edges_of(statements(read.extraction, order.options), by_candidate)
    edges = {edge: spoken for edge, spoken in stated.items() if unfit.keys().isdisjoint(edge[:2])}
    own = {proposal.entity.id for proposal in proposals}
    gains = growth(found, resolution, stood_in)
    others = {end for edge in edges for end in edge[:2]} | {gain.id for gain in gains}
    held = await graph.hold(user_id, sorted(others - own), gains, now)
    alive = own | held.active
    edges = {edge: spoken for edge, spoken in edges.items() if alive.issuperset(edge[:2])}
    offered = relationships_of(edges, user_id=user_id, source=source, new_id=ids.new, now=now)
    broken = await work.declared_schema.broken_relationships(offered)
    stored = await graph.put_relationships(user_id, offered, broken.keys())
    relationships = [edge.relationship for edge in stored]
    kept = [pair for pair in zip(found, entities, strict=True) if pair[1].id not in unfit]
    findings = Findings(
        extractor=read.extractor,
        mentions=mention_places(kept, passages, ids.new),
        evidence=evidence_places(edges, relationships, passages, ids.new),
    )
    lost = await graph.put_places(user_id, order.document_id, findings, now)

    for proposal in proposals:
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
    gone = await _drop_unsupported(work, order, *lost) if order.reprocessed and any(lost) else ()
    if gone and broken:
        # It may have been in the way of what was left out. Once more, then: that loses no place again.
        return await write(work, order, ids)
    return Written(
        entities=len({entity.id for _, entity in kept}),
        relationships=len(relationships),
        left_out=left_out(
            [
                (entity.content.type, unfit[entity.id])
                for entity in (proposal.entity for proposal in resolution.proposals)
                if entity.id in unfit
            ],
            _edges_left_out(stated, unfit) + _relationships_left_out(offered, broken, relationships),
        ),
    )


async def _drop_unsupported(
    work: ExtractionUnitOfWork,
    order: WriteDocument,
    entity_ids: Sequence[EntityId],
    relationship_ids: Sequence[RelationshipId],
) -> Sequence[Relationship]:
    """Removes and records what lost its last support; the relationships among it."""
    gone = await work.extraction.drop_unsupported(order.user_id, entity_ids, relationship_ids)
    for relationship in gone.relationships:
        work.record(relationship_event(RelationshipDeleted, relationship_deleted(relationship, order.now)))
    for entity in gone.entities:
        work.record(entity_event(EntityDeleted, entity_deleted(entity, order.now)))
    return gone.relationships


def _edges_left_out(stated: Iterable[Edge], unfit: Container[EntityId]) -> list[Broken]:
    """Those that lack an end."""
    return [
        (kind, ends_left_out(source=source in unfit, target=target in unfit))
        for source, target, kind in stated
        if source in unfit or target in unfit
    ]


def _relationships_left_out(
    offered: Sequence[Relationship],
    broken: Mapping[RelationshipId, Sequence[Violation]],
    stored: Sequence[Relationship],
) -> list[Broken]:
    """Those that break the schema, but for such as are there all the same: they change nothing."""
    there = {edge_of(relationship) for relationship in stored}
    return [
        (one.content.relationship_type, broken[one.id])
        for one in offered
        if one.id in broken and edge_of(one) not in there
    ]
