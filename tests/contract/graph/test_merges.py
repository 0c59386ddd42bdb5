"""What merging and its undoing promise, in memory and in Postgres."""

import pytest

from application.shared.pages import PageRequest
from domain.graph.entity import Entity
from domain.graph.errors import (
    EntityChanged,
    EntityNotFound,
    MergeBuiltUpon,
    MergeNotFound,
    MergeTargetGone,
    MergeUndoneAlready,
    WasMerged,
)
from domain.shared.errors import InvalidInput
from domain.shared.ids import MergeId, UserId
from tests.contract.graph.merging import Merging
from tests.contract.systems import IDS

NEWEST = PageRequest(sort="merged_at", descending=True, limit=50)


async def pair(merging: Merging) -> tuple[UserId, Entity, Entity, Entity]:
    """A user, two names of one person, and somebody they know."""
    store, user = merging.store, await merging.store.system.new_user()
    full = await store.entity(
        user, "Ada Lovelace", confidence=0.6, metadata={"born": 1815, "a": {"b": 1}}, aliases=["Ada King"]
    )
    short = await store.entity(
        user,
        "Lovelace",
        confidence=0.9,
        metadata={"born": 1816, "field": "maths"},
        aliases=["Ada King", "AL"],
    )
    return user, full, short, await store.entity(user, "Charles Babbage")


async def test_the_target_says_what_all_of_them_said(merging: Merging) -> None:
    user, full, short, _ = await pair(merging)
    merge = await merging.merge(full, short)
    view = await merging.store.entities.entity(user, full.id)
    assert (view.name, view.confidence, view.version) == ("Ada Lovelace", 0.9, 2)
    assert view.metadata == {"born": 1815, "a": {"b": 1}, "field": "maths"}
    assert list(view.aliases) == ["Ada King", "Lovelace", "AL"]
    assert (merge.automatic, merge.dropped_aliases, merge.undone_at) == (False, (), None)
    with pytest.raises(EntityNotFound, match=str(full.id)):
        await merging.store.entities.entity(user, short.id)
    async with merging.store.keys(user) as keys:
        assert {keys["person", key] for key in ("ada lovelace", "lovelace", "al")} == {full.id}
        assert merge.keys_moved == 2


async def test_edges_move_collapse_and_lose_what_would_be_a_loop(merging: Merging) -> None:
    user, full, short, friend = await pair(merging)
    store = merging.store
    own = await store.edge(full, friend, confidence=0.4)
    surer = await store.edge(short, friend, confidence=0.8)
    moved = await store.edge(friend, short, "wrote to")
    between = await store.edge(short, full, "same as")
    loop = await store.edge(short, short, "knows")
    merge = await merging.merge(full, short)
    assert (merge.relationships_moved, merge.relationships_collapsed, merge.loops_removed) == (3, 1, 1)
    seen = await store.relationships.relationship(user, surer.id)
    assert (seen.source_entity_id, seen.target_entity_id, seen.version) == (full.id, friend.id, 2)
    assert (await store.relationships.relationship(user, moved.id)).target_entity_id == full.id
    kept = await store.relationships.relationship(user, loop.id)
    assert {kept.source_entity_id, kept.target_entity_id} == {full.id}
    told = {subject: kind for kind, subject in await merging.told(user)}
    assert told[own.id] == told[between.id] == "relationship.deleted"
    assert told[surer.id] == told[moved.id] == told[loop.id] == "relationship.updated"
    assert told[full.id] == told[short.id] == "entity.merged"
    audited = {(row.action, row.resource_id) for row in await store.system.audited(user)}
    assert {(kind, subject) for subject, kind in told.items()} <= audited


async def test_mentions_and_evidence_go_along_and_meet_once(merging: Merging) -> None:
    user, full, short, friend = await pair(merging)
    store, document = merging.store, await merging.document(user)
    for entity, start in ((full, 0), (short, 0), (short, 10), (friend, 20)):
        await merging.find(entity, document, start)
    weak = await store.edge(full, friend, confidence=0.1)
    sure = await store.edge(short, friend, confidence=0.2)
    for edge, start in ((weak, 0), (weak, 30), (sure, 0)):
        await merging.find(edge, document, start)
    merge = await merging.merge(full, short)
    assert (merge.mentions_moved, merge.evidence_moved) == (1, 1)
    assert await merging.places("mentions", full, document) == [0, 10]
    assert await merging.places("mentions", short, document) == []
    assert await merging.places("evidence", sure, document) == [0, 30]
    assert await merging.places("evidence", weak, document) == []


async def busy(merging: Merging) -> tuple[UserId, Entity, Entity, Entity]:
    """A pair with edges, loops, deleted things, mentions and evidence of every kind."""
    user, full, short, friend = await pair(merging)
    store, document = merging.store, await merging.document(user)
    third = await store.entity(user, "A. Lovelace", type_="author", metadata={"x": None})
    gone = await store.entity(user, "Gone")
    edges = [
        await store.edge(full, friend, confidence=0.4),
        await store.edge(short, friend, confidence=0.8),
        await store.edge(third, friend, confidence=0.8, minute=1),
        await store.edge(friend, short, "wrote to"),
        await store.edge(third, short, "same as"),
        await store.edge(full, third, "same as"),
        await store.edge(third, third, "knows"),
        await store.edge(gone, third, "knew"),
        await store.edge(short, gone, "knew"),
    ]
    await merging.cut(await store.edge(short, friend, "had met"))
    await store.remove(gone)
    for number, edge in enumerate(edges):
        await merging.find(edge, document, number % 3)
    for number, entity in enumerate((full, short, third, short, third)):
        await merging.find(entity, document, 10 * (number // 2), confidence=number / 10)
    return user, full, short, third


async def test_undoing_restores_every_row_exactly(merging: Merging) -> None:
    user, full, short, third = await busy(merging)
    before = await merging.rows(user)
    merge = await merging.merge(full, short, third)
    assert await merging.rows(user) != before
    undone = await merging.undo(user, merge)
    assert undone.undone_at is not None
    assert await merging.rows(user) == before
    assert (await merging.queries.merge(user, MergeId(merge.id))) == undone
    told = (await merging.told(user))[-3:]
    assert told == [("entity.unmerged", each.id) for each in (full, short, third)]
    again = await merging.merge(third, full, short)
    await merging.undo(user, again)
    assert await merging.rows(user) == before


async def test_merges_upon_merges_are_undone_one_after_the_other(merging: Merging) -> None:
    user, full, short, third = await busy(merging)
    states, merges = [await merging.rows(user)], []
    for target, source in ((full, short), (third, full)):
        merges.append(await merging.merge(target, source))
        states.append(await merging.rows(user))
    with pytest.raises(MergeTargetGone):
        await merging.undo(user, merges[0])
    await merging.undo(user, merges[1])
    assert await merging.rows(user) == states[1]
    await merging.undo(user, merges[0])
    assert await merging.rows(user) == states[0]


async def test_a_merge_that_another_built_upon_is_not_undone_first(merging: Merging) -> None:
    user, full, short, third = await busy(merging)
    first = await merging.merge(full, short)
    second = await merging.merge(full, third)
    with pytest.raises(MergeBuiltUpon):
        await merging.undo(user, first)
    await merging.undo(user, second)
    await merging.undo(user, first)
    with pytest.raises(MergeUndoneAlready):
        await merging.undo(user, first)


async def test_what_was_edited_since_stays_edited(merging: Merging) -> None:
    user, full, short, friend = await pair(merging)
    store = merging.store
    moved = await store.edge(short, friend, confidence=0.8)
    elsewhere = await store.edge(short, friend, "wrote to")
    merge = await merging.merge(full, short)
    await merging.edit(full, {"name": "Countess of Lovelace", "metadata": {"field": "poetry", "new": 1}})
    await merging.edit_edge(moved, {"confidence": 0.1})
    other = await store.entity(user, "Other")
    await merging.edit_edge(elsewhere, {"source_entity_id": str(other.id)})
    late = await store.edge(full, other, "met")
    await merging.undo(user, merge)
    view = await store.entities.entity(user, full.id)
    assert (view.name, view.confidence) == ("Countess of Lovelace", 0.6)
    assert view.metadata == {"born": 1815, "a": {"b": 1}, "field": "poetry", "new": 1}
    assert list(view.aliases) == ["Ada King"]
    edge = await store.relationships.relationship(user, moved.id)
    assert (edge.source_entity_id, edge.confidence) == (short.id, 0.1)
    assert (await store.relationships.relationship(user, elsewhere.id)).source_entity_id == other.id
    assert (await store.relationships.relationship(user, late.id)).source_entity_id == full.id


async def test_what_was_deleted_or_took_a_place_since_is_left_alone(merging: Merging) -> None:
    user, full, short, friend = await pair(merging)
    store = merging.store
    weak = await store.edge(full, friend, confidence=0.1)
    sure = await store.edge(short, friend, confidence=0.9)
    dropped = await store.edge(short, friend, "wrote to")
    merge = await merging.merge(full, short)
    for edge in (sure, dropped):
        await merging.cut(edge)
    newer = await store.edge(full, friend)
    await merging.undo(user, merge)
    shown = await store.relationships.relationship(user, newer.id)
    assert shown.source_entity_id == full.id
    async with store.work(user) as work:
        for edge in (weak, sure, dropped):
            assert not (await work.relationships.get_any(user, edge.id)).is_active
        assert (await work.relationships.get_any(user, dropped.id)).content.source_entity_id == short.id


async def test_an_edge_whose_other_end_was_deleted_comes_back_with_it(merging: Merging) -> None:
    user, full, short, friend = await pair(merging)
    store = merging.store
    weak = await store.edge(full, friend, confidence=0.1)
    await store.edge(short, friend, confidence=0.9)
    merge = await merging.merge(full, short)
    await store.remove(friend)
    await merging.undo(user, merge)
    async with store.work(user) as work:
        assert not (await work.relationships.get_any(user, weak.id)).is_active
        gone = await work.entities.get_any(user, friend.id)
        assert not gone.is_active


async def test_a_merged_entity_does_not_come_back_alone(merging: Merging) -> None:
    user, full, short, _ = await pair(merging)
    await merging.merge(full, short)
    async with merging.store.work(user) as work:
        with pytest.raises(WasMerged, match=str(full.id)):
            await work.entities.get_any(user, short.id)


async def test_only_present_entities_of_ones_own_are_merged(merging: Merging) -> None:
    user, full, short, friend = await pair(merging)
    _, strange, _, _ = await pair(merging)
    await merging.store.remove(friend)
    for sources, pointer in (
        ([short, strange], "/source_ids/1"),
        ([friend], "/source_ids/0"),
        ([full], "/source_ids/0"),
        ([short, short], "/source_ids/1"),
        ([], "/source_ids"),
    ):
        with pytest.raises(InvalidInput) as refused:
            await merging.merge(full, *sources)
        assert [violation.pointer for violation in refused.value.violations] == [pointer]
    with pytest.raises(EntityChanged):
        await merging.merge(full, short, version=2)
    assert (await merging.queries.merges(user, None, None, NEWEST)).rows == []


async def test_undoing_needs_the_target(merging: Merging) -> None:
    user, full, short, _ = await pair(merging)
    merge = await merging.merge(full, short)
    await merging.store.remove(full)
    with pytest.raises(MergeTargetGone):
        await merging.undo(user, merge)
    stranger = await merging.store.system.new_user()
    with pytest.raises(MergeNotFound):
        await merging.undo(stranger, merge)
    with pytest.raises(MergeNotFound):
        await merging.queries.merge(user, MergeId(IDS.new()))


async def test_merges_are_listed_by_time_and_by_what_took_part(merging: Merging) -> None:
    user, full, short, third = await busy(merging)
    first = await merging.merge(full, short)
    second = await merging.merge(third, full)
    undone = await merging.undo(user, second)

    async def listed(**wanted: object) -> list[object]:
        page = await merging.queries.merges(
            user,
            wanted.get("entity_id"),  # type: ignore[arg-type]  # ids alone are given
            wanted.get("undone"),  # type: ignore[arg-type]  # truth values alone are given
            NEWEST,
        )
        return [*page.rows]

    assert await listed() == [undone, first]
    assert await listed(entity_id=short.id) == [first]
    assert await listed(undone=True) == [undone]
    assert await listed(undone=False) == [first]
    one = await merging.queries.merges(user, None, None, PageRequest(sort="merged_at", limit=1))
    assert [view.id for view in one.rows] == [first.id]
    assert one.next is not None
    rest = PageRequest(sort="merged_at", limit=1, after=one.next)
    last = await merging.queries.merges(user, None, None, rest)
    assert ([view.id for view in last.rows], last.next) == ([second.id], None)
