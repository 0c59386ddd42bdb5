"""The model's graph on its way into a file: what the store exports, out of dictionaries."""

import contextlib
from collections.abc import AsyncIterator, Sequence

from adapters.memory.documents_rows import of_user
from adapters.memory.graph_entities import ENTITIES
from adapters.memory.graph_relationships import RELATIONSHIPS
from adapters.memory.store import MemoryStore
from application.graph.exports import ExportFilter, GraphSnapshot, GraphSnapshots
from application.graph.views import EntityView, RelationshipView, entity_view, relationship_view
from domain.graph.entity import Entity
from domain.graph.relationship import Relationship
from domain.shared.ids import UserId


class MemoryExports(GraphSnapshots):
    """All there is, deleted or not."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    @contextlib.asynccontextmanager
    async def __call__(self, user_id: UserId, _: ExportFilter, /) -> AsyncIterator[GraphSnapshot]:
        yield _Export(self._store, user_id)


class _Export(GraphSnapshot):
    def __init__(self, store: MemoryStore, user_id: UserId) -> None:
        self._store, self._user_id = store, user_id

    async def entities(self) -> AsyncIterator[Sequence[EntityView]]:
        found = of_user(self._store.table(ENTITIES), Entity, self._user_id)
        yield [entity_view(entity) for entity in sorted(found, key=lambda entity: entity.id)]

    async def relationships(self) -> AsyncIterator[Sequence[RelationshipView]]:
        found = of_user(self._store.table(RELATIONSHIPS), Relationship, self._user_id)
        yield [relationship_view(one) for one in sorted(found, key=lambda one: one.id)]
