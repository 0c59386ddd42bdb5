"""Relationships over dictionaries, for tests without a server."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from adapters.memory.store import Rows
from application.graph.ports import RelationshipRepository
from domain.graph.entity import Entity
from domain.graph.errors import RelationshipChanged, RelationshipExists, RelationshipNotFound
from domain.graph.relationship import Relationship, deleted, refuse_missing_ends, require_version
from domain.shared.ids import EntityId, RelationshipId, UserId

RELATIONSHIPS = "relationships"  # (user id, id) -> Relationship


class InMemoryRelationshipRepository(RelationshipRepository):
    """Works on the two tables of one unit of work."""

    def __init__(self, relationships: Rows, entities: Rows) -> None:
        self._relationships = relationships
        self._entities = entities

    async def add(self, relationship: Relationship) -> None:
        self._require(relationship)
        self._relationships[(relationship.user_id, relationship.id)] = relationship

    async def get(self, user_id: UserId, relationship_id: RelationshipId) -> Relationship:
        relationship = self._relationships.get((user_id, relationship_id))
        if not isinstance(relationship, Relationship) or not relationship.is_active:
            raise RelationshipNotFound
        return relationship

    async def save(self, before: Relationship, after: Relationship) -> None:
        row = (after.user_id, after.id)
        stored = self._relationships.get(row)
        self._require(after)
        if not isinstance(stored, Relationship) or not stored.is_active or stored.version != before.version:
            raise RelationshipChanged
        self._relationships[row] = replace(after, created_at=stored.created_at)

    async def remove(
        self, user_id: UserId, relationship_id: RelationshipId, expected_version: int | None, now: datetime
    ) -> Relationship:
        relationship = await self.get(user_id, relationship_id)
        require_version(relationship, expected_version)
        gone = deleted(relationship, now)
        self._relationships[(user_id, relationship_id)] = gone
        return gone

    async def remove_of(self, user_id: UserId, entity_id: EntityId, now: datetime) -> Sequence[Relationship]:
        at_it = [r for r in self._active(user_id) if entity_id in ends_of(r)]
        gone = sorted((deleted(relationship, now) for relationship in at_it), key=lambda r: r.id)
        for relationship in gone:
            self._relationships[(user_id, relationship.id)] = relationship
        return gone

    def _require(self, relationship: Relationship) -> None:
        """Raises for ends that are not there and for an edge that is."""
        present = {
            entity.id
            for entity in self._entities.values()
            if isinstance(entity, Entity) and entity.user_id == relationship.user_id and entity.is_active
        }
        refuse_missing_ends(relationship.content, set(ends_of(relationship)) - present)
        if any(
            edge_of(other) == edge_of(relationship) and other.id != relationship.id
            for other in self._active(relationship.user_id)
        ):
            raise RelationshipExists

    def _active(self, user_id: UserId) -> Iterator[Relationship]:
        for row in self._relationships.values():
            if isinstance(row, Relationship) and row.user_id == user_id and row.is_active:
                yield row


def ends_of(relationship: Relationship) -> tuple[EntityId, EntityId]:
    """Source and target."""
    return relationship.content.source_entity_id, relationship.content.target_entity_id


def edge_of(relationship: Relationship) -> tuple[EntityId, EntityId, str]:
    """What no two active relationships share."""
    return (*ends_of(relationship), relationship.content.relationship_type)
