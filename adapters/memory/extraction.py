"""Writes what was read into a graph of dictionaries, for tests without a server."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from adapters.memory.documents_rows import StoredChunk, StoredPlace, of_user
from adapters.memory.extraction_cleanup import Graph, drop_unsupported
from adapters.memory.store import Rows
from application.extraction.work import (
    EntityGrowth,
    EntityKey,
    ExtractionRepository,
    Findings,
    Held,
    Knowledge,
    NewChunk,
    Place,
    Proposal,
    StoredRelationship,
)
from domain.documents.document import Document
from domain.graph.content import ALIASES
from domain.graph.entity import Entity
from domain.graph.relationship import Relationship
from domain.shared.ids import ChunkId, DocumentId, EntityId, RelationshipId, UserId


class InMemoryExtractionRepository(ExtractionRepository):
    """Works on the tables of one unit of work. Nothing waits: units of work run one after the other."""

    def __init__(self, documents: Rows, chunks: Rows, graph: Graph) -> None:
        self._documents = documents
        self._chunks = chunks
        self._graph = graph

    async def enter(self, user_id: UserId, document_id: DocumentId) -> bool | None:
        document = self._documents.get((user_id, document_id))
        return document.processed_at is not None if isinstance(document, Document) else None

    async def put_chunks(
        self,
        user_id: UserId,
        document_id: DocumentId,
        chunks: Sequence[NewChunk],
        embedder: str,
        now: datetime,
    ) -> Sequence[ChunkId]:
        known = {
            c.ordinal: c for c in of_user(self._chunks, StoredChunk, user_id) if c.document_id == document_id
        }
        for ordinal, stored in known.items():
            if ordinal >= len(chunks):
                del self._chunks[(user_id, stored.id)]
        ids = []
        for chunk in chunks:
            before = known.get(chunk.ordinal)
            chunk_id = before.id if before else chunk.id
            self._chunks[(user_id, chunk_id)] = StoredChunk(
                user_id=user_id,
                id=chunk_id,
                document_id=document_id,
                ordinal=chunk.ordinal,
                start=chunk.start,
                end=chunk.end,
                text=chunk.text,
                embedding=tuple(chunk.embedding),
                embedder=embedder,
                created_at=before.created_at if before else now,
            )
            ids.append(chunk_id)
        return ids

    async def owners(self, user_id: UserId, keys: Sequence[EntityKey]) -> Mapping[EntityKey, Entity]:
        found = {}
        for key in keys:
            entity = self._graph.entities.get((user_id, self._graph.keys.get((user_id, *key))))
            if isinstance(entity, Entity):
                found[key] = entity
        return found

    async def claim(
        self, user_id: UserId, proposals: Sequence[Proposal], keys: Mapping[EntityKey, EntityId]
    ) -> Mapping[EntityId, Entity]:
        stood_in = {}
        for proposal in proposals:
            owner = (await self.owners(user_id, proposal.keys[:1])).get(proposal.keys[0])
            entity = owner or proposal.entity
            if owner is None:
                self._graph.entities[(user_id, entity.id)] = entity
            else:
                stood_in[proposal.entity.id] = owner
            for key in proposal.keys:
                self._graph.keys.setdefault((user_id, *key), entity.id)
        for key, entity_id in keys.items():
            self._graph.keys.setdefault((user_id, *key), entity_id)
        return stood_in

    async def hold(
        self,
        user_id: UserId,
        entity_ids: Sequence[EntityId],
        growth: Sequence[EntityGrowth],
        now: datetime,
    ) -> Held:
        grown = [entity for gain in growth if (entity := self._grown(user_id, gain, now))]
        for entity in grown:
            self._graph.entities[(user_id, entity.id)] = entity
        rows = [self._graph.entities.get((user_id, entity_id)) for entity_id in entity_ids]
        return Held(active={row.id for row in rows if isinstance(row, Entity) and row.is_active}, grown=grown)

    def _grown(self, user_id: UserId, gain: EntityGrowth, now: datetime) -> Entity | None:
        entity = self._graph.entities.get((user_id, gain.id))
        if not isinstance(entity, Entity) or not entity.is_active:
            return None
        content = entity.content
        if content.source_type != "extraction":
            return None
        fresh = [a for a in gain.aliases if a != content.name and a not in content.aliases]
        after = replace(
            content,
            confidence=max(content.confidence, gain.confidence),
            aliases=tuple([*content.aliases, *fresh][:ALIASES]),
        )
        if (after.confidence, after.aliases) == (content.confidence, tuple(content.aliases)):
            return None
        return replace(entity, content=after, version=entity.version + 1, updated_at=now)

    async def put_relationships(
        self,
        user_id: UserId,
        relationships: Sequence[Relationship],
        broken: Collection[RelationshipId] = (),
    ) -> Sequence[StoredRelationship]:
        rows = self._graph.relationships
        known = {_edge(r): r for r in of_user(rows, Relationship, user_id) if r.is_active}
        stored = []
        for offered in relationships:
            edge = known.get(_edge(offered))
            if edge is None and offered.id in broken:
                continue
            if edge is None:
                rows[(user_id, offered.id)] = offered
                stored.append(StoredRelationship(relationship=offered, created=True, raised=False))
                continue
            raised = (
                edge.content.source_type == "extraction"
                and offered.content.confidence > edge.content.confidence
            )
            if raised:
                edge = replace(
                    edge,
                    content=replace(edge.content, confidence=offered.content.confidence),
                    version=edge.version + 1,
                    updated_at=offered.updated_at,
                )
                rows[(user_id, edge.id)] = edge
            stored.append(StoredRelationship(relationship=edge, created=False, raised=raised))
        return stored

    async def put_places(
        self, user_id: UserId, document_id: DocumentId, findings: Findings, now: datetime
    ) -> tuple[Sequence[EntityId], Sequence[RelationshipId]]:
        lost: list[set[UUID]] = []
        for table, places in (
            (self._graph.mentions, findings.mentions),
            (self._graph.evidence, findings.evidence),
        ):
            rows = [_row(user_id, document_id, findings.extractor, now, place) for place in places]
            lost.append(_replace(table, user_id, document_id, findings.extractor, rows))
        return [EntityId(subject) for subject in lost[0]], [RelationshipId(subject) for subject in lost[1]]

    async def drop_unsupported(
        self,
        user_id: UserId,
        entity_ids: Sequence[EntityId],
        relationship_ids: Sequence[RelationshipId],
    ) -> Knowledge:
        return drop_unsupported(self._graph, user_id, entity_ids, relationship_ids)


def _edge(relationship: Relationship) -> tuple[EntityId, EntityId, str]:
    content = relationship.content
    return (content.source_entity_id, content.target_entity_id, content.relationship_type)


def _row(
    user_id: UserId, document_id: DocumentId, extractor: str, now: datetime, place: Place
) -> StoredPlace:
    return StoredPlace(
        user_id=user_id,
        id=place.id,
        subject=place.subject,
        document_id=document_id,
        chunk_id=place.chunk_id,
        start=place.start,
        end=place.end,
        text=place.text,
        confidence=place.confidence,
        extractor=extractor,
        created_at=now,
    )


def _replace(
    table: Rows, user_id: UserId, document_id: DocumentId, extractor: str, rows: Sequence[StoredPlace]
) -> set[UUID]:
    """Makes these the extractor's rows of the document; the subjects of those that went."""
    known = {
        (row.subject, row.start, row.end): row
        for row in of_user(table, StoredPlace, user_id)
        if row.document_id == document_id
    }
    wanted = {(row.subject, row.start, row.end) for row in rows}
    lost: set[UUID] = set()
    for key, row in known.items():
        if row.extractor == extractor and key not in wanted:
            del table[(user_id, row.id)]
            lost.add(row.subject)
    for row in rows:
        before = known.get((row.subject, row.start, row.end), row)
        table[(user_id, before.id)] = replace(row, id=before.id, created_at=before.created_at)
    return lost
