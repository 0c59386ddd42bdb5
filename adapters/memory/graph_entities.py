"""Entities over dictionaries, for tests without a server."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from adapters.memory.store import Rows
from application.graph.ports import EntityRepository
from domain.graph.entity import Entity, deleted, require_version
from domain.graph.errors import EntityChanged, EntityNotFound, ExternalIdTaken
from domain.graph.merge import taken_by_merge, was_merged
from domain.graph.relationship import Relationship
from domain.shared.ids import EntityId, UserId

ENTITIES = "entities"  # (user id, id) -> Entity
MERGED_INTO = "merged_into"  # (user id, id) -> EntityId
KEYS = "entity_keys"  # (user id, type, key) -> EntityId


class InMemoryEntityRepository(EntityRepository):
    """Works on the two tables of one unit of work."""

    def __init__(self, entities: Rows, keys: Rows, merged_into: Rows) -> None:
        self._entities = entities
        self._keys = keys
        self._merged_into = merged_into

    async def add(self, entity: Entity, keys: Sequence[str]) -> None:
        self._refuse_taken(entity)
        named = external_id_of(entity)
        if named and (into := merged_target(self._entities, self._merged_into, entity.user_id, named)):
            raise taken_by_merge(into.id)
        self._entities[(entity.user_id, entity.id)] = entity
        self._claim(entity, keys)

    async def get(self, user_id: UserId, entity_id: EntityId) -> Entity:
        entity = self._entities.get((user_id, entity_id))
        if not isinstance(entity, Entity) or not entity.is_active:
            raise EntityNotFound
        return entity

    async def save(self, entity: Entity, claim: Sequence[str], release: Sequence[str]) -> None:
        stored = self._entities.get((entity.user_id, entity.id))
        if not isinstance(stored, Entity) or not stored.is_active or stored.version != entity.version - 1:
            raise EntityChanged
        self._refuse_taken(entity)
        self._entities[(entity.user_id, entity.id)] = replace(entity, created_at=stored.created_at)
        self._release(entity, set(release))
        self._claim(entity, claim)

    async def remove(
        self, user_id: UserId, entity_id: EntityId, expected_version: int | None, now: datetime
    ) -> Entity:
        entity = await self.get(user_id, entity_id)
        require_version(entity, expected_version)
        gone = deleted(entity, now)
        self._entities[(user_id, entity_id)] = gone
        self._release(entity, None)
        return gone

    async def get_any(self, user_id: UserId, entity_id: EntityId) -> Entity:
        entity = self._entities.get((user_id, entity_id))
        if not isinstance(entity, Entity):
            raise EntityNotFound
        into = self._merged_into.get((user_id, entity_id))
        if into is not None:
            raise was_merged(EntityId(into))  # type: ignore[arg-type]  # rows hold any object
        return entity

    async def restore(self, entity: Entity, keys: Sequence[str]) -> None:
        self._refuse_taken(entity)
        self._entities[(entity.user_id, entity.id)] = entity
        self._claim(entity, keys)

    def _refuse_taken(self, entity: Entity) -> None:
        """Raises when another active entity of this source has the external id."""
        wanted = external_id_of(entity)
        for row in self._entities.values() if wanted else ():
            if not isinstance(row, Entity) or not row.is_active or row.user_id != entity.user_id:
                continue
            if row.id != entity.id and external_id_of(row) == wanted:
                raise ExternalIdTaken

    def _claim(self, entity: Entity, keys: Sequence[str]) -> None:
        for key in keys:
            self._keys.setdefault((entity.user_id, entity.content.type, key), entity.id)

    def _release(self, entity: Entity, keys: set[str] | None) -> None:
        """Gives up the named keys of the entity, or all of them."""
        for row, holder in list(self._keys.items()):
            if not isinstance(row, tuple) or row[0] != entity.user_id or holder != entity.id:
                continue
            if keys is None or row[2] in keys:
                del self._keys[row]


def external_id_of(thing: Entity | Relationship) -> tuple[str | None, str] | None:
    """What no two active things of a kind share: the source and its own id for it."""
    content = thing.content
    return None if content.external_id is None else (content.source, content.external_id)


def merged_target(
    entities: Rows, merged_into: Rows, user_id: UserId, named: tuple[str | None, str | None]
) -> Entity | None:
    """The active entity that one with this source and external id was merged into, merge upon merge; of
    several the one merged last tells."""
    found = []
    for row in entities.values():
        if not isinstance(row, Entity) or row.user_id != user_id:
            continue
        if (row.content.source, row.content.external_id) != named:
            continue
        into = merged_into.get((user_id, row.id))
        while into is not None and (further := merged_into.get((user_id, into))) is not None:
            into = further
        target = entities.get((user_id, into))
        if isinstance(target, Entity) and target.is_active:
            found.append((row.updated_at, target))
    return max(found, key=lambda each: each[0], default=(None, None))[1]
