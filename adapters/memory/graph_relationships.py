"""Relationships over dictionaries, for tests without a server."""

import contextlib
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from adapters.memory.graph_entities import external_id_of
from adapters.memory.store import Rows
from application.graph.ports import RelationshipRepository
from domain.graph.entity import Entity
from domain.graph.errors import (
    EndIsDeleted,
    ExternalIdTaken,
    RelationshipChanged,
    RelationshipExists,
    RelationshipNotFound,
)
from domain.graph.relationship import Relationship, deleted, refuse_missing_ends, require_version, restored
from domain.shared.ids import EntityId, RelationshipId, UserId

RELATIONSHIPS = "relationships"  # (user id, id) -> Relationship
DELETED_WITH_END = "relationships_deleted_with_end"  # (user id, id) -> True


class InMemoryRelationshipRepository(RelationshipRepository):
    """Works on the tables of one unit of work."""

    def __init__(self, relationships: Rows, entities: Rows, deleted_with_end: Rows) -> None:
        self._relationships = relationships
        self._entities = entities
        self._deleted_with_end = deleted_with_end

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
            self._deleted_with_end[(user_id, relationship.id)] = True
        return gone

    async def get_any(self, user_id: UserId, relationship_id: RelationshipId) -> Relationship:
        relationship = self._relationships.get((user_id, relationship_id))
        if not isinstance(relationship, Relationship):
            raise RelationshipNotFound
        return relationship

    async def restore(self, relationship: Relationship) -> None:
        if set(ends_of(relationship)) - self._present(relationship.user_id):
            raise EndIsDeleted
        self._require(relationship)
        self._keep_active(relationship)

    async def restore_of(self, user_id: UserId, entity_id: EntityId, now: datetime) -> Sequence[Relationship]:
        rows = [r for r in self._relationships.values() if isinstance(r, Relationship)]
        gone = [r for r in rows if r.user_id == user_id and not r.is_active and entity_id in ends_of(r)]
        possible = []
        for relationship in gone:
            followed = (user_id, relationship.id) in self._deleted_with_end
            if followed and not set(ends_of(relationship)) - self._present(user_id):
                with contextlib.suppress(RelationshipExists, ExternalIdTaken):
                    self._require(relationship)
                    possible.append(relationship)
        free = _last_gone(_last_gone(possible, edge_of), lambda r: external_id_of(r) or r.id)
        back = sorted((restored(relationship, now) for relationship in free), key=lambda r: r.id)
        for relationship in back:
            self._keep_active(relationship)
        return back

    def _keep_active(self, relationship: Relationship) -> None:
        self._relationships[(relationship.user_id, relationship.id)] = relationship
        self._deleted_with_end.pop((relationship.user_id, relationship.id), None)

    def _present(self, user_id: UserId) -> set[EntityId]:
        """The active entities."""
        return {
            entity.id
            for entity in self._entities.values()
            if isinstance(entity, Entity) and entity.user_id == user_id and entity.is_active
        }

    def _require(self, relationship: Relationship) -> None:
        """Raises for ends that are not there and for an edge that is."""
        present = self._present(relationship.user_id)
        refuse_missing_ends(relationship.content, set(ends_of(relationship)) - present)
        if any(
            edge_of(other) == edge_of(relationship) and other.id != relationship.id
            for other in self._active(relationship.user_id)
        ):
            raise RelationshipExists
        wanted = external_id_of(relationship)
        if wanted and any(
            external_id_of(other) == wanted and other.id != relationship.id
            for other in self._active(relationship.user_id)
        ):
            raise ExternalIdTaken

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


def _last_gone(
    relationships: Sequence[Relationship], key: Callable[[Relationship], Hashable]
) -> Sequence[Relationship]:
    """Of those with one key the one that was deleted last; the first by id of those deleted at once."""
    by_id = sorted(relationships, key=lambda r: r.id, reverse=True)
    return [*{key(r): r for r in sorted(by_id, key=lambda r: r.updated_at)}.values()]
