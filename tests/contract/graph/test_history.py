"""What a graph store promises about deleted things, versions and external ids, in memory and in Postgres."""

import contextlib
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.memory.graph_history import InMemoryHistoryQueries
from adapters.postgres.graph_history import PostgresHistoryQueries
from application.graph.history import Difference, HistoryQueries, VersionView
from application.shared.pages import PageRequest
from domain.graph.entity import Entity, new_entity, patched, resolution_keys, restored
from domain.graph.errors import EndIsDeleted, EntityNotFound, ExternalIdTaken, RelationshipExists
from domain.graph.relationship import Relationship
from domain.graph.relationship import patched as patched_edge
from domain.graph.relationship import restored as restored_edge
from domain.shared.ids import EntityId, UserId
from tests.contract.graph.stores import START, GraphStore
from tests.contract.systems import IDS, MemorySystem, PostgresSystem, principal

NEWEST = PageRequest(sort="version", descending=True, limit=50)
OLDEST = PageRequest(sort="version", limit=50)


def later(minutes: int) -> timedelta:
    return timedelta(minutes=minutes)


def history(store: GraphStore) -> HistoryQueries:
    if isinstance(store.system, MemorySystem):
        return InMemoryHistoryQueries(store.system.store)
    assert isinstance(store.system, PostgresSystem)
    return PostgresHistoryQueries(store.system.database)


async def change(store: GraphStore, entity: Entity, patch: dict[str, object], minute: int) -> Entity:
    async with store.work(entity.user_id) as work:
        before = await work.entities.get(entity.user_id, entity.id)
        after = patched(before, patch, START + later(minute))
        await work.entities.save(after, resolution_keys(after.content), ())
        await work.commit()
    return after


async def bring_back(store: GraphStore, entity: Entity, minute: int) -> list[Relationship]:
    """Restores an entity; which relationships came along."""
    now = START + later(minute)
    async with store.work(entity.user_id) as work:
        back = restored(await work.entities.get_any(entity.user_id, entity.id), now)
        await work.entities.restore(back, resolution_keys(back.content))
        edges = await work.relationships.restore_of(entity.user_id, entity.id, now)
        await work.commit()
    return [*edges]


async def test_every_version_tells_what_it_changed_when_and_by_whom(store: GraphStore) -> None:
    user = await store.system.new_user()
    entity = await store.entity(user, metadata={"n": 1})
    await change(store, entity, {"name": "Ada King", "metadata": {"n": True}}, 1)
    await store.remove(entity)
    await bring_back(store, entity, 3)
    page = await history(store).of_entity(user, entity.id, NEWEST)
    assert [(one.version, one.change) for one in page.rows] == [
        (4, "restored"),
        (3, "deleted"),
        (2, "updated"),
        (1, "created"),
    ]
    assert {one.changed_by for one in page.rows} == {user}
    assert page.rows[2].changed_at == START + later(1)
    assert page.rows[2].differences == {
        "name": Difference(before="Ada Lovelace", after="Ada King"),
        "metadata": Difference(before={"n": 1}, after={"n": True}),
    }
    assert page.rows[1].differences == {"is_active": Difference(before=True, after=False)}
    assert page.rows[3].content["name"] == "Ada Lovelace"
    assert page.next is None


async def test_versions_are_paged_both_ways_and_explained_on_every_page(store: GraphStore) -> None:
    user = await store.system.new_user()
    entity = await store.entity(user)
    for number in range(1, 5):
        await change(store, entity, {"name": f"Name {number}"}, number)
    for whole, turn in ((NEWEST, [5, 4, 3, 2, 1]), (OLDEST, [1, 2, 3, 4, 5])):
        told: list[VersionView] = []
        page = replace(whole, limit=2)
        while True:
            found = await history(store).of_entity(user, entity.id, page)
            told += found.rows
            if found.next is None:
                break
            page = replace(page, after=found.next)
        assert [one.version for one in told] == turn
        assert told == [*(await history(store).of_entity(user, entity.id, whole)).rows]


async def test_two_changes_of_one_thing_at_once_are_two_versions(store: GraphStore) -> None:
    user = await store.system.new_user()
    entity = await store.entity(user, "A")
    edge = await store.edge(entity, await store.entity(user, "B"))
    async with store.work(user) as work:
        for number in (1, 2):
            held = await work.entities.get(user, entity.id)
            await work.entities.save(patched(held, {"name": f"A{number}"}, START + later(number)), (), ())
        await work.relationships.remove_of(user, entity.id, START + later(3))
        await work.relationships.restore_of(user, entity.id, START + later(4))
        await work.commit()
    page = await history(store).of_entity(user, entity.id, OLDEST)
    assert [one.content["name"] for one in page.rows] == ["A", "A1", "A2"]
    assert [one.changed_at for one in page.rows] == [START + later(minute) for minute in (0, 1, 2)]
    page = await history(store).of_relationship(user, edge.id, OLDEST)
    assert [one.change for one in page.rows] == ["created", "deleted", "restored"]


async def test_a_relationships_versions_are_kept_as_well(store: GraphStore) -> None:
    user = await store.system.new_user()
    edge = await store.edge(await store.entity(user, "A"), await store.entity(user, "B"))
    async with store.work(user) as work:
        after = patched_edge(edge, {"confidence": 0.5}, START + later(1))
        await work.relationships.save(edge, after)
        await work.commit()
    page = await history(store).of_relationship(user, edge.id, OLDEST)
    assert [one.change for one in page.rows] == ["created", "updated"]
    assert page.rows[1].differences == {"confidence": Difference(before=1.0, after=0.5)}


async def test_nobody_elses_history_is_there(store: GraphStore) -> None:
    user, stranger = await store.system.new_user(), await store.system.new_user()
    entity = await store.entity(user)
    for who, thing in ((stranger, entity.id), (user, EntityId(IDS.new()))):
        with pytest.raises(EntityNotFound):
            await history(store).of_entity(who, thing, NEWEST)


async def test_relationships_come_back_with_the_last_of_their_deleted_ends(store: GraphStore) -> None:
    user = await store.system.new_user()
    hub, near, far = [await store.entity(user, name) for name in ("Hub", "Near", "Far")]
    kept = await store.edge(hub, near)
    double = await store.edge(hub, far)
    deleted_before = await store.edge(near, hub, "likes")
    async with store.work(user) as work:
        await work.relationships.remove(user, deleted_before.id, None, START)
        await work.commit()
    await store.remove(hub)
    await store.remove(far)
    assert [edge.id for edge in await bring_back(store, hub, 1)] == [kept.id]
    [back] = await bring_back(store, far, 2)
    assert (back.id, back.version, back.is_active) == (double.id, 3, True)
    shown = await store.relationships.relationship(user, kept.id)
    assert (shown.version, shown.updated_at) == (3, START + later(1))
    async with store.keys(user) as keys:
        assert set(keys.values()) == {hub.id, near.id, far.id}


async def test_what_took_a_deleted_relationships_place_stays(store: GraphStore) -> None:
    user = await store.system.new_user()
    hub, other = await store.entity(user, "Hub"), await store.entity(user, "Other")
    old = await store.edge(hub, other)
    await store.remove(hub)
    await bring_back(store, hub, 1)
    async with store.work(user) as work:
        await work.relationships.remove(user, old.id, None, START)
        await work.commit()
    await store.edge(hub, other)
    async with store.work(user) as work:
        gone = await work.relationships.get_any(user, old.id)
        with pytest.raises(RelationshipExists):
            await work.relationships.restore(restored_edge(gone, START))


async def named_edge(store: GraphStore, source: Entity, target: Entity, external_id: str) -> Relationship:
    edge = await store.edge(source, target)
    async with store.work(source.user_id) as work:
        named = patched_edge(edge, {"external_id": external_id}, START)
        await work.relationships.save(edge, named)
        await work.commit()
    return named


async def take_away(store: GraphStore, entity: Entity, minute: int) -> None:
    now = START + later(minute)
    async with store.work(entity.user_id) as work:
        await work.entities.remove(entity.user_id, entity.id, None, now)
        await work.relationships.remove_of(entity.user_id, entity.id, now)
        await work.commit()


async def test_of_two_that_share_an_external_id_the_later_deleted_one_comes_back(store: GraphStore) -> None:
    user = await store.system.new_user()
    hub, near, far = [await store.entity(user, name) for name in ("Hub", "Near", "Far")]
    first = await named_edge(store, hub, near, "Q1")
    await take_away(store, near, 1)
    second = await named_edge(store, hub, far, "Q1")
    await take_away(store, hub, 2)
    assert await bring_back(store, near, 3) == []
    assert [edge.id for edge in await bring_back(store, hub, 4)] == [second.id]
    async with store.work(user) as work:
        assert not (await work.relationships.get_any(user, first.id)).is_active


async def test_one_that_cannot_come_back_leaves_its_place_to_an_older_one(store: GraphStore) -> None:
    user = await store.system.new_user()
    hub, near, far, third = [await store.entity(user, name) for name in ("Hub", "Near", "Far", "Third")]
    older = await named_edge(store, hub, near, "Q1")
    await take_away(store, near, 1)
    await named_edge(store, hub, far, "Q1")
    assert await bring_back(store, near, 2) == [], "its external id is taken"
    await named_edge(store, hub, near, "Q2")
    await take_away(store, near, 3)
    await named_edge(store, hub, third, "Q2")
    await take_away(store, far, 4)
    assert [edge.id for edge in await bring_back(store, near, 5)] == [older.id]


async def test_a_relationship_is_not_restored_without_its_ends(store: GraphStore) -> None:
    user = await store.system.new_user()
    hub, other = await store.entity(user, "Hub"), await store.entity(user, "Other")
    edge = await store.edge(hub, other)
    await store.remove(hub)
    async with store.work(user) as work:
        gone = await work.relationships.get_any(user, edge.id)
        with pytest.raises(EndIsDeleted):
            await work.relationships.restore(restored_edge(gone, START))
    await bring_back(store, hub, 1)
    async with store.work(user) as work:
        await work.relationships.remove(user, edge.id, None, START)
        back = restored_edge(await work.relationships.get_any(user, edge.id), START + later(2))
        await work.relationships.restore(back)
        await work.commit()
    assert (await store.relationships.relationship(user, edge.id)).version == back.version


async def test_an_external_id_is_one_things_of_its_source(store: GraphStore) -> None:
    user, stranger = await store.system.new_user(), await store.system.new_user()

    async def named(owner: UserId, source: str | None) -> Entity:
        entity = await store.entity(owner, f"Of {source}", source=source)
        return await change(store, entity, {"external_id": "Q42"}, 1)

    first, orphan = await named(user, "wikidata"), await named(user, None)
    for owner, other in ((user, "crm"), (stranger, "wikidata")):
        await named(owner, other)
    taken: tuple[str | None, ...] = ("wikidata", None)
    for source in taken:
        with pytest.raises(ExternalIdTaken):
            await named(user, source)
        content = replace(first.content, source=source)
        twin = new_entity(user, EntityId(IDS.new()), content, START)
        with contextlib.ExitStack() as refused:
            refused.enter_context(pytest.raises(ExternalIdTaken))
            async with store.work(user) as work:
                await work.entities.add(twin, ())
    await store.remove(first)
    await named(user, "wikidata")
    async with store.work(user) as work:
        back = restored(await work.entities.get_any(user, first.id), START)
        with pytest.raises(ExternalIdTaken):
            await work.entities.restore(back, ())
    assert orphan.content.external_id == "Q42"


async def test_whoever_acts_for_the_owner_is_named(store: GraphStore) -> None:
    user, helper = await store.system.new_user(), await store.system.new_user()
    entity = await store.entity(user)
    who = replace(principal(user), actor_id=helper)
    assert isinstance(store.system, MemorySystem | PostgresSystem)
    async with store.system.start_work(who) as work:
        after = patched(entity, {"name": "Renamed"}, START)
        await work.entities.save(after, (), ())
        await work.commit()
    page = await history(store).of_entity(user, entity.id, NEWEST)
    assert [one.changed_by for one in page.rows] == [helper, user]
