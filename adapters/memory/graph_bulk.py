"""Many entities and relationships over dictionaries, for tests without a server."""

from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet

from adapters.memory.graph_entities import ENTITIES, KEYS, MERGED_INTO, external_id_of, merged_target
from adapters.memory.graph_imports import IMPORT_KEYS
from adapters.memory.graph_relationships import DELETED_WITH_END, RELATIONSHIPS, edge_of
from adapters.memory.store import Rows
from application.graph.bulk import BulkRepository, RowsCollide, StoredEntity, StoredRelationship
from domain.graph.bulk import EndReference, EntityRow, RelationshipRow
from domain.graph.entity import Entity
from domain.graph.events import (
    EntityCreated,
    EntityRestored,
    EntityUpdated,
    RelationshipCreated,
    RelationshipRestored,
    RelationshipUpdated,
    entity_event,
    relationship_event,
)
from domain.graph.relationship import Relationship
from domain.shared.events import DomainEvent
from domain.shared.ids import EntityId, GraphJobId, RelationshipId, UserId


class InMemoryBulkRepository(BulkRepository):
    """Works on the tables of one unit of work; `announce` takes its events, which are not audited."""

    def __init__(self, table: Callable[[str], Rows], announce: Callable[[DomainEvent], None]) -> None:
        self._entities = table(ENTITIES)
        self._keys = table(KEYS)
        self._merged_into = table(MERGED_INTO)
        self._relationships = table(RELATIONSHIPS)
        self._deleted_with_end = table(DELETED_WITH_END)
        self._import_keys = table(IMPORT_KEYS)
        self._announce = announce

    async def find_entities(self, user_id: UserId, rows: Sequence[EntityRow]) -> Mapping[int, Entity]:
        outer = self._entities_by_external_id(user_id)
        found: dict[int, Entity] = {}
        for row in rows:
            named = (row.content.source, row.content.external_id)
            there = outer.get(named) if row.content.external_id is not None else None
            if there is None and row.id is not None:
                by_id = self._entities.get((user_id, row.id))
                there = by_id if isinstance(by_id, Entity) else None
            if there is None and row.content.external_id is not None:
                there = merged_target(self._entities, self._merged_into, user_id, named)
            if there is not None:
                found[row.place] = there
        return found

    async def add_entities(self, entities: Sequence[StoredEntity]) -> AbstractSet[EntityId]:
        taken: set[EntityId] = set()
        for one in entities:
            try:
                if (one.entity.user_id, one.entity.id) in self._entities or self._was_merged(one.entity):
                    raise RowsCollide
                self._store_entities([one])
            except RowsCollide:
                taken.add(one.entity.id)
            else:
                self._announce(entity_event(EntityCreated, one.entity))
        return taken

    def _was_merged(self, entity: Entity) -> bool:
        named = external_id_of(entity) if entity.is_active else None
        at = (self._entities, self._merged_into, entity.user_id)
        return named is not None and merged_target(*at, named) is not None

    async def save_entities(self, entities: Sequence[StoredEntity]) -> None:
        self._store_entities(entities)
        for one in entities:
            if one.entity.is_active and not one.was_active:
                self._announce(entity_event(EntityRestored, one.entity))
            else:
                self._announce(entity_event(EntityUpdated, one.entity))

    def _store_entities(self, entities: Sequence[StoredEntity]) -> None:
        ids = {one.entity.id for one in entities}
        taken = {
            external_id_of(row)
            for row in self._entities.values()
            if isinstance(row, Entity)
            and row.user_id == entities[0].entity.user_id
            and row.is_active
            and row.id not in ids
        } - {None}
        wanted = [external_id_of(one.entity) for one in entities if one.entity.is_active]
        wanted = [one for one in wanted if one is not None]
        if taken & set(wanted) or len(set(wanted)) < len(wanted):
            raise RowsCollide
        for one in entities:
            user_id, kind = one.entity.user_id, one.entity.content.type
            self._entities[(user_id, one.entity.id)] = one.entity
            for row, holder in list(self._keys.items()):
                mine = isinstance(row, tuple) and row[0] == user_id and holder == one.entity.id
                if mine and isinstance(row, tuple) and row[2] in one.release:
                    del self._keys[row]
            for key in one.claim:
                self._keys.setdefault((user_id, kind, key), one.entity.id)

    async def resolve(
        self, user_id: UserId, import_id: GraphJobId | None, ends: Collection[EndReference]
    ) -> Mapping[EndReference, EntityId]:
        outer = self._entities_by_external_id(user_id)
        known: dict[EndReference, EntityId] = {}
        for end in ends:
            key = str(end.id) if end.id is not None else end.key
            found: object = self._import_keys.get((user_id, import_id, key)) if key else None
            if found is None and end.id is not None:
                found = end.id
            if end.external_id is not None:
                named = (end.source, end.external_id)
                entity = outer.get(named)
                if entity is None:
                    entity = merged_target(self._entities, self._merged_into, user_id, named)
                found = None if entity is None else entity.id
            if end.name_key is not None:
                found = self._keys.get((user_id, end.type, end.name_key))
            if found is not None:
                known[end] = EntityId(found)  # type: ignore[arg-type]  # rows hold any object
        return known

    async def hold_ends(self, user_id: UserId, ids: Collection[EntityId]) -> Mapping[EntityId, bool]:
        rows = (self._entities.get((user_id, one)) for one in ids)
        return {row.id: row.is_active for row in rows if isinstance(row, Entity)}

    async def find_relationships(
        self, user_id: UserId, rows: Sequence[RelationshipRow]
    ) -> Mapping[int, Relationship]:
        active = self._active_relationships(user_id)
        outer = {external_id_of(one): one for one in active}
        edges = {edge_of(one): one for one in active}
        found: dict[int, Relationship] = {}
        for row in rows:
            content = row.content
            there: object = None
            if content.external_id is not None:
                there = outer.get((content.source, content.external_id))
            if there is None and row.id is not None:
                there = self._relationships.get((user_id, row.id))
            if there is None and row.is_active:
                ends = (content.source_entity_id, content.target_entity_id)
                there = edges.get((*ends, content.relationship_type))
            if isinstance(there, Relationship):
                found[row.place] = there
        return found

    async def add_relationships(
        self, relationships: Sequence[StoredRelationship]
    ) -> AbstractSet[RelationshipId]:
        taken: set[RelationshipId] = set()
        for one in relationships:
            try:
                if (one.relationship.user_id, one.relationship.id) in self._relationships:
                    raise RowsCollide
                self._store_relationships([one])
            except RowsCollide:
                taken.add(one.relationship.id)
            else:
                self._announce(relationship_event(RelationshipCreated, one.relationship))
        return taken

    async def save_relationships(self, relationships: Sequence[StoredRelationship]) -> None:
        self._store_relationships(relationships)
        for one in relationships:
            if one.relationship.is_active and not one.was_active:
                self._announce(relationship_event(RelationshipRestored, one.relationship))
            else:
                self._announce(relationship_event(RelationshipUpdated, one.relationship))

    def _store_relationships(self, relationships: Sequence[StoredRelationship]) -> None:
        ids = {one.relationship.id for one in relationships}
        others = self._active_relationships(relationships[0].relationship.user_id)
        others = [one for one in others if one.id not in ids]
        becoming = [one.relationship for one in relationships if one.relationship.is_active]
        edges = [edge_of(one) for one in (*others, *becoming)]
        outer = [external_id_of(one) for one in (*others, *becoming)]
        outer = [one for one in outer if one is not None]
        if len(set(edges)) < len(edges) or len(set(outer)) < len(outer):
            raise RowsCollide
        for stored in relationships:
            row = (stored.relationship.user_id, stored.relationship.id)
            self._relationships[row] = stored.relationship
            if stored.relationship.is_active:
                self._deleted_with_end.pop(row, None)

    def _entities_by_external_id(self, user_id: UserId) -> dict[tuple[str | None, str | None], Entity]:
        return {
            (row.content.source, row.content.external_id): row
            for row in self._entities.values()
            if isinstance(row, Entity)
            and row.user_id == user_id
            and row.is_active
            and row.content.external_id is not None
        }

    def _active_relationships(self, user_id: UserId) -> list[Relationship]:
        rows = self._relationships.values()
        found = [row for row in rows if isinstance(row, Relationship)]
        return [row for row in found if row.user_id == user_id and row.is_active]
