"""Merges beside merges, beside new edges and edits, and beside the end of their connection."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.postgres.graph_merges import PostgresMergeRepository
from adapters.postgres.provision import Logins
from application.graph.merge_entities import carry_out
from application.graph.merges import MergeView
from domain.graph.merge import merge_of
from domain.graph.relationship import Relationship
from domain.shared.errors import Conflict, InvalidInput, NotFound, Unavailable
from domain.shared.ids import MergeId
from tests.contract.graph.merging import Merging, Ticking
from tests.contract.graph.stores import START, postgres_store
from tests.contract.systems import IDS, PostgresSystem


@pytest.fixture
async def merging(migrated_database: Logins) -> AsyncIterator[Merging]:
    async with postgres_store(migrated_database) as store:
        yield Merging(store=store, clock=Ticking())


async def test_of_two_merges_with_a_common_entity_one_wins(merging: Merging) -> None:
    store, user = merging.store, await merging.store.system.new_user()
    for _ in range(5):
        one, common, other = [await store.entity(user, name) for name in ("One", "Common", "Other")]
        await store.edge(common, one)
        done = await asyncio.gather(
            merging.merge(one, common), merging.merge(other, common), return_exceptions=True
        )
        won = [each for each in done if isinstance(each, MergeView)]
        lost = [each for each in done if isinstance(each, InvalidInput | NotFound | Conflict)]
        assert (len(won), len(lost)) == (1, 1), done


async def test_an_edge_made_meanwhile_ends_at_the_target_or_is_refused(merging: Merging) -> None:
    store, user = merging.store, await merging.store.system.new_user()
    friends = [await store.entity(user, f"Friend {n}") for n in range(8)]
    target = await store.entity(user, "Target")
    source = await store.entity(user, "Source")
    made = [store.edge(source, friend) for friend in friends]
    merge, *edges = await asyncio.gather(merging.merge(target, source), *made, return_exceptions=True)
    assert isinstance(merge, MergeView)
    for edge in edges:
        if isinstance(edge, BaseException):
            assert isinstance(edge, InvalidInput), edge
        else:
            assert isinstance(edge, Relationship)
            shown = await store.relationships.relationship(user, edge.id)
            assert shown.source_entity_id == target.id


async def test_edits_of_an_edge_and_merges_do_not_undo_one_another(merging: Merging) -> None:
    store, user = merging.store, await merging.store.system.new_user()
    target, source, friend = [await store.entity(user, name) for name in ("Target", "Source", "Friend")]
    for n in range(5):
        edge = await store.edge(source, friend, f"kind {n}")
        merge, _ = await asyncio.gather(
            merging.merge(target, source), merging.edit_edge(edge, {"confidence": 0.25})
        )
        shown = await store.relationships.relationship(user, edge.id)
        assert (shown.source_entity_id, shown.confidence, shown.version) == (target.id, 0.25, 3)
        await merging.undo(user, merge)
        shown = await store.relationships.relationship(user, edge.id)
        assert (shown.source_entity_id, shown.confidence) == (source.id, 0.25)


async def test_readers_do_not_wait_and_writers_of_other_things_do_not_either(merging: Merging) -> None:
    store, user = merging.store, await merging.store.system.new_user()
    target, source, friend = [await store.entity(user, name) for name in ("Target", "Source", "Friend")]
    edge, apart = await store.edge(source, friend), await store.entity(user, "Apart")
    async with store.work(user) as work:
        held = await work.merges.hold(user, [target.id, source.id])  # type: ignore[attr-defined]  # Postgres' work has them
        merge = merge_of(MergeId(IDS.new()), held[target.id], [held[source.id]], by=user, now=START)
        await carry_out(work, merge, held)  # type: ignore[arg-type]  # as above
        async with asyncio.timeout(60):
            assert (await store.entities.entity(user, source.id)).version == 1
            assert (await store.relationships.relationship(user, edge.id)).source_entity_id == source.id
            await merging.edit(apart, {"confidence": 0.5})
            await store.edge(apart, friend)


@pytest.mark.parametrize("statement", ["PLAN_EDGES", "MOVE_EDGES", "MOVE_KEYS", "TELL_EDGES", "COUNT"])
async def test_a_connection_that_ends_in_the_middle_leaves_the_old_state(
    merging: Merging, statement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, user = merging.store, await merging.store.system.new_user()
    target, source, friend = [await store.entity(user, name) for name in ("Target", "Source", "Friend")]
    await store.edge(source, friend)
    document = await merging.document(user)
    await merging.find(source, document)
    before, told = await merging.rows(user), await merging.told(user)
    # In place of the statement the server process ends itself.
    fatal = "select pg_terminate_backend(pg_backend_pid())"
    monkeypatch.setattr(f"adapters.postgres.graph_merge_sql.{statement}", fatal)
    original = PostgresMergeRepository.carry_out

    async def cut_short(self: PostgresMergeRepository, *arguments: object) -> object:
        connection = self._connection

        class Cutting:
            def __getattr__(self, name: str) -> object:
                return getattr(connection, name)

            async def execute(self, query: str, *values: object) -> str:
                return await connection.execute(query, *(() if query == fatal else values))

        self._connection = Cutting()  # type: ignore[assignment]  # a connection for what is asked of it
        return await original(self, *arguments)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(PostgresMergeRepository, "carry_out", cut_short)
    with pytest.raises(Unavailable):
        await merging.merge(target, source)
    monkeypatch.undo()
    assert isinstance(store.system, PostgresSystem)
    assert await merging.rows(user) == before
    assert await merging.told(user) == told
    await merging.merge(target, source)


async def test_undoing_twice_at_once_undoes_once(merging: Merging) -> None:
    store, user = merging.store, await merging.store.system.new_user()
    target, source = [await store.entity(user, name) for name in ("Target", "Source")]
    before = await merging.rows(user)
    merge = await merging.merge(target, source)
    done = await asyncio.gather(*(merging.undo(user, merge) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(each, MergeView) for each in done) == 1
    assert all(isinstance(each, MergeView | Conflict) for each in done)
    assert await merging.rows(user) == before
