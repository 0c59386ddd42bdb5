"""Every version of entities and relationships in dictionaries, kept as they are committed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from adapters.memory.graph_entities import ENTITIES
from adapters.memory.graph_relationships import RELATIONSHIPS
from adapters.memory.store import MemoryStore, Rows
from application.graph.history import HistoryQueries, VersionView, history_page
from application.shared.pages import Page, PageRequest
from domain.graph.entity import Entity
from domain.graph.errors import EntityNotFound, RelationshipNotFound
from domain.graph.events import entity_data, relationship_data
from domain.graph.relationship import Relationship
from domain.shared.ids import EntityId, RelationshipId, UserId
from domain.shared.json import JsonObject

# By (user id, id, version).
ENTITY_VERSIONS = "entity_versions"  # StoredVersion
RELATIONSHIP_VERSIONS = "relationship_versions"  # StoredVersion
VERSIONED: Final[Mapping[str, str]] = {ENTITIES: ENTITY_VERSIONS, RELATIONSHIPS: RELATIONSHIP_VERSIONS}
# What every version has, whatever it says.
FRAME = ("id", "version", "created_at", "updated_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVersion:
    """A version, and who made it."""

    thing: Entity | Relationship
    changed_by: UserId


def keep_versions(kept: Rows, committed: Rows, written: Sequence[object], actor: UserId) -> None:
    """Keeps each written row that is a new version: one unit of work can make several of a thing."""
    for row in written:
        if isinstance(row, Entity | Relationship):
            before = committed.get((row.user_id, row.id))
            if not isinstance(before, Entity | Relationship) or before.version != row.version:
                kept[(row.user_id, row.id, row.version)] = StoredVersion(thing=row, changed_by=actor)


def content_of(thing: Entity | Relationship) -> JsonObject:
    """What a version says."""
    data = entity_data(thing) if isinstance(thing, Entity) else relationship_data(thing)
    return {name: value for name, value in data.items() if name not in FRAME}


class InMemoryHistoryQueries(HistoryQueries):
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def of_entity(self, user_id: UserId, entity_id: EntityId, page: PageRequest) -> Page[VersionView]:
        if (user_id, entity_id) not in self._store.table(ENTITIES):
            raise EntityNotFound
        return history_page(self._versions(ENTITY_VERSIONS, user_id, entity_id), page)

    async def of_relationship(
        self, user_id: UserId, relationship_id: RelationshipId, page: PageRequest
    ) -> Page[VersionView]:
        if (user_id, relationship_id) not in self._store.table(RELATIONSHIPS):
            raise RelationshipNotFound
        return history_page(self._versions(RELATIONSHIP_VERSIONS, user_id, relationship_id), page)

    def _versions(
        self, table: str, user_id: UserId, thing_id: EntityId | RelationshipId
    ) -> Sequence[VersionView]:
        stored = [
            row
            for key, row in self._store.table(table).items()
            if isinstance(key, tuple) and key[:2] == (user_id, thing_id) and isinstance(row, StoredVersion)
        ]
        return [
            VersionView(
                version=row.thing.version,
                changed_at=row.thing.updated_at,
                changed_by=row.changed_by,
                content=content_of(row.thing),
            )
            for row in sorted(stored, key=lambda row: -row.thing.version)
        ]
