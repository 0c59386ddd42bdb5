"""What relationship repositories and relationship queries promise, in memory and in Postgres."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from adapters.postgres.provision import Logins
from application.graph.queries import RELATIONSHIP_SORTS, RelationshipFilter
from application.graph.views import relationship_view
from application.shared.pages import PageRequest, Position
from domain.graph.entity import Entity
from domain.graph.errors import RelationshipChanged, RelationshipExists, RelationshipNotFound
from domain.graph.relationship import Relationship, patched
from domain.shared.errors import InvalidInput
from domain.shared.ids import EntityId, RelationshipId, UserId
from domain.shared.json import JsonObject
from tests.contract.graph.stores import START, GraphStore, memory_store, postgres_store
from tests.contract.systems import IDS

LATER = START + timedelta(days=1)


async def pair(store: GraphStore, user: UserId) -> tuple[Entity, Entity]:
    return await store.entity(user, "A"), await store.entity(user, "B")


async def ids(store: GraphStore, user: UserId, wanted: RelationshipFilter) -> set[RelationshipId]:
    page = await store.relationships.relationships(user, wanted, PageRequest(sort="created_at"))
    return {RelationshipId(row.id) for row in page.rows}


async def save(store: GraphStore, before: Relationship, patch: JsonObject) -> Relationship:
    async with store.work(before.user_id) as work:
        found = await work.relationships.get(before.user_id, before.id)
        after = patched(found, patch, LATER)
        await work.relationships.save(found, after)
        await work.commit()
    return after


class RelationshipContract:
    async def test_gives_back_exactly_what_was_stored(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        a, b = await pair(store, user)
        edge = await store.edge(a, b, "знает 😀", confidence=0.3, metadata={"since": 1815})
        assert await store.relationships.relationship(user, edge.id) == relationship_view(edge)
        async with store.work(user) as work:
            assert await work.relationships.get(user, edge.id) == edge

    async def test_finds_nothing_under_an_unknown_id(self, store: GraphStore) -> None:
        user, unknown = await store.system.new_user(), RelationshipId(IDS.new())
        with pytest.raises(RelationshipNotFound):
            await store.relationships.relationship(user, unknown)
        async with store.work(user) as work:
            with pytest.raises(RelationshipNotFound):
                await work.relationships.get(user, unknown)
            with pytest.raises(RelationshipNotFound):
                await work.relationships.remove(user, unknown, 1, LATER)

    async def test_stores_the_next_version(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        a, b = await pair(store, user)
        edge = await store.edge(a, b)
        after = await save(store, edge, {"confidence": 0.5, "relationship_type": "trusts"})
        assert await store.relationships.relationship(user, edge.id) == relationship_view(after)
        assert after.version == 2

    async def test_can_be_turned_round(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        a, b = await pair(store, user)
        edge = await store.edge(a, b)
        turned = {"source_entity_id": str(b.id), "target_entity_id": str(a.id)}
        await save(store, edge, turned)
        assert await ids(store, user, RelationshipFilter(source_entity_id=b.id)) == {edge.id}
        assert await ids(store, user, RelationshipFilter(source_entity_id=a.id)) == set()

    async def test_refuses_a_second_active_edge_of_one_type(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        a, b = await pair(store, user)
        edge = await store.edge(a, b)
        with pytest.raises(RelationshipExists):
            await store.edge(a, b)
        await store.edge(b, a)
        other = await store.edge(a, b, "trusts")
        with pytest.raises(RelationshipExists):
            await save(store, other, {"relationship_type": "knows"})
        async with store.work(user) as work:
            await work.relationships.remove(user, edge.id, None, LATER)
            await work.commit()
        await store.edge(a, b)

    async def test_allows_an_entity_to_relate_to_itself(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        a, _ = await pair(store, user)
        edge = await store.edge(a, a)
        assert await ids(store, user, RelationshipFilter(entity_id=a.id)) == {edge.id}

    async def test_points_at_ends_that_are_unknown_deleted_or_foreign(self, store: GraphStore) -> None:
        user, stranger = await store.system.new_user(), await store.system.new_user()
        a, gone = await pair(store, user)
        foreign = await store.entity(stranger, "F")
        await store.remove(gone)
        cases = [(a, gone, ["/target_entity_id"]), (foreign, a, ["/source_entity_id"])]
        cases += [(gone, foreign, ["/source_entity_id", "/target_entity_id"])]
        for source, target, pointers in cases:
            with pytest.raises(InvalidInput) as refused:
                await store.edge(source, target, user=user)
            assert [violation.pointer for violation in refused.value.violations] == pointers
        assert await ids(store, user, RelationshipFilter(include_inactive=True)) == set()
        edge = await store.edge(a, a)
        with pytest.raises(InvalidInput):
            await save(store, edge, {"target_entity_id": str(foreign.id)})
        assert (await store.relationships.relationship(user, edge.id)).version == 1

    async def test_tells_a_changed_relationship_from_a_missing_one(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        edge = await store.edge(*(await pair(store, user)))
        async with store.work(user) as work:
            with pytest.raises(RelationshipChanged):
                await work.relationships.remove(user, edge.id, 7, LATER)
        async with store.work(user) as work:
            gone = await work.relationships.remove(user, edge.id, 1, LATER)
            await work.commit()
        assert (gone.is_active, gone.version, gone.updated_at) == (False, 2, LATER)
        with pytest.raises(RelationshipNotFound):
            await store.relationships.relationship(user, edge.id)
        assert await ids(store, user, RelationshipFilter(include_inactive=True)) == {edge.id}

    async def test_goes_with_either_of_its_ends(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        a, b = await pair(store, user)
        c = await store.entity(user, "C")
        out, back, loop = await store.edge(a, b), await store.edge(b, a), await store.edge(a, a)
        stays = await store.edge(b, c)
        async with store.work(user) as work:
            await work.entities.remove(user, a.id, None, LATER)
            gone = await work.relationships.remove_of(user, a.id, LATER)
            assert await work.relationships.remove_of(user, a.id, LATER) == []
            await work.commit()
        assert [r.id for r in gone] == sorted([out.id, back.id, loop.id])
        assert {(r.is_active, r.version, r.updated_at) for r in gone} == {(False, 2, LATER)}
        assert await ids(store, user, RelationshipFilter()) == {stays.id}

    async def test_hides_everything_from_another_user(self, store: GraphStore) -> None:
        mine, theirs = await store.system.new_user(), await store.system.new_user()
        a, b = await pair(store, mine)
        edge = await store.edge(a, b)
        with pytest.raises(RelationshipNotFound):
            await store.relationships.relationship(theirs, edge.id)
        for wanted in (RelationshipFilter(entity_id=a.id, include_inactive=True), RelationshipFilter()):
            assert await ids(store, theirs, wanted) == set()
            assert await ids(store, mine, wanted) == {edge.id}
        async with store.work(theirs) as work:
            with pytest.raises(RelationshipNotFound):
                await work.relationships.get(theirs, edge.id)
            with pytest.raises(RelationshipNotFound):
                await work.relationships.remove(theirs, edge.id, None, LATER)
            assert await work.relationships.remove_of(theirs, a.id, LATER) == []
            await work.commit()
        assert await ids(store, mine, RelationshipFilter()) == {edge.id}

    @pytest.mark.parametrize("sort", RELATIONSHIP_SORTS)
    @pytest.mark.parametrize("descending", [False, True])
    async def test_pages_through_equal_keys_without_loss_or_repetition(
        self, store: GraphStore, sort: str, descending: bool
    ) -> None:
        user = await store.system.new_user()
        a, b = await pair(store, user)
        for place in range(7):
            await store.edge(a, b, f"type {place}", confidence=(place // 3) / 10, minute=place // 3)
        seen: list[tuple[object, RelationshipId]] = []
        after: Position | None = None
        for _ in range(20):
            request = PageRequest(sort=sort, descending=descending, limit=2, after=after)
            page = await store.relationships.relationships(user, RelationshipFilter(), request)
            seen += [(getattr(row, sort), RelationshipId(row.id)) for row in page.rows]
            after = page.next
            if after is None:
                break
        assert after is None
        assert len(seen) == len(set(seen)) == 7
        assert seen == sorted(seen, reverse=descending)

    async def test_filters_by_every_field(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        a, b = await pair(store, user)
        c = await store.entity(user, "C")
        ab = (await store.edge(a, b, confidence=0.2)).id
        ba = (await store.edge(b, a, "trusts", confidence=0.5, minute=1)).id
        bc = (await store.edge(b, c, confidence=0.9, minute=2, metadata={"k": 1})).id
        unknown = EntityId(IDS.new())
        expected = [
            (RelationshipFilter(source_entity_id=b.id), {ba, bc}),
            (RelationshipFilter(target_entity_id=a.id), {ba}),
            (RelationshipFilter(entity_id=a.id), {ab, ba}),
            (RelationshipFilter(entity_id=b.id, relationship_type="knows"), {ab, bc}),
            (RelationshipFilter(min_confidence=0.5), {ba, bc}),
            (RelationshipFilter(created_after=START), {ba, bc}),
            (RelationshipFilter(created_before=START + timedelta(minutes=1)), {ab}),
            (RelationshipFilter(metadata={"k": "1"}), {bc}),
            (RelationshipFilter(entity_id=unknown), set()),
        ]
        for wanted, found in expected:
            assert await ids(store, user, wanted) == found, wanted


class TestInMemoryRelationships(RelationshipContract):
    @pytest.fixture
    def store(self) -> GraphStore:
        return memory_store()


class TestPostgresRelationships(RelationshipContract):
    @pytest.fixture
    async def store(self, migrated_database: Logins) -> AsyncIterator[GraphStore]:
        async with postgres_store(migrated_database) as store:
            yield store

    async def test_never_leaves_an_active_edge_at_a_deleted_end(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        hub = await store.entity(user, "hub")
        leaves = [await store.entity(user, f"leaf {n}") for n in range(12)]

        async def connect(leaf: Entity) -> None:
            try:
                await store.edge(leaf, hub)
            except InvalidInput as refused:
                assert [v.pointer for v in refused.violations] == ["/target_entity_id"]  # noqa: PT017  # both outcomes are right

        await asyncio.gather(*map(connect, leaves[:6]), store.remove(hub), *map(connect, leaves[6:]))
        assert await ids(store, user, RelationshipFilter(entity_id=hub.id)) == set()
