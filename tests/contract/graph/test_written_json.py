"""What queries write as JSON says what their views say: the same members in the same order, spelled alike."""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from adapters.postgres.provision import Logins
from application.graph.queries import ENTITY_SORTS, RELATIONSHIP_SORTS, EntityFilter, RelationshipFilter
from application.graph.traversal import NeighborhoodRequest
from application.shared.pages import Page, PageRequest, Position
from domain.graph.entity import Entity, EntityContent, new_entity
from domain.graph.errors import EntityNotFound
from domain.graph.relationship import Relationship, RelationshipContent, new_relationship
from domain.shared.ids import EntityId, RelationshipId, UserId
from tests.contract.graph.stores import GraphStore, memory_store, postgres_store
from tests.contract.systems import IDS

TEXTS = (
    "plain",
    '"quoted" \\ and / and \'',
    "a\ttab, a\nline, a\x01control, a\x7fdelete",
    "знает 漢字 😀 e\u0301 \u2028 </script>",
)
MOMENTS = (
    datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    datetime(2026, 1, 2, 3, 4, 5, 120_000, tzinfo=UTC),
    datetime(1, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_998, tzinfo=UTC),
)
NUMBERS = (0.0, 1.0, 1 / 3, 1e-300)
METADATA = {
    "big": 10**25,
    "edge": 2**64,
    "tiny": 5e-324,
    "large": 1e300,
    "third": 1 / 3,
    "nothing": None,
    "": "",
    "nested": [True, {"ключ": 'a "value"\n'}, [], {}],
}


def spelled(view: object) -> list[tuple[str, Any]]:
    """The members of a view in the order in which they are encoded."""
    return members(msgspec.json.encode(view))


def members(text: str | bytes) -> list[tuple[str, Any]]:
    return list(json.loads(text).items())


Said = tuple[list[list[tuple[str, Any]]], Position | None]


def saying(views: Sequence[object], *, before: Position | None) -> Said:
    return [spelled(view) for view in views], before


def said(page: Page[Any]) -> Said:
    return [members(text) for text in page.rows], page.next


async def odd_entities(store: GraphStore, user: UserId) -> Sequence[Entity]:
    made = []
    for text, moment, number in zip(TEXTS, MOMENTS, NUMBERS, strict=True):
        content = EntityContent(
            name=text,
            type=text[:20],
            confidence=number,
            source=text if number else None,
            source_type=text[:20] if number else None,
            external_id=text if number else None,
            metadata=METADATA if number else {},
            aliases=[f"{text} {place}, {{}}" for place in range(int(number * 3))],
        )
        made.append(new_entity(user, EntityId(IDS.new()), content, moment))
        async with store.work(user) as work:
            await work.entities.add(made[-1], ())
            await work.commit()
    return made


async def odd_relationships(
    store: GraphStore, user: UserId, ends: Sequence[Entity]
) -> Sequence[Relationship]:
    made = []
    for text, moment, number, end in zip(TEXTS[1:], MOMENTS, NUMBERS, ends[1:], strict=False):
        content = RelationshipContent(
            source_entity_id=ends[0].id,
            target_entity_id=end.id,
            relationship_type=text[:20],
            confidence=number,
            source=text if number else None,
            source_type=text[:20] if number else None,
            external_id=text if number else None,
            metadata=METADATA if number else {},
        )
        made.append(new_relationship(user, RelationshipId(IDS.new()), content, moment))
        async with store.work(user) as work:
            await work.relationships.add(made[-1])
            await work.commit()
    return made


class WrittenJsonContract:
    @pytest.mark.parametrize("sort", ENTITY_SORTS)
    async def test_lists_of_entities_are_those_of_the_views(self, store: GraphStore, sort: str) -> None:
        user = await store.system.new_user()
        await odd_entities(store, user)
        page = PageRequest(sort=sort, limit=3)
        written = await store.entities.entities_json(user, EntityFilter(), page)
        read = await store.entities.entities(user, EntityFilter(), page)
        views = [await store.entities.entity(user, EntityId(view.id)) for view in read.rows]
        assert saying(views, before=read.next) == said(written)
        assert len(views) == 3

    @pytest.mark.parametrize("sort", RELATIONSHIP_SORTS)
    async def test_lists_of_relationships_are_those_of_the_views(self, store: GraphStore, sort: str) -> None:
        user = await store.system.new_user()
        await odd_relationships(store, user, await odd_entities(store, user))
        page = PageRequest(sort=sort, limit=2, descending=True)
        written = await store.relationships.relationships_json(user, RelationshipFilter(), page)
        read = await store.relationships.relationships(user, RelationshipFilter(), page)
        views = [await store.relationships.relationship(user, RelationshipId(view.id)) for view in read.rows]
        assert saying(views, before=read.next) == said(written)
        assert len(views) == 2

    async def test_neighborhoods_are_those_of_the_views(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        made = await odd_entities(store, user)
        edges = await odd_relationships(store, user, made)
        for depth, limit, limits in ((1, 50, []), (2, 50, []), (1, 2, ["limit"])):
            request = NeighborhoodRequest(entity_id=made[0].id, depth=depth, limit=limit)
            found = json.loads(await store.graph.neighborhood_json(user, request))
            assert [*found] == ["entities", "relationships", "truncated", "limits_reached"]
            assert (found["truncated"], found["limits_reached"]) == (bool(limits), limits)
            depths = [thing.pop("depth") for thing in found["entities"]]
            assert depths == [0, *[1] * (min(limit, len(made)) - 1)]
            for thing in found["entities"]:
                view = await store.entities.entity(user, EntityId(msgspec.convert(thing["id"], EntityId)))
                assert list(thing.items()) == spelled(view)
            assert len(found["relationships"]) == min(limit - 1, len(edges))
            for thing in found["relationships"]:
                edge = RelationshipId(msgspec.convert(thing["id"], RelationshipId))
                assert list(thing.items()) == spelled(await store.relationships.relationship(user, edge))

    async def test_refuses_a_start_that_is_not_there(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        request = NeighborhoodRequest(entity_id=EntityId(IDS.new()))
        with pytest.raises(EntityNotFound):
            await store.graph.neighborhood_json(user, request)


class TestMemoryWrittenJson(WrittenJsonContract):
    @pytest.fixture
    def store(self) -> GraphStore:
        return memory_store()


class TestPostgresWrittenJson(WrittenJsonContract):
    @pytest.fixture
    async def store(self, migrated_database: Logins) -> AsyncIterator[GraphStore]:
        async with postgres_store(migrated_database) as store:
            yield store
