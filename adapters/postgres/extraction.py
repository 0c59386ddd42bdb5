"""Writes what was read into the graph: a handful of set-based statements for each document."""

from collections.abc import Collection, Mapping, Sequence, Set
from datetime import datetime

import asyncpg

from adapters.postgres import extraction_sql as sql
from adapters.postgres import json
from adapters.postgres.documents_confined import vector_literal
from adapters.postgres.extraction_cleanup import drop_unsupported
from adapters.postgres.graph_rows import entity_of, relationship_of
from adapters.postgres.statements import DriverConnection
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
from domain.graph.entity import Entity
from domain.graph.relationship import Relationship
from domain.shared.errors import Conflict
from domain.shared.ids import ChunkId, DocumentId, EntityId, RelationshipId, UserId


class PostgresExtractionRepository(ExtractionRepository):
    """Works inside the transaction of one unit of work."""

    def __init__(self, connection: DriverConnection) -> None:
        self._connection = connection

    async def enter(self, user_id: UserId, document_id: DocumentId) -> bool | None:
        row = await self._connection.fetchrow(sql.ENTER, user_id, document_id)
        return None if row is None else bool(row["reprocessed"])

    async def put_chunks(
        self,
        user_id: UserId,
        document_id: DocumentId,
        chunks: Sequence[NewChunk],
        embedder: str,
        now: datetime,
    ) -> Sequence[ChunkId]:
        rows = await self._connection.fetch(
            sql.PUT_CHUNKS,
            user_id,
            document_id,
            [c.id for c in chunks],
            [c.ordinal for c in chunks],
            [c.start for c in chunks],
            [c.end for c in chunks],
            [c.text for c in chunks],
            [vector_literal(c.embedding) for c in chunks],
            embedder,
            now,
        )
        ids = {row["ordinal"]: ChunkId(row["id"]) for row in rows}
        return [ids[chunk.ordinal] for chunk in chunks]

    async def owners(self, user_id: UserId, keys: Sequence[EntityKey]) -> Mapping[EntityKey, Entity]:
        if not keys:
            return {}
        rows = await self._connection.fetch(
            sql.OWNERS, user_id, [k.type for k in keys], [k.key for k in keys]
        )
        return {EntityKey(row["key_type"], row["key"]): entity_of(user_id, row) for row in rows}

    async def claim(
        self, user_id: UserId, proposals: Sequence[Proposal], keys: Mapping[EntityKey, EntityId]
    ) -> Mapping[EntityId, Entity]:
        claims = {key: proposal.entity.id for proposal in proposals for key in proposal.keys} | dict(keys)
        if not claims:
            return {}
        try:
            rows = await self._connection.fetch(
                sql.CLAIM,
                user_id,
                [key.type for key in claims],
                [key.key for key in claims],
                list(claims.values()),
                *_entity_columns([proposal.entity for proposal in proposals]),
            )
        except asyncpg.ForeignKeyViolationError as error:
            raise Conflict("an entity was deleted meanwhile; try again") from error
        claimed = {EntityKey(row["type"], row["key"]) for row in rows}
        lost = {p.keys[0]: p.entity.id for p in proposals if p.keys[0] not in claimed}
        return await self._give_way(user_id, lost) if lost else {}

    async def _give_way(
        self, user_id: UserId, lost: Mapping[EntityKey, EntityId]
    ) -> Mapping[EntityId, Entity]:
        """Takes proposals back whose name somebody else was quicker with; all rows touched are our own."""
        owners = await self.owners(user_id, list(lost))
        if len(owners) < len(lost):
            raise Conflict("an entity was deleted meanwhile; try again")
        winners = {loser: owners[key] for key, loser in lost.items()}
        await self._connection.execute(
            sql.GIVE_WAY, user_id, list(winners), [entity.id for entity in winners.values()]
        )
        return winners

    async def hold(
        self,
        user_id: UserId,
        entity_ids: Sequence[EntityId],
        growth: Sequence[EntityGrowth],
        now: datetime,
    ) -> Held:
        if not entity_ids:
            return Held(active=frozenset(), grown=[])
        # One strength for all of them in one pass: raising a lock that others share waits in a circle.
        rows = await self._connection.fetch(
            sql.HOLD_TO_CHANGE if growth else sql.HOLD, user_id, list(entity_ids)
        )
        grown = await self._grow(user_id, growth, now) if growth else []
        return Held(active={EntityId(row["id"]) for row in rows if row["is_active"]}, grown=grown)

    async def _grow(self, user_id: UserId, growth: Sequence[EntityGrowth], now: datetime) -> Sequence[Entity]:
        rows = await self._connection.fetch(
            sql.GROW,
            user_id,
            [g.id for g in growth],
            [g.confidence for g in growth],
            [json.encode(g.aliases) for g in growth],
            now,
        )
        return [entity_of(user_id, row) for row in rows]

    async def put_relationships(
        self,
        user_id: UserId,
        relationships: Sequence[Relationship],
        broken: Collection[RelationshipId] = (),
    ) -> Sequence[StoredRelationship]:
        sound = [relationship for relationship in relationships if relationship.id not in broken]
        added = await self._add_edges(user_id, sound) if sound else set()
        rest = [r for r in relationships if r.id not in added]
        known = await self._known(user_id, rest) if rest else {}
        stored = []
        for relationship in relationships:
            if relationship.id in added:
                stored.append(StoredRelationship(relationship=relationship, created=True, raised=False))
            elif (edge := _edge(relationship)) in known:
                stored.append(known[edge])
        return stored

    async def _add_edges(self, user_id: UserId, relationships: Sequence[Relationship]) -> Set[RelationshipId]:
        try:
            rows = await self._connection.fetch(sql.ADD_EDGES, user_id, *_edge_columns(relationships))
        except asyncpg.ForeignKeyViolationError as error:
            raise Conflict("an entity was deleted meanwhile; try again") from error
        return {RelationshipId(row["id"]) for row in rows}

    async def _known(
        self, user_id: UserId, relationships: Sequence[Relationship]
    ) -> Mapping[tuple[object, ...], StoredRelationship]:
        rows = await self._connection.fetch(
            sql.RAISE_EDGES,
            user_id,
            [r.content.source_entity_id for r in relationships],
            [r.content.target_entity_id for r in relationships],
            [r.content.relationship_type for r in relationships],
            [r.content.confidence for r in relationships],
            relationships[0].updated_at,
        )
        known = [
            StoredRelationship(
                relationship=relationship_of(user_id, row), created=False, raised=row["raised"]
            )
            for row in rows
        ]
        return {_edge(stored.relationship): stored for stored in known}

    async def put_places(
        self, user_id: UserId, document_id: DocumentId, findings: Findings, now: datetime
    ) -> tuple[Sequence[EntityId], Sequence[RelationshipId]]:
        about = (user_id, document_id, findings.extractor, now)
        try:
            entities = await self._connection.fetch(
                sql.PUT_MENTIONS,
                *about,
                *_place_columns(findings.mentions),
                [place.text for place in findings.mentions],
            )
            relationships = await self._connection.fetch(
                sql.PUT_EVIDENCE, *about, *_place_columns(findings.evidence)
            )
        except asyncpg.ForeignKeyViolationError as error:
            raise Conflict("an entity was deleted meanwhile; try again") from error
        return [EntityId(row["subject"]) for row in entities], [
            RelationshipId(row["subject"]) for row in relationships
        ]

    async def drop_unsupported(
        self,
        user_id: UserId,
        entity_ids: Sequence[EntityId],
        relationship_ids: Sequence[RelationshipId],
    ) -> Knowledge:
        return await drop_unsupported(self._connection, user_id, entity_ids, relationship_ids)


def _edge(relationship: Relationship) -> tuple[object, ...]:
    content = relationship.content
    return (content.source_entity_id, content.target_entity_id, content.relationship_type)


def _entity_columns(entities: Sequence[Entity]) -> Sequence[object]:
    contents = [entity.content for entity in entities]
    return (
        [entity.id for entity in entities],
        [c.name for c in contents],
        [c.type for c in contents],
        [c.confidence for c in contents],
        [c.source for c in contents],
        [c.source_type for c in contents],
        [json.encode(c.metadata) for c in contents],
        [json.encode(c.aliases) for c in contents],
        [entity.created_at for entity in entities],
    )


def _edge_columns(relationships: Sequence[Relationship]) -> Sequence[object]:
    contents = [relationship.content for relationship in relationships]
    return (
        [relationship.id for relationship in relationships],
        [c.source_entity_id for c in contents],
        [c.target_entity_id for c in contents],
        [c.relationship_type for c in contents],
        [c.confidence for c in contents],
        [c.source for c in contents],
        [c.source_type for c in contents],
        [json.encode(c.metadata) for c in contents],
        [relationship.created_at for relationship in relationships],
    )


def _place_columns(places: Sequence[Place]) -> Sequence[object]:
    return (
        [p.subject for p in places],
        [p.chunk_id for p in places],
        [p.start for p in places],
        [p.end for p in places],
        [p.confidence for p in places],
        [p.id for p in places],
    )
