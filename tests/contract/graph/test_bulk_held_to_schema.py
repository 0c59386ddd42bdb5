"""What bulk writes and imports promise where a schema is declared: what single writes promise, row by row."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from application.graph.write_bulk import BulkView
from domain.graph.bulk import BulkMode
from domain.graph.schema import Cardinality, Enforcement, EntityType, RelationshipType, UndeclaredTypes
from domain.shared.ids import EntityId
from tests.contract.graph.declaring import AGED, Owner
from tests.contract.graph.importing import Importing, edges_of, entities_of
from tests.contract.graph.importing import entity as entity_row
from tests.contract.graph.importing import relationship as edge_row
from tests.contract.graph.stores import GraphStore

ONE_TARGET = RelationshipType(cardinality=Cardinality.MANY_TO_ONE)
ONE_TO_ONE = RelationshipType(cardinality=Cardinality.ONE_TO_ONE)
EMPLOYED = RelationshipType(source_types=["person"], target_types=["company"])


@pytest.fixture
async def owner(store: GraphStore) -> Owner:
    return Owner(store, await store.system.new_user())


def person(name: str = "Ada", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "person", **more}


def edge(source: EntityId, target: EntityId, type_: str = "knows", **more: Any) -> dict[str, Any]:
    ends = {"source_entity_id": str(source), "target_entity_id": str(target)}
    return {**ends, "relationship_type": type_, **more}


def told(view: BulkView) -> list[list[tuple[str, str]] | str]:
    """What became of each row: its status, or what was wrong with it."""
    return [
        [(error.pointer, error.code) for error in row.errors] if row.errors else row.status
        for row in view.rows
    ]


async def test_refuses_rows_alone_where_the_schema_is_enforced(owner: Owner) -> None:
    await owner.declare("person", AGED)
    await owner.choose(Enforcement.ENFORCE, UndeclaredTypes.REFUSE)
    view = await owner.entities(
        person(metadata={"age": 7}), person(metadata={"age": "old"}), person(), {"name": "X", "type": "robot"}
    )
    assert told(view) == [
        "created",
        [("/items/1/metadata/age", "schema_type")],
        [("/items/2/metadata", "schema_required")],
        [("/items/3/type", "undeclared_type")],
    ]
    assert (view.counts["refused"], view.warned) == (3, 0)
    assert len((await entities_of(Importing(owner.store, owner.user))).values()) == 1


async def test_writes_and_warns_where_the_schema_only_warns(owner: Owner) -> None:
    await owner.declare("person", AGED)
    await owner.declare("heads", ONE_TARGET)
    await owner.choose(Enforcement.WARN)
    view = await owner.entities(person(metadata={"age": 7}), person("Bob"))
    assert told(view) == ["created", "created"]
    assert [[w.pointer for w in row.warnings] for row in view.rows] == [[], ["/items/1/metadata"]]
    assert view.warned == 1
    ada, bob = (EntityId(row.id) for row in view.rows if row.id)
    edges = await owner.edges(edge(ada, bob, "heads"), edge(ada, ada, "heads"), edge(ada, ada, "heads"))
    assert told(edges) == ["created", "created", "unchanged"]
    assert [len(row.warnings) for row in edges.rows] == [0, 1, 0]


async def test_what_says_nothing_new_is_held_to_nothing(owner: Owner) -> None:
    row = person(external_id="x")
    await owner.entities(row)
    await owner.declare("person", AGED)
    await owner.choose(Enforcement.ENFORCE)
    assert told(await owner.entities(row)) == ["unchanged"]
    assert told(await owner.entities(row | {"confidence": 0.5})) == [
        [("/items/0/metadata", "schema_required")]
    ]
    assert told(await owner.entities(row | {"metadata": {"age": 1}})) == ["updated"]
    assert told(await owner.entities(row, mode=BulkMode.CREATE)) == [[("/items/0", "taken")]]


async def test_deleted_things_are_held_to_nothing_until_they_come_back(owner: Owner) -> None:
    await owner.declare("person", AGED)
    await owner.choose(Enforcement.ENFORCE)
    gone = person(id=str(uuid4()))
    assert told(await owner.entities(gone | {"is_active": False})) == ["created"]
    assert told(await owner.entities(gone | {"is_active": False, "name": "Bob"})) == ["updated"]
    assert told(await owner.entities(gone)) == [[("/items/0/metadata", "schema_required")]]
    assert told(await owner.entities(gone | {"metadata": {"age": 1}})) == ["updated"]


async def test_ends_have_the_types_they_are_declared_with(owner: Owner) -> None:
    await owner.choose(Enforcement.ENFORCE)
    await owner.declare("works for", EMPLOYED)
    ada, firm = await owner.entity(), await owner.entity("company")
    view = await owner.edges(edge(firm, ada, "works for"), edge(ada, firm, "works for"), edge(firm, ada))
    assert told(view) == [
        [("/items/0/source_entity_id", "end_type"), ("/items/0/target_entity_id", "end_type")],
        "created",
        "created",
    ]
    turned = [{"id": str(one), "name": "Ada", "type": "robot"} for one in (ada, firm, await owner.entity())]
    assert told(await owner.entities(*turned)) == [
        [("/items/0/type", "end_type")],
        [("/items/1/type", "end_type")],
        "updated",
    ]


async def test_rows_are_judged_by_the_rows_before_them(owner: Owner) -> None:
    await owner.choose(Enforcement.ENFORCE)
    await owner.declare("heads", ONE_TO_ONE)
    await owner.declare("married", RelationshipType(symmetric=True, cardinality=Cardinality.ONE_TO_ONE))
    a, b, c, d = [await owner.entity() for _ in range(4)]
    view = await owner.edges(
        edge(a, b, "heads"),
        edge(a, c, "heads"),
        edge(d, b, "heads"),
        edge(c, d, "heads"),
        edge(b, a, "heads"),
    )
    assert told(view) == [
        "created",
        [("/items/1/source_entity_id", "cardinality")],
        [("/items/2/target_entity_id", "cardinality")],
        "created",
        "created",
    ]
    view = await owner.edges(edge(a, b, "married"), edge(b, a, "married"), edge(c, a, "married"))
    assert told(view)[0] == "created"
    assert told(view)[1][0] == ("/items/1/relationship_type", "mirrored")
    assert told(view)[2] == [("/items/2/target_entity_id", "cardinality")]
    again = await owner.edges(edge(d, b, "married"), edge(d, c, "married"), edge(a, d, "heads"))
    assert told(again) == [
        [("/items/0/target_entity_id", "cardinality")],
        "created",
        [("/items/2/source_entity_id", "cardinality"), ("/items/2/target_entity_id", "cardinality")],
    ]


async def test_a_row_that_gives_a_place_up_leaves_it_to_those_after_it(owner: Owner) -> None:
    await owner.choose(Enforcement.ENFORCE)
    await owner.declare("heads", ONE_TO_ONE)
    a, b, c, d = [await owner.entity() for _ in range(4)]
    first = await owner.edge(a, b, "heads")
    taken = edge(a, c, "heads")
    moved = edge(d, b, "heads", id=str(first))
    assert told(await owner.edges(taken, moved, taken | {"confidence": 0.5})) == [
        [("/items/0/source_entity_id", "cardinality")],
        "updated",
        "created",
    ]
    assert told(await owner.edges(edge(d, b, "heads", id=str(first), confidence=0.1))) == ["updated"], (
        "nothing is in its own way"
    )


async def test_a_refused_row_is_in_nobodys_way(owner: Owner) -> None:
    await owner.choose(Enforcement.ENFORCE)
    needs = {"required": ["since"]}
    await owner.declare("heads", RelationshipType(cardinality=Cardinality.ONE_TO_ONE, metadata_schema=needs))
    a, b = await owner.entity(), await owner.entity()
    good = edge(a, b, "heads", metadata={"since": 1})
    assert told(await owner.edges(edge(a, a, "heads"), good)) == [
        [("/items/0/metadata", "schema_required")],
        "created",
    ]


async def test_rows_that_wait_for_others_keep_their_turn(owner: Owner) -> None:
    await owner.choose(Enforcement.ENFORCE)
    await owner.declare("heads", ONE_TO_ONE)
    a, b, c, d = [await owner.entity() for _ in range(4)]
    x = {"external_id": "x"}
    # The second row waits for the first, which has its external id; the third is not to pass it.
    view = await owner.edges(edge(a, b, "heads", **x), edge(c, d, "heads", **x), edge(c, b, "heads"))
    assert told(view) == ["created", "updated", [("/items/2/source_entity_id", "cardinality")]]


async def test_an_import_lists_refused_rows_or_imports_nothing(owner: Owner) -> None:
    await owner.declare("person", AGED)
    await owner.choose(Enforcement.ENFORCE)
    importing = Importing(owner.store, owner.user)
    ada, bob = str(uuid4()), str(uuid4())
    rows = [entity_row("Ada", id=ada, metadata={"age": 1}), entity_row("Bob", id=bob), edge_row(ada, bob)]
    ended, refused = await importing.rows(*rows, all_or_nothing=True)
    assert (ended.status, refused) == (
        "failed",
        [(2, "/metadata", "schema_required"), (3, "/target_entity_id", "no_such_entity")],
    )
    assert await entities_of(importing) == {}
    ended, refused = await importing.rows(*rows)
    assert (ended.status, ended.result["refused"]) == ("partial", 2)
    assert set(await entities_of(importing)) == {"Ada"}
    rows[1]["metadata"] = {"age": 2}
    ended, refused = await importing.rows(*rows, all_or_nothing=True)
    assert (ended.status, refused) == ("succeeded", [])
    assert len(await edges_of(importing)) == 1


async def test_an_import_counts_and_lists_what_it_was_warned_of(owner: Owner) -> None:
    await owner.declare("person", AGED)
    await owner.choose(Enforcement.WARN)
    importing = Importing(owner.store, owner.user)
    rows = [entity_row("Ada", metadata={"age": "x"}), entity_row("Bob", metadata={"age": 1}), entity_row()]
    for all_or_nothing in (False, True):
        job = await importing.accept_rows(*rows, all_or_nothing=all_or_nothing)
        outcome = await importing.run(job)
        assert (outcome.status, outcome.result["warned"], outcome.result["refused"]) == ("succeeded", 2, 0)
        assert await importing.warned(job) == [
            (1, "/metadata/age", "schema_type"),
            (3, "/metadata", "schema_required"),
        ]
        assert await importing.refused(job) == []


@pytest.mark.parametrize("all_or_nothing", [False, True])
async def test_what_is_declared_elsewhere_meanwhile_counts(owner: Owner, all_or_nothing: bool) -> None:
    importing = Importing(owner.store, owner.user)
    other = Owner(owner.store.elsewhere(), owner.user)
    await importing.rows(entity_row("Before"))
    await other.declare("person", AGED)
    await other.choose(Enforcement.ENFORCE)
    _, refused = await importing.rows(entity_row("Bob"), all_or_nothing=all_or_nothing)
    assert refused == [(1, "/metadata", "schema_required")]
    await other.declare("person", EntityType(metadata_schema={"required": ["name"]}), force=True)
    assert told(await owner.entities(person())) == [[("/items/0/metadata", "schema_required")]]


async def test_of_bulk_writes_at_once_one_takes_the_only_place(owner: Owner) -> None:
    await owner.choose(Enforcement.ENFORCE)
    await owner.declare("heads", ONE_TO_ONE)
    ada, *others = [await owner.entity() for _ in range(9)]
    views = await asyncio.gather(*(owner.edges(edge(ada, other, "heads")) for other in others))
    statuses = [view.rows[0].status for view in views]
    assert (statuses.count("created"), statuses.count("refused")) == (1, 7)
