"""What proposals of duplicates promise, in memory and in Postgres."""

import pytest

from adapters.memory.graph_duplicates import InMemoryDuplicateQueries
from adapters.memory.graph_settings import InMemoryGraphSettingsQueries
from adapters.postgres.graph_duplicates import PostgresDuplicateQueries
from adapters.postgres.graph_settings import PostgresGraphSettingsQueries
from adapters.text.likeness import RapidfuzzLikeness
from application.graph.duplicates import DuplicateQueries, DuplicatesWanted, DuplicateView, FindDuplicates
from application.graph.graph_settings import (
    GraphSettingsQueries,
    SetGraphSettings,
    SetGraphSettingsCommand,
)
from application.graph.when_document_processed_merge_duplicates import (
    DocumentProcessedNotice,
    WhenDocumentProcessedMergeDuplicates,
)
from application.shared.pages import PageRequest
from domain.graph.entity import Entity
from domain.shared.errors import AlreadyHandled, InvalidInput
from domain.shared.ids import EventId, UserId
from tests.contract.graph.merging import Merging
from tests.contract.systems import IDS, MemorySystem, PostgresSystem, principal

NEWEST = PageRequest(sort="merged_at", descending=True, limit=50)


def queries(merging: Merging) -> tuple[DuplicateQueries, GraphSettingsQueries]:
    system = merging.store.system
    if isinstance(system, MemorySystem):
        return InMemoryDuplicateQueries(system.store), InMemoryGraphSettingsQueries(system.store)
    assert isinstance(system, PostgresSystem)
    return PostgresDuplicateQueries(system.database), PostgresGraphSettingsQueries(system.database)


async def proposed(merging: Merging, user: UserId, wanted: DuplicatesWanted) -> list[DuplicateView]:
    find = FindDuplicates(queries(merging)[0], RapidfuzzLikeness())
    return [*(await find(user, wanted)).rows]


@pytest.mark.parametrize(
    ("one", "other", "type_"),
    [
        ("Haider al-Abadi", "Abadi", "person"),
        ("U.S.", "United States", "place"),
        ("United States of America", "USA", "place"),
        ("Raqqa", "Raqqah", "place"),
        ("Muhammad Ali", "Mohammed Ali", "person"),
        ("Département d'État", "Departement d Etat", "organisation"),
        ("Department of Defense", "Defense Department", "organisation"),
        ("al Qaeda", "alQaeda", "organisation"),
        ("Ada Lovelace", "Ada Lovelace", "person"),
    ],
)
async def test_other_spellings_of_one_name_are_found(
    merging: Merging, one: str, other: str, type_: str
) -> None:
    user = await merging.store.system.new_user()
    both = [await merging.store.entity(user, name, type_=type_) for name in (one, other)]
    await merging.store.entity(user, "Something Else", type_=type_)
    [found] = await proposed(merging, user, DuplicatesWanted())
    assert {found.target.id, found.source.id} == {entity.id for entity in both}
    added = sum(reason.value * reason.weight for reason in found.reasons)
    assert found.score == pytest.approx(added, abs=1e-4)


@pytest.mark.parametrize(
    ("one", "other", "type_"),
    [
        ("Haider al-Abadi", "Omar al-Abadi", "person"),
        ("1st Brigade", "2nd Brigade", "organisation"),
        ("Northern Syria", "Southern Syria", "place"),
        ("Foreign Ministry", "Defence Ministry", "organisation"),
        ("Iraq", "Iran", "place"),
    ],
)
async def test_names_that_only_look_alike_are_not_proposed(
    merging: Merging, one: str, other: str, type_: str
) -> None:
    user = await merging.store.system.new_user()
    for name in (one, other):
        await merging.store.entity(user, name, type_=type_)
    assert await proposed(merging, user, DuplicatesWanted()) == []


async def test_shared_neighbours_speak_for_it_and_an_edge_between_against(merging: Merging) -> None:
    store, user = merging.store, await merging.store.system.new_user()
    one, other = [await store.entity(user, "Ada Lovelace") for _ in range(2)]
    friends = [await store.entity(user, f"Friend {letter}") for letter in "XYZ"]
    [before] = await proposed(merging, user, DuplicatesWanted(min_score=0.85))
    for friend in friends:
        await store.edge(one, friend)
        await store.edge(friend, other)
    [with_friends] = await proposed(merging, user, DuplicatesWanted(min_score=0.85))
    await store.edge(one, other, "taught")
    [related] = await proposed(merging, user, DuplicatesWanted(min_score=0.85))
    assert (before.score, with_friends.score, related.score) == (0.9, 0.95, 0.85)
    assert [reason.kind for reason in related.reasons] == ["name", "type", "neighbours", "related"]


async def test_passages_that_mention_them_speak_for_it_as_far_as_they_are_close(merging: Merging) -> None:
    store, user = merging.store, await merging.store.system.new_user()
    one, other = [await store.entity(user, "Ada Lovelace") for _ in range(2)]
    document = await merging.document(user)
    for ordinal, (entity, vector) in enumerate(
        [(one, (3, 4)), (one, (3, 4)), (other, (1, 0)), (one, (3, 4))]
    ):
        chunk = await merging.passage(user, document, ordinal, *vector)
        [before] = await proposed(merging, user, DuplicatesWanted())
        assert len(before.reasons) == (3 if ordinal < 3 else 4)
        await merging.find(entity, document, ordinal * 10, chunk=chunk)
    [found] = await proposed(merging, user, DuplicatesWanted())
    assert [(reason.kind, reason.weight) for reason in found.reasons][-1] == ("closeness", 0.05)
    assert found.reasons[-1].value == pytest.approx(0.6)
    assert found.score == pytest.approx(0.93)


async def test_pages_lead_through_all_proposals_each_met_once(merging: Merging) -> None:
    store, user = merging.store, await merging.store.system.new_user()
    wanted = set()
    for number, name in enumerate(["Ada Lovelace", "Grace Hopper", "Mary Kenneth Keller", "Jean Sammet"]):
        type_ = "author" if number % 2 else "person"
        pair = [await store.entity(user, each, type_=type_) for each in (name, name + name[-1])]
        wanted.add(frozenset(entity.id for entity in pair))
    find, after, met = FindDuplicates(queries(merging)[0], RapidfuzzLikeness()), None, []
    for _ in range(10):
        page = await find(user, DuplicatesWanted(limit=1, after=after))
        assert len(page.rows) <= 1
        met += [frozenset({row.target.id, row.source.id}) for row in page.rows]
        after = page.next
        if after is None:
            break
    assert after is None
    assert len(met) == len(wanted)
    assert set(met) == wanted
    of_type = await proposed(merging, user, DuplicatesWanted(type="author"))
    assert {row.target.type for row in of_type} == {"author"}
    assert len(of_type) == 2


async def test_names_are_followed_when_they_change_go_and_come_back(merging: Merging) -> None:
    store, user = merging.store, await merging.store.system.new_user()
    one, other = [await store.entity(user, name) for name in ("Ada Lovelace", "Grace Hopper")]
    assert await proposed(merging, user, DuplicatesWanted()) == []
    renamed = await merging.edit(other, {"aliases": ["Ada Lovelace"]})
    assert len(await proposed(merging, user, DuplicatesWanted())) == 1
    merge = await merging.merge(one, renamed)
    assert await proposed(merging, user, DuplicatesWanted()) == []
    await merging.undo(user, merge)
    assert len(await proposed(merging, user, DuplicatesWanted())) == 1
    await store.remove(one)
    assert await proposed(merging, user, DuplicatesWanted()) == []


async def test_proposals_are_narrowed_by_type_entity_score_and_number(merging: Merging) -> None:
    store, user, stranger = merging.store, *[await merging.store.system.new_user() for _ in range(2)]
    person = [await store.entity(user, "Grace Hopper", confidence=n / 2) for n in range(2)]
    place = [await store.entity(user, "Springfield", type_="place") for _ in range(2)]
    await store.entity(stranger, "Grace Hopper")
    everything = await proposed(merging, user, DuplicatesWanted())
    assert len(everything) == 2
    assert len(await proposed(merging, user, DuplicatesWanted(limit=1))) == 1
    assert await proposed(merging, user, DuplicatesWanted(min_score=0.95)) == []
    [of_type] = await proposed(merging, user, DuplicatesWanted(type="place"))
    assert {of_type.target.id, of_type.source.id} == {each.id for each in place}
    [of_one] = await proposed(merging, user, DuplicatesWanted(entity_ids=[person[0].id]))
    assert (of_one.target.id, of_one.source.id) == (person[1].id, person[0].id)
    await store.remove(person[0])
    assert len(await proposed(merging, user, DuplicatesWanted())) == 1
    for wrong in (DuplicatesWanted(limit=0), DuplicatesWanted(min_score=float("nan"))):
        with pytest.raises(InvalidInput):
            await proposed(merging, user, wrong)


async def read_document(merging: Merging, user: UserId, *entities: Entity) -> None:
    """Says that a document with these was extracted, twice."""
    duplicates, settings = queries(merging)
    handle = WhenDocumentProcessedMergeDuplicates(
        merging.store.system.start_work,  # type: ignore[arg-type]  # either system's
        merging.clock,
        IDS,
        settings,
        find=FindDuplicates(duplicates, RapidfuzzLikeness()),
        queries=duplicates,
    )
    document = await merging.document(user)
    for place, entity in enumerate(entities):
        await merging.find(entity, document, place * 10)
    notice = DocumentProcessedNotice(
        principal=principal(user), message_id=EventId(IDS.new()), document_id=document
    )
    await handle(notice)
    with pytest.raises(AlreadyHandled):
        await handle(notice)


async def choose(merging: Merging, user: UserId, threshold: float | None) -> None:
    do = SetGraphSettings(merging.store.system.start_work, merging.clock)  # type: ignore[arg-type]  # either system's
    await do(SetGraphSettingsCommand(principal=principal(user), auto_merge_threshold=threshold))


async def test_nothing_is_merged_by_itself_until_it_is_asked_for(merging: Merging) -> None:
    store, user = merging.store, await merging.store.system.new_user()
    first, second = [await store.entity(user, "Ada Lovelace", minute=n) for n in range(2)]
    unlike = await store.entity(user, "Lovelace")
    await read_document(merging, user, second, unlike)
    assert (await merging.queries.merges(user, None, None, NEWEST)).rows == []
    await choose(merging, user, 0.9)
    await read_document(merging, user, unlike)
    assert (await merging.queries.merges(user, None, None, NEWEST)).rows == []
    await read_document(merging, user, second, unlike)
    [merge] = (await merging.queries.merges(user, None, None, NEWEST)).rows
    assert (merge.target_id, list(merge.source_ids), merge.automatic) == (first.id, [second.id], True)
    assert merge.score == pytest.approx(0.9)
    assert ("entity.merged", first.id) in await merging.told(user)
    await merging.undo(user, merge)
    await choose(merging, user, None)
    await read_document(merging, user, second)
    assert len((await merging.queries.merges(user, None, None, NEWEST)).rows) == 1


async def test_settings_are_kept_checked_and_announced(merging: Merging) -> None:
    user, settings = await merging.store.system.new_user(), queries(merging)[1]
    assert (await settings.get(user)).auto_merge_threshold is None
    for wrong in (0.4, 1.1, float("nan")):
        with pytest.raises(InvalidInput):
            await choose(merging, user, wrong)
    for _ in range(2):
        await choose(merging, user, 0.75)
    assert (await settings.get(user)).auto_merge_threshold == 0.75
    assert await merging.told(user) == [("graph_settings.updated", user)]
    assert (await settings.get(await merging.store.system.new_user())).updated_at is None
