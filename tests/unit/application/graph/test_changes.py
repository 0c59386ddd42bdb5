"""What creating, changing and deleting leave behind: state, events, and nothing where they are refused."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from adapters.memory.graph_queries import InMemoryEntityQueries, InMemoryRelationshipQueries
from application.graph.create_entity import CreateEntity, CreateEntityCommand
from application.graph.create_relationship import CreateRelationship, CreateRelationshipCommand
from application.graph.delete_entity import DeleteEntity, DeleteEntityCommand
from application.graph.delete_relationship import DeleteRelationship, DeleteRelationshipCommand
from application.graph.list_relationships_of_entity import ListRelationshipsOfEntity
from application.graph.queries import RelationshipFilter
from application.graph.update_entity import UpdateEntity, UpdateEntityCommand
from application.graph.update_relationship import UpdateRelationship, UpdateRelationshipCommand
from application.graph.views import EntityView, RelationshipView
from application.shared.pages import PageRequest
from application.shared.ports import Clock
from application.shared.principal import IdempotencyKey
from domain.graph.entity import EntityContent
from domain.graph.errors import (
    EntityChanged,
    EntityNotFound,
    RelationshipChanged,
    RelationshipExists,
    RelationshipNotFound,
)
from domain.graph.relationship import RelationshipContent
from domain.shared.errors import AlreadyApplied, InvalidInput
from domain.shared.ids import EntityId, RelationshipId, UserId
from domain.shared.json import JsonObject
from tests.contract.systems import IDS, MemorySystem, principal


class SteppingClock(Clock):
    """A second later each time it is asked."""

    def __init__(self) -> None:
        self._now = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now


class Graph:
    """The use cases of one user over memory."""

    def __init__(self, system: MemorySystem, user: UserId) -> None:
        work, clock = system.start_work, SteppingClock()
        self.system, self.user, self.me = system, user, principal(user)
        self.create_entity = CreateEntity(work, clock, IDS)
        self.update_entity = UpdateEntity(work, clock)
        self.delete_entity = DeleteEntity(work, clock)
        self.create_relationship = CreateRelationship(work, clock, IDS)
        self.update_relationship = UpdateRelationship(work, clock)
        self.delete_relationship = DeleteRelationship(work, clock)
        self.entities = InMemoryEntityQueries(system.store)
        self.relationships = InMemoryRelationshipQueries(system.store)
        self.relationships_of = ListRelationshipsOfEntity(self.entities, self.relationships)

    async def entity(self, name: str = "Ada") -> EntityView:
        content = EntityContent(name=name, type="person")
        return await self.create_entity(CreateEntityCommand(principal=self.me, content=content))

    async def edge(self, source: EntityView, target: EntityView, type_: str = "knows") -> RelationshipView:
        content = RelationshipContent(
            source_entity_id=EntityId(source.id),
            target_entity_id=EntityId(target.id),
            relationship_type=type_,
        )
        return await self.create_relationship(CreateRelationshipCommand(principal=self.me, content=content))

    async def patch(
        self, entity: EntityView, patch: JsonObject, expected_version: int | None = None
    ) -> EntityView:
        return await self.update_entity(
            UpdateEntityCommand(
                principal=self.me,
                entity_id=EntityId(entity.id),
                change=patch,
                expected_version=expected_version,
            )
        )

    def announced(self) -> Sequence[tuple[str, object]]:
        return [(recorded.event.type, recorded.event.data["id"]) for recorded in self.system.store.events]


@pytest.fixture
async def graph() -> Graph:
    system = MemorySystem()
    return Graph(system, await system.new_user())


async def test_creates_announces_and_audits_an_entity(graph: Graph) -> None:
    view = await graph.entity()
    assert await graph.entities.entity(graph.user, EntityId(view.id)) == view
    assert graph.announced() == [("entity.created", str(view.id))]
    assert [(a.action, a.resource_id) for a in await graph.system.audited(graph.user)] == [
        ("entity.created", view.id)
    ]


async def test_stores_nothing_of_a_refused_entity(graph: Graph) -> None:
    with pytest.raises(InvalidInput):
        await graph.entity("")
    assert graph.announced() == []


async def test_names_what_a_repeated_idempotency_key_made(graph: Graph) -> None:
    me = principal(graph.user, IdempotencyKey(key="k", fingerprint=b"f" * 32))
    command = CreateEntityCommand(principal=me, content=EntityContent(name="Ada", type="person"))
    first = await graph.create_entity(command)
    with pytest.raises(AlreadyApplied) as refused:
        await graph.create_entity(command)
    assert refused.value.resource_id == first.id


async def test_a_change_announces_the_next_version(graph: Graph) -> None:
    entity = await graph.entity()
    changed = await graph.patch(entity, {"name": "Ada King"}, expected_version=1)
    assert (changed.version, changed.name) == (2, "Ada King")
    assert changed.updated_at > changed.created_at == entity.created_at
    assert graph.announced()[1:] == [("entity.updated", str(entity.id))]
    assert await graph.entities.entity(graph.user, EntityId(entity.id)) == changed


async def test_a_replacement_leaves_nothing_of_the_old_content(graph: Graph) -> None:
    entity = await graph.entity()
    await graph.patch(entity, {"metadata": {"a": 1}, "source": "s"})
    content = EntityContent(name="Ada", type="place")
    command = UpdateEntityCommand(principal=graph.me, entity_id=EntityId(entity.id), change=content)
    replaced = await graph.update_entity(command)
    assert (replaced.metadata, replaced.source, replaced.type, replaced.version) == ({}, None, "place", 3)


async def test_a_change_to_nothing_new_announces_nothing(graph: Graph) -> None:
    entity = await graph.entity()
    assert await graph.patch(entity, {"name": "Ada"}) == entity
    assert len(graph.announced()) == 1


async def test_refuses_a_change_of_a_version_that_is_gone(graph: Graph) -> None:
    entity = await graph.entity()
    await graph.patch(entity, {"name": "B"}, expected_version=1)
    with pytest.raises(EntityChanged):
        await graph.patch(entity, {"name": "C"}, expected_version=1)
    with pytest.raises(EntityChanged):
        await graph.delete_entity(
            DeleteEntityCommand(principal=graph.me, entity_id=EntityId(entity.id), expected_version=1)
        )
    assert len(graph.announced()) == 2


async def test_a_deletion_takes_its_relationships_and_announces_each(graph: Graph) -> None:
    a, b, c = [await graph.entity(name) for name in "abc"]
    edges = [await graph.edge(a, b), await graph.edge(c, a)]
    stays = await graph.edge(b, c)
    await graph.delete_entity(DeleteEntityCommand(principal=graph.me, entity_id=EntityId(a.id)))
    assert graph.announced()[6:] == [
        *(("relationship.deleted", str(edge.id)) for edge in edges),
        ("entity.deleted", str(a.id)),
    ]
    last = graph.system.store.events[-1].event
    assert (last.data["is_active"], last.data["version"]) == (False, 2)
    page = await graph.relationships.relationships(
        graph.user, RelationshipFilter(), PageRequest(sort="created_at")
    )
    assert page.rows == [stays]
    with pytest.raises(EntityNotFound):
        await graph.patch(a, {"name": "back"})


async def test_another_user_can_neither_change_nor_delete(graph: Graph) -> None:
    a, b = await graph.entity("a"), await graph.entity("b")
    edge = await graph.edge(a, b)
    stranger = Graph(graph.system, await graph.system.new_user())
    before = graph.announced()
    with pytest.raises(EntityNotFound):
        await stranger.patch(a, {"name": "mine"})
    with pytest.raises(EntityNotFound):
        await stranger.delete_entity(
            DeleteEntityCommand(principal=stranger.me, entity_id=EntityId(a.id), expected_version=9)
        )
    with pytest.raises(RelationshipNotFound):
        await stranger.delete_relationship(
            DeleteRelationshipCommand(principal=stranger.me, relationship_id=RelationshipId(edge.id))
        )
    with pytest.raises(InvalidInput):
        await stranger.edge(a, b)
    assert graph.announced() == before


async def test_changes_and_deletes_a_relationship(graph: Graph) -> None:
    a, b = await graph.entity("a"), await graph.entity("b")
    edge = await graph.edge(a, b)
    changed = await graph.update_relationship(
        UpdateRelationshipCommand(
            principal=graph.me,
            relationship_id=RelationshipId(edge.id),
            change={"relationship_type": "trusts"},
            expected_version=1,
        )
    )
    assert (changed.relationship_type, changed.version) == ("trusts", 2)
    with pytest.raises(RelationshipChanged):
        await graph.delete_relationship(
            DeleteRelationshipCommand(
                principal=graph.me, relationship_id=RelationshipId(edge.id), expected_version=1
            )
        )
    await graph.delete_relationship(
        DeleteRelationshipCommand(principal=graph.me, relationship_id=RelationshipId(edge.id))
    )
    with pytest.raises(RelationshipNotFound):
        await graph.relationships.relationship(graph.user, RelationshipId(edge.id))
    assert [type_ for type_, _ in graph.announced()[2:]] == [
        "relationship.created",
        "relationship.updated",
        "relationship.deleted",
    ]


async def test_refuses_a_relationship_that_is_there(graph: Graph) -> None:
    a, b = await graph.entity("a"), await graph.entity("b")
    await graph.edge(a, b)
    before = graph.announced()
    with pytest.raises(RelationshipExists):
        await graph.edge(a, b)
    assert graph.announced() == before


async def test_tells_an_entity_without_relationships_from_none_at_all(graph: Graph) -> None:
    entity = await graph.entity()
    page = PageRequest(sort="created_at")
    for entity_id, found in ((EntityId(entity.id), True), (EntityId(IDS.new()), False)):
        wanted = RelationshipFilter(entity_id=entity_id)
        if found:
            assert (await graph.relationships_of(graph.user, entity_id, wanted, page)).rows == []
        else:
            with pytest.raises(EntityNotFound):
                await graph.relationships_of(graph.user, entity_id, wanted, page)
