"""What writing in bulk promises, in memory and in Postgres: through the whole import, row by row."""

import asyncio
from collections.abc import Iterable, Iterator
from uuid import UUID, uuid4

import pytest

from adapters.formats.registry import READERS
from application.graph.imports import RawRow
from domain.graph.bulk import BulkMode
from domain.graph.job import GraphJob
from domain.shared.errors import Unavailable
from tests.contract.formats.files import ADA, BOB, FORMATS, KNOWS, file_of
from tests.contract.graph.importing import Importing, edges_of, entities_of, entity, relationship


async def test_rows_become_entities_and_relationships_with_all_they_say(importing: Importing) -> None:
    ada, met = uuid4(), uuid4()
    outcome, refused = await importing.rows(
        relationship(
            ada, {"external_id": "b"}, id=str(met), confidence=0.25, source="s", metadata={"x": [1]}
        ),
        entity("Ada", id=str(ada), aliases=["Countess"], confidence=0.5, metadata={"n": {"é": None}}),
        entity('Bob \u2028 "b"', external_id="b", source_type="list", is_active=True),
    )
    assert refused == []
    assert outcome.result == {
        "entities": {"created": 2, "updated": 0, "unchanged": 0},
        "relationships": {"created": 1, "updated": 0, "unchanged": 0},
        "refused": 0,
        "warned": 0,
    }
    found = await entities_of(importing)
    assert found["Ada"].id == ada
    assert (found["Ada"].aliases, found["Ada"].confidence) == (["Countess"], 0.5) or (
        tuple(found["Ada"].aliases) == ("Countess",)
    )
    assert found["Ada"].metadata == {"n": {"é": None}}
    (edge,) = await edges_of(importing)
    assert (edge.id, edge.source_entity_id) == (met, ada)
    assert (edge.target_entity_id, edge.confidence, edge.source) == (found['Bob \u2028 "b"'].id, 0.25, "s")
    async with importing.store.keys(importing.user) as keys:
        assert keys["person", "countess"] == ada


async def test_the_same_file_again_changes_nothing(importing: Importing) -> None:
    ada = uuid4()
    rows = [entity(id=str(ada)), entity("Bob", external_id="b", source="s")]
    rows.append(relationship(ada, {"external_id": "b", "source": "s"}))
    await importing.rows(*rows)
    told = await importing.events()
    outcome, _ = await importing.rows(*rows)
    assert outcome.result["entities"] == {"created": 0, "updated": 0, "unchanged": 2}
    assert outcome.result["relationships"] == {"created": 0, "updated": 0, "unchanged": 1}
    assert await importing.events() == told


async def test_an_external_id_goes_before_the_id(importing: Importing) -> None:
    first, second = uuid4(), uuid4()
    await importing.rows(entity("Ada", external_id="x", id=str(first)), entity("Bob", id=str(second)))
    outcome, refused = await importing.rows(
        entity("Ada L.", external_id="x", id=str(second)), relationship(second, first)
    )
    assert refused == []
    assert outcome.result["entities"]["updated"] == 1
    found = await entities_of(importing)
    assert found["Ada L."].id == first
    assert found["Bob"].id == second
    (edge,) = await edges_of(importing)
    assert edge.source_entity_id == first, "in this file the id stands for what the external id names"


async def test_each_row_sees_the_rows_before_it(importing: Importing) -> None:
    outcome, refused = await importing.rows(
        entity("One", external_id="x"),
        entity("Two", external_id="x"),
        entity("Three", external_id="x"),
        entity("Three", external_id="x"),
    )
    assert refused == []
    assert outcome.result["entities"] == {"created": 1, "updated": 2, "unchanged": 1}
    assert [kind for kind, _ in await importing.events()] == [
        "entity.created",
        "entity.updated",
        "entity.updated",
    ]
    assert (await entities_of(importing))["Three"].version == 3


async def test_an_edge_is_known_by_its_ends_and_type(importing: Importing) -> None:
    a, b = uuid4(), uuid4()
    await importing.rows(entity("A", id=str(a)), entity("B", id=str(b)), relationship(a, b))
    outcome, _ = await importing.rows(
        relationship(a, b, confidence=0.5), relationship(b, a), relationship(a, b, confidence=0.75)
    )
    assert outcome.result["relationships"] == {"created": 1, "updated": 2, "unchanged": 0}
    assert sorted(edge.confidence for edge in await edges_of(importing)) == [0.75, 1.0]


async def test_create_refuses_what_is_there(importing: Importing) -> None:
    a = uuid4()
    await importing.rows(
        entity("A", id=str(a)), entity("B", external_id="b"), relationship(a, {"external_id": "b"})
    )
    outcome, refused = await importing.rows(
        entity("A2", id=str(a)),
        entity("B2", external_id="b"),
        entity("C"),
        relationship(a, {"external_id": "b"}),
        mode=BulkMode.CREATE,
    )
    assert refused == [(1, "", "taken"), (2, "", "taken"), (4, "", "taken")]
    assert outcome.status == "partial"
    assert set(await entities_of(importing)) == {"A", "B", "C"}


async def test_refused_rows_are_named_and_the_others_written(importing: Importing) -> None:
    a = uuid4()
    outcome, refused = await importing.rows(
        {"kind": "thing"},
        entity("", id=str(a)),
        entity("A", id="no id"),
        entity("B", confidence=2, colour="red"),
        entity("C", metadata={"a": "\u0000"}),
        relationship(a, uuid4()),
        relationship({"name": "Nobody", "type": "person"}, {"key": "k"}),
        relationship({"colour": "x"}, 7),
        entity("Good"),
    )
    assert refused == [
        (1, "/kind", "invalid"),
        (2, "/name", "too_short"),
        (3, "/id", "invalid"),
        (4, "/colour", "unknown_field"),
        (5, "/metadata", "not_text"),
        (6, "/source_entity_id", "no_such_entity"),
        (6, "/target_entity_id", "no_such_entity"),
        (7, "/source_entity", "no_such_entity"),
        (7, "/target_entity", "no_such_entity"),
        (8, "/source_entity", "required"),
        (8, "/source_entity/colour", "unknown_field"),
        (8, "/target_entity_id", "invalid"),
    ]
    assert (outcome.status, outcome.result["refused"]) == ("partial", 8)
    assert set(await entities_of(importing)) == {"Good"}


async def test_all_or_nothing_leaves_nothing_when_one_row_is_refused(importing: Importing) -> None:
    a = uuid4()
    rows = [entity("A", id=str(a)), relationship(a, a, "self")]
    for bad in (entity("B", confidence=7), relationship(a, uuid4())):
        outcome, refused = await importing.rows(*rows, bad, all_or_nothing=True)
        assert (outcome.status, outcome.result["refused"]) == ("failed", 1)
        assert [place for place, _, _ in refused] == [3]
        assert await entities_of(importing) == {}
        assert await importing.events() == []
    outcome, _ = await importing.rows(*rows, all_or_nothing=True)
    assert outcome.status == "succeeded"
    assert len(await edges_of(importing)) == 1


async def test_what_is_deleted_comes_back_and_nothing_is_deleted(importing: Importing) -> None:
    a, b = uuid4(), uuid4()
    rows = (entity("A", id=str(a)), entity("B", id=str(b)), relationship(a, b, id=str(uuid4())))
    await importing.rows(*rows)
    stored = await importing.store.entity(importing.user, "Other")
    async with importing.store.work(importing.user) as work:
        gone = await work.entities.get(importing.user, stored.id)
        await work.commit()
    await importing.store.remove(gone)
    outcome, refused = await importing.rows(
        entity("Other", id=str(stored.id)), entity("A", id=str(a), is_active=False)
    )
    assert refused == [(2, "/is_active", "deletes")]
    assert outcome.result["entities"]["updated"] == 1
    assert set(await entities_of(importing)) == {"A", "B", "Other"}
    assert (await importing.events())[-1][0] == "entity.restored"


async def test_deleted_things_are_imported_as_such(importing: Importing) -> None:
    a, b = uuid4(), uuid4()
    _, refused = await importing.rows(
        entity("A", id=str(a), is_active=False, external_id="x"),
        entity("B", id=str(b), external_id="x"),
        relationship(a, b, is_active=False),
        relationship(a, b, "other"),
    )
    assert refused == [(4, "/source_entity_id", "no_such_entity")]
    assert set(await entities_of(importing)) == {"B"}
    assert {name: view.is_active for name, view in (await entities_of(importing, deleted=True)).items()} == {
        "A": False,
        "B": True,
    }
    assert [edge.is_active for edge in await edges_of(importing, deleted=True)] == [False]
    async with importing.store.keys(importing.user) as keys:
        assert set(keys.values()) == {b}


async def test_of_two_rows_that_want_a_name_the_first_one_gets_it(importing: Importing) -> None:
    larger, smaller = UUID(int=(7 << 76) | (2 << 62) | 2), UUID(int=(7 << 76) | (2 << 62) | 1)
    await importing.rows(entity("Ada", id=str(larger)), entity(" ADA", id=str(smaller)), all_or_nothing=True)
    async with importing.store.keys(importing.user) as keys:
        assert keys == {("person", "ada"): larger}
    await importing.rows(
        entity("Bob", id=str(larger), aliases=["Cleo"]),
        entity("Cleo", id=str(smaller)),
    )
    async with importing.store.keys(importing.user) as keys:
        assert keys["person", "cleo"] == larger


async def test_a_name_that_one_row_gives_up_is_there_for_the_rows_after_it(importing: Importing) -> None:
    a, b, c = (str(uuid4()) for _ in range(3))
    await importing.rows(entity("Ada", id=a, aliases=["X"]), entity("Bob", id=b), entity("Cleo", id=c))
    await importing.rows(entity("Bob", id=b, aliases=["X"]), entity("Ada", id=a), entity("X", id=c))
    async with importing.store.keys(importing.user) as keys:
        assert str(keys["person", "x"]) == c, "when the first row came, somebody had it"


async def test_a_collision_refuses_one_row_alone(importing: Importing) -> None:
    a, b, first, second = (str(uuid4()) for _ in range(4))
    ends = (entity("A", id=a), entity("B", id=b))
    await importing.rows(*ends, relationship(a, b, "x", id=first), relationship(a, b, "y", id=second))
    outcome, refused = await importing.rows(
        relationship(a, b, "y", id=first), relationship(b, a, "y"), relationship(b, a, "z")
    )
    assert refused == [(1, "", "taken")]
    assert outcome.result["relationships"]["created"] == 2


async def test_a_place_is_free_for_the_rows_after_the_one_that_leaves_it(importing: Importing) -> None:
    a, b, first, second = (str(uuid4()) for _ in range(4))
    ends = (entity("A", id=a, external_id="x"), entity("B", id=b, external_id="y"))
    await importing.rows(*ends, relationship(a, b, "x", id=first), relationship(a, b, "y", id=second))
    for taking, leaving in ((first, second), (second, first)):
        taken = {first: "x", second: "y"}[leaving]
        _, refused = await importing.rows(
            relationship(a, b, taken, id=taking), relationship(b, a, "z", id=leaving)
        )
        assert refused == [(1, "", "taken")], "whoever comes too early is refused"
        await importing.rows(relationship(a, b, taken, id=leaving))
        outcome, refused = await importing.rows(
            relationship(b, a, "z", id=leaving), relationship(a, b, taken, id=taking)
        )
        assert (refused, outcome.result["relationships"]["updated"]) == ([], 2)
        await importing.rows(relationship(a, b, {"x": "y", "y": "x"}[taken], id=taking))
        await importing.rows(relationship(a, b, taken, id=leaving))


@pytest.mark.parametrize("format_", FORMATS)
async def test_every_format_is_worked_in(importing: Importing, format_: str) -> None:
    job = await importing.accept(file_of(format_, [ADA, BOB], [KNOWS]), format_=format_)
    async with asyncio.timeout(20):
        outcome = await importing.run(job)
    assert (outcome.status, await importing.refused(job)) == ("succeeded", [])
    found = await entities_of(importing)
    assert {found["Ada"].id, found["Bob"].id} == {ADA.id, BOB.id}
    assert [edge.relationship_type for edge in await edges_of(importing)] == [KNOWS.relationship_type]


class Overtaken:
    """Reads a file while another consumer, who took its own for dead, runs the same job to its end."""

    def __init__(self, importing: Importing, format_: str, *, early: bool) -> None:
        self._importing = importing
        self._reader = READERS[format_]
        self._early = early
        self._loop = asyncio.get_running_loop()
        self.job: GraphJob | None = None

    def rows(self, chunks: Iterable[bytes], source: str | None) -> Iterator[RawRow]:
        found = None if self._early else list(self._reader.rows(chunks, source))
        if self.job is not None:
            job, self.job = self.job, None
            other = Importing(self._importing.store, self._importing.user)
            asyncio.run_coroutine_threadsafe(other.run(job), self._loop).result(20)
        yield from self._reader.rows(chunks, source) if found is None else found


@pytest.mark.parametrize("all_or_nothing", [False, True])
@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("format_", ["jsonl", "json-ld"])
async def test_losing_a_job_to_another_consumer_is_no_failure(
    importing: Importing, format_: str, early: bool, all_or_nothing: bool
) -> None:
    reader = Overtaken(importing, format_, early=early)
    importing.readers = {format_: reader}
    content = file_of(format_, [ADA, BOB], [KNOWS])
    reader.job = await importing.accept(content, format_=format_, all_or_nothing=all_or_nothing)
    with pytest.raises(Unavailable):
        await importing.run(reader.job)
    assert sorted(await entities_of(importing)) == ["Ada", "Bob"]
    assert len(await edges_of(importing)) == 1
