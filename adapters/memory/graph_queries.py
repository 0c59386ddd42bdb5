"""Reading entities and relationships of dictionaries."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import msgspec

from adapters.memory.graph_analytics import last_run, last_scores, passing
from adapters.memory.graph_entities import ENTITIES, MERGED_INTO
from adapters.memory.graph_relationships import RELATIONSHIPS
from adapters.memory.store import MemoryStore
from application.graph.analytics import kinds_asked, refuse_uncomputed
from application.graph.queries import (
    ANALYTICS_SORTS,
    CommonFilter,
    EntityFilter,
    EntityQueries,
    RelationshipFilter,
    RelationshipQueries,
    metadata_alternatives,
)
from application.graph.views import (
    EntityJson,
    EntityView,
    RelationshipJson,
    RelationshipView,
    entity_view,
    relationship_view,
)
from application.shared.pages import Page, PageRequest, Position
from domain.graph.analytics import AnalyticsKind
from domain.graph.content import same_json
from domain.graph.entity import Entity
from domain.graph.errors import EntityNotFound, RelationshipNotFound
from domain.graph.merge import merged_away
from domain.graph.relationship import Relationship
from domain.shared.ids import EntityId, RelationshipId, UserId

View = TypeVar("View", EntityView, RelationshipView)


class InMemoryEntityQueries(EntityQueries):
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def entity(self, user_id: UserId, entity_id: EntityId) -> EntityView:
        entity = self._store.table(ENTITIES).get((user_id, entity_id))
        if not isinstance(entity, Entity) or not entity.is_active:
            into = self._store.table(MERGED_INTO).get((user_id, entity_id))
            raise EntityNotFound if into is None else merged_away(EntityId(into))  # type: ignore[arg-type]  # rows hold any object
        return entity_view(entity)

    async def entities(self, user_id: UserId, wanted: EntityFilter, page: PageRequest) -> Page[EntityView]:
        rows = all_entities(self._store, user_id)
        by_results = passing(self._store, user_id, wanted)
        found = [v for v in map(entity_view, rows) if _entity_passes(v, wanted) and by_results(v.id)]
        asked = kinds_asked(wanted, page.sort)
        if asked:
            kinds = (k for k in asked.values() if last_run(self._store, user_id, k) is not None)
            refuse_uncomputed(asked, frozenset(kinds))
        if page.sort in ANALYTICS_SORTS:
            scores = last_scores(self._store, user_id, AnalyticsKind(page.sort))
            scored = [view for view in found if view.id in scores]
            return _page(scored, page, lambda view: scores[view.id])
        return _page(found, page, lambda view: getattr(view, page.sort))

    async def entities_json(
        self, user_id: UserId, wanted: EntityFilter, page: PageRequest
    ) -> Page[EntityJson]:
        found = await self.entities(user_id, wanted, page)
        return Page(rows=[EntityJson(as_json(view)) for view in found.rows], next=found.next)


class InMemoryRelationshipQueries(RelationshipQueries):
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def relationship(self, user_id: UserId, relationship_id: RelationshipId) -> RelationshipView:
        relationship = self._store.table(RELATIONSHIPS).get((user_id, relationship_id))
        if not isinstance(relationship, Relationship) or not relationship.is_active:
            raise RelationshipNotFound
        return relationship_view(relationship)

    async def relationships(
        self, user_id: UserId, wanted: RelationshipFilter, page: PageRequest
    ) -> Page[RelationshipView]:
        rows = all_relationships(self._store, user_id)
        found = [v for v in map(relationship_view, rows) if _relationship_passes(v, wanted)]
        return _page(found, page, lambda view: getattr(view, page.sort))

    async def relationships_json(
        self, user_id: UserId, wanted: RelationshipFilter, page: PageRequest
    ) -> Page[RelationshipJson]:
        found = await self.relationships(user_id, wanted, page)
        return Page(rows=[RelationshipJson(as_json(view)) for view in found.rows], next=found.next)


def as_json(view: object) -> str:
    """A view as replies carry it."""
    return msgspec.json.encode(view).decode()


def all_entities(store: MemoryStore, user_id: UserId) -> list[Entity]:
    """The user's entities, deleted ones too."""
    rows = store.table(ENTITIES).values()
    return [row for row in rows if isinstance(row, Entity) and row.user_id == user_id]


def all_relationships(store: MemoryStore, user_id: UserId) -> list[Relationship]:
    """The user's relationships, deleted ones too."""
    rows = store.table(RELATIONSHIPS).values()
    return [row for row in rows if isinstance(row, Relationship) and row.user_id == user_id]


def _passes(view: EntityView | RelationshipView, wanted: CommonFilter) -> bool:
    return (
        (wanted.include_inactive or view.is_active)
        and (wanted.min_confidence is None or view.confidence >= wanted.min_confidence)
        and wanted.source in (None, view.source)
        and wanted.source_type in (None, view.source_type)
        and wanted.external_id in (None, view.external_id)
        and (wanted.created_after is None or view.created_at > wanted.created_after)
        and (wanted.created_before is None or view.created_at < wanted.created_before)
        and all(
            key in view.metadata
            and any(
                same_json({key: view.metadata[key]}, one) or _same_number(view.metadata[key], one[key])
                for one in metadata_alternatives(key, text)
            )
            for key, text in wanted.metadata.items()
        )
    )


def _same_number(one: object, other: object) -> bool:
    """jsonb compares numbers by value: 1 is 1.0, though true is not 1."""
    numbers = [n for n in (one, other) if isinstance(n, int | float) and not isinstance(n, bool)]
    return len(numbers) == 2 and numbers[0] == numbers[1]


def _entity_passes(view: EntityView, wanted: EntityFilter) -> bool:
    return (
        _passes(view, wanted)
        and wanted.type in (None, view.type)
        and (wanted.q is None or _matches(wanted.q, (view.name, *view.aliases)))
    )


def _relationship_passes(view: RelationshipView, wanted: RelationshipFilter) -> bool:
    return (
        _passes(view, wanted)
        and wanted.relationship_type in (None, view.relationship_type)
        and wanted.source_entity_id in (None, view.source_entity_id)
        and wanted.target_entity_id in (None, view.target_entity_id)
        and wanted.entity_id in (None, view.source_entity_id, view.target_entity_id)
    )


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _matches(q: str, names: Iterable[str]) -> bool:
    """Every word of the search begins a word of the names; the parts of a compound stand in a row."""
    words = _words(" ".join(names))
    parts = [part for part in map(_words, q.split()) if part]
    return bool(parts) and all(
        any(
            len(words) - start >= len(part)
            and all(words[start + i].startswith(piece) for i, piece in enumerate(part))
            for start in range(len(words))
        )
        for part in parts
    )


def _page(found: Sequence[View], page: PageRequest, key: Callable[[View], str | float]) -> Page[View]:
    ordered = sorted(found, key=lambda view: (key(view), view.id), reverse=page.descending)
    if page.after is not None:
        last = (page.after.key, page.after.id)
        ordered = [
            v for v in ordered if ((key(v), v.id) < last) == page.descending and (key(v), v.id) != last
        ]
    shown = ordered[: page.limit]
    more = len(ordered) > page.limit
    return Page(rows=shown, next=Position(key=key(shown[-1]), id=shown[-1].id) if more else None)
