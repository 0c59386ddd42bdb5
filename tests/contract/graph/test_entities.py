"""What entity repositories and entity queries promise, in memory and in Postgres."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.postgres.provision import Logins
from application.graph.queries import ENTITY_SORTS, EntityFilter
from application.graph.views import entity_view
from application.shared.pages import PageRequest, Position
from domain.graph.entity import EntityContent, new_entity, patched, released_keys, resolution_keys
from domain.graph.errors import EntityChanged, EntityNotFound
from domain.shared.errors import NotAuthenticated
from domain.shared.ids import EntityId, UserId
from tests.contract.graph.stores import START, GraphStore, memory_store, postgres_store
from tests.contract.systems import IDS

LATER = START + timedelta(days=1)
UNICODE = "Ægir Óðinsson 北京 😀 عمر e\u0301"


async def names(store: GraphStore, user: UserId, wanted: EntityFilter) -> list[str]:
    page = await store.entities.entities(user, wanted, PageRequest(sort="created_at"))
    return [row.name for row in page.rows]


class EntityContract:
    async def test_gives_back_exactly_what_was_stored(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        metadata = {"a": [1, 2.5, None, True, {"ключ": "значение"}], "big": 10**25, "tiny": 5e-324, "": ""}
        entity = await store.entity(
            user,
            UNICODE,
            confidence=0.1,
            metadata=metadata,
            aliases=("A", "\u202eB", "'; drop table"),
            source="https://example.org/ä?x=%00",
            source_type="web",
        )
        view = await store.entities.entity(user, entity.id)
        shown = entity_view(entity)
        assert [*view.aliases] == [*shown.aliases]
        assert all(getattr(view, n) == getattr(shown, n) for n in shown.__slots__ if n != "aliases")
        async with store.work(user) as work:
            assert await work.entities.get(user, entity.id) == entity

    async def test_finds_nothing_under_an_unknown_id(self, store: GraphStore) -> None:
        user, unknown = await store.system.new_user(), EntityId(IDS.new())
        with pytest.raises(EntityNotFound):
            await store.entities.entity(user, unknown)
        async with store.work(user) as work:
            with pytest.raises(EntityNotFound):
                await work.entities.get(user, unknown)
            with pytest.raises(EntityNotFound):
                await work.entities.remove(user, unknown, 1, LATER)

    async def test_stores_the_next_version(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        entity = await store.entity(user, metadata={"a": 1, "b": {"c": 2}}, aliases=["Countess"])
        async with store.work(user) as work:
            before = await work.entities.get(user, entity.id)
            after = patched(before, {"name": "Ada King", "metadata": {"a": None, "b": {"d": 3}}}, LATER)
            await work.entities.save(after, resolution_keys(after.content), ())
            await work.commit()
        view = await store.entities.entity(user, entity.id)
        assert (view.name, view.metadata, view.version) == ("Ada King", {"b": {"c": 2, "d": 3}}, 2)
        assert (view.created_at, view.updated_at) == (START, LATER)
        assert [*view.aliases] == ["Countess"]

    async def test_refuses_to_store_over_a_version_it_was_not_made_from(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        entity = await store.entity(user)
        stale = patched(patched(entity, {"name": "B"}, LATER), {"name": "C"}, LATER)
        async with store.work(user) as work:
            with pytest.raises(EntityChanged):
                await work.entities.save(stale, (), ())

    async def test_keeps_a_deleted_entity_out_of_sight(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        entity, other = await store.entity(user), await store.entity(user, "B")
        async with store.work(user) as work:
            gone = await work.entities.remove(user, entity.id, 1, LATER)
            await work.commit()
        assert (gone.is_active, gone.version, gone.updated_at) == (False, 2, LATER)
        assert gone.content == entity.content
        with pytest.raises(EntityNotFound):
            await store.entities.entity(user, entity.id)
        assert await names(store, user, EntityFilter()) == [other.content.name]
        every = EntityFilter(include_inactive=True)
        page = await store.entities.entities(user, every, PageRequest(sort="name"))
        assert [(row.name, row.is_active) for row in page.rows] == [("Ada Lovelace", False), ("B", True)]
        async with store.work(user) as work:
            with pytest.raises(EntityNotFound):
                await work.entities.remove(user, entity.id, None, LATER)
            with pytest.raises(EntityNotFound):
                await work.entities.remove(user, entity.id, 2, LATER)

    async def test_tells_a_changed_entity_from_a_missing_one(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        entity = await store.entity(user)
        async with store.work(user) as work:
            with pytest.raises(EntityChanged):
                await work.entities.remove(user, entity.id, 7, LATER)
        assert (await store.entities.entity(user, entity.id)).version == 1

    async def test_claims_the_keys_nobody_holds(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        first = await store.entity(user, "Acme", type_="organisation", aliases=["A.C.M.E. Works"])
        second = await store.entity(user, "ACME", type_="organisation", aliases=["Roadrunner"])
        async with store.keys(user) as held:
            assert {key: holder for (_, key), holder in held.items()} == {
                **dict.fromkeys(resolution_keys(first.content), first.id),
                **dict.fromkeys(set(resolution_keys(second.content)) - {"acme"}, second.id),
            }

    async def test_gives_up_keys_with_aliases_and_with_the_entity(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        entity = await store.entity(user, "Acme", type_="organisation", aliases=["Roadrunner", "Coyote"])
        other = await store.entity(user, "Other", type_="organisation")
        after = patched(entity, {"name": "Apex", "aliases": ["Coyote"]}, LATER)
        async with store.work(user) as work:
            await work.entities.get(user, entity.id)
            released = released_keys(entity.content, after.content)
            await work.entities.save(after, resolution_keys(after.content), released)
            await work.commit()
        async with store.keys(user) as held:
            assert sorted(key for _, key in held) == ["acme", "apex", "coyote", "other"]
        await store.remove(after)
        async with store.keys(user) as held:
            assert held == {("organisation", "other"): other.id}

    async def test_hides_everything_from_another_user(self, store: GraphStore) -> None:
        mine, theirs = await store.system.new_user(), await store.system.new_user()
        entity = await store.entity(mine, metadata={"a": 1})
        with pytest.raises(EntityNotFound):
            await store.entities.entity(theirs, entity.id)
        for wanted in (EntityFilter(), EntityFilter(q="ada", include_inactive=True, metadata={"a": "1"})):
            assert await names(store, theirs, wanted) == []
            assert await names(store, mine, wanted) == ["Ada Lovelace"]
        async with store.work(theirs) as work:
            with pytest.raises(EntityNotFound):
                await work.entities.get(theirs, entity.id)
            with pytest.raises(EntityNotFound):
                await work.entities.remove(theirs, entity.id, None, LATER)
            taken = replace(patched(entity, {"name": "mine now"}, LATER), user_id=theirs)
            with pytest.raises(EntityChanged):
                await work.entities.save(taken, (), ())
            await work.commit()
        assert (await store.entities.entity(mine, entity.id)).name == "Ada Lovelace"
        async with store.keys(theirs) as held:
            assert held == {}

    @pytest.mark.parametrize("sort", ENTITY_SORTS)
    @pytest.mark.parametrize("descending", [False, True])
    async def test_pages_through_equal_keys_without_loss_or_repetition(
        self, store: GraphStore, sort: str, descending: bool
    ) -> None:
        user = await store.system.new_user()
        for place in range(11):
            await store.entity(user, f"name {place // 4}", confidence=(place // 4) / 10, minute=place // 4)
        seen: list[tuple[object, EntityId]] = []
        after: Position | None = None
        for _ in range(20):
            request = PageRequest(sort=sort, descending=descending, limit=3, after=after)
            page = await store.entities.entities(user, EntityFilter(), request)
            seen += [(getattr(row, sort), EntityId(row.id)) for row in page.rows]
            after = page.next
            if after is None:
                break
        assert after is None
        assert len(seen) == len(set(seen)) == 11
        assert seen == sorted(seen, reverse=descending)

    async def test_has_no_next_page_after_exactly_the_last_row(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        await store.entity(user)
        page = await store.entities.entities(user, EntityFilter(), PageRequest(sort="name", limit=1))
        assert page.next is None

    async def test_filters_by_every_field(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        await store.entity(user, "A", confidence=0.2, minute=0, source="s", source_type="web")
        await store.entity(user, "B", confidence=0.5, minute=1, type_="place", source="t")
        await store.entity(user, "C", confidence=0.9, minute=2, source_type="web")
        expected = {
            "AC": EntityFilter(type="person"),
            "BC": EntityFilter(min_confidence=0.5),
            "A": EntityFilter(source="s"),
            "CA": EntityFilter(source_type="web"),
            "C": EntityFilter(source_type="web", min_confidence=0.5, created_after=START),
            "AB": EntityFilter(created_before=START + timedelta(minutes=2)),
            "B": EntityFilter(
                created_after=START,
                created_before=START + timedelta(minutes=2),
            ),
            "": EntityFilter(type="nothing"),
        }
        for found, wanted in expected.items():
            assert sorted(await names(store, user, wanted)) == sorted(found)

    async def test_filters_by_metadata_of_any_type(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        await store.entity(user, "A", metadata={"n": 5, "s": "x y", "b": True, "z": None, "o": {"p": 1}})
        await store.entity(user, "B", metadata={"n": "5", "s": "x", "b": "true", "z": "null"})
        await store.entity(user, "C", metadata={"n": 5.0, "b": 1, "we.ird'\"key": "v"})
        expected = {
            ("n", "5"): "ABC",
            ("s", "x"): "B",
            ("s", "x y"): "A",
            ("b", "true"): "AB",
            ("b", "1"): "C",
            ("z", "null"): "AB",
            ("missing", "null"): "",
            ("o", "p"): "",
            ("we.ird'\"key", "v"): "C",
            ("n", "1e999"): "",
            ("n", "NaN"): "",
        }
        for (key, value), found in expected.items():
            wanted = EntityFilter(metadata={key: value})
            assert "".join(sorted(await names(store, user, wanted))) == found, (key, value)
        both = EntityFilter(metadata={"n": "5", "b": "true"})
        assert sorted(await names(store, user, both)) == ["A", "B"]

    async def test_finds_names_and_aliases_by_the_beginnings_of_words(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        await store.entity(user, "Ada Lovelace", aliases=["Countess of Lovelace"])
        await store.entity(user, "Patrick O'Brien", minute=1)
        await store.entity(user, "北京 Zürich", minute=2)
        expected = {
            "ada": ["Ada Lovelace"],
            "LOVE ad": ["Ada Lovelace"],
            "countess": ["Ada Lovelace"],
            "lace": [],
            "o'br": ["Patrick O'Brien"],
            "Zür": ["北京 Zürich"],
            "北": ["北京 Zürich"],
            "ada & | :* <-> ( !": ["Ada Lovelace"],
            "\\' ada": ["Ada Lovelace"],
            "nobody": [],
        }
        found = {q: await names(store, user, EntityFilter(q=q)) for q in expected}
        assert found == expected


class TestInMemoryEntities(EntityContract):
    @pytest.fixture
    def store(self) -> GraphStore:
        return memory_store()


class TestPostgresEntities(EntityContract):
    @pytest.fixture
    async def store(self, migrated_database: Logins) -> AsyncIterator[GraphStore]:
        async with postgres_store(migrated_database) as store:
            yield store

    async def test_lets_one_of_many_changes_of_one_version_through(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        entity = await store.entity(user)

        async def remove() -> bool:
            try:
                async with store.work(user) as work:
                    await work.entities.remove(user, entity.id, 1, LATER)
                    await work.commit()
            except (EntityChanged, EntityNotFound):
                return False
            return True

        outcomes = await asyncio.gather(*(remove() for _ in range(20)))
        assert outcomes.count(True) == 1

    async def test_an_account_that_is_gone_can_add_nothing(self, store: GraphStore) -> None:
        nobody = UserId(IDS.new())
        entity = new_entity(nobody, EntityId(IDS.new()), EntityContent(name="a", type="b"), START)
        async with store.work(nobody) as work:
            with pytest.raises(NotAuthenticated):
                await work.entities.add(entity, ["a"])
