"""What holding a graph to a declared schema promises, in memory and in Postgres."""

import asyncio
from uuid import UUID

import pytest

from adapters.json_schema.metadata_schemas import CompiledSchemas
from adapters.memory.graph_schema import InMemorySchemaQueries
from adapters.postgres.graph_schema import PostgresSchemaQueries
from application.graph.declare_type import WithdrawType, WithdrawTypeCommand
from application.graph.read_schema import ListViolations, ReadSchema
from application.graph.schema import SchemaQueries
from application.graph.update_entity import UpdateEntity, UpdateEntityCommand
from application.shared.pages import PageRequest
from domain.graph.errors import DeclarationChanged, DeclarationNotFound, RelationshipExists, SchemaViolated
from domain.graph.schema import (
    Cardinality,
    Enforcement,
    EntityType,
    RelationshipType,
    UndeclaredTypes,
)
from domain.shared.errors import InvalidInput
from tests.contract.graph.declaring import AGED, Owner
from tests.contract.graph.stores import GraphStore
from tests.contract.systems import MemorySystem, PostgresSystem


def queries(store: GraphStore) -> SchemaQueries:
    if isinstance(store.system, MemorySystem):
        return InMemorySchemaQueries(store.system.store)
    assert isinstance(store.system, PostgresSystem)
    return PostgresSchemaQueries(store.system.database)


@pytest.fixture
async def owner(store: GraphStore) -> Owner:
    return Owner(store, await store.system.new_user())


async def test_checks_nothing_while_off_and_warns_and_refuses_when_told(owner: Owner) -> None:
    await owner.declare("person", AGED)
    await owner.entity()
    assert owner.warned == []
    await owner.choose(Enforcement.WARN)
    await owner.entity(age="old")
    assert [(v.pointer, v.code) for v in owner.warned] == [
        ("/metadata/age", "schema_type"),
    ]
    await owner.choose(Enforcement.ENFORCE)
    with pytest.raises(InvalidInput) as refusal:
        await owner.entity()
    assert [(v.pointer, v.code) for v in refusal.value.violations] == [("/metadata", "schema_required")]
    await owner.entity(age=7)


async def test_refuses_undeclared_types_when_told(owner: Owner) -> None:
    await owner.choose(Enforcement.ENFORCE, UndeclaredTypes.REFUSE)
    with pytest.raises(InvalidInput) as refusal:
        await owner.entity()
    assert [v.code for v in refusal.value.violations] == ["undeclared_type"]


async def test_reports_what_is_there_and_refuses_an_enforced_declaration_it_breaks(
    owner: Owner, store: GraphStore
) -> None:
    ada = await owner.entity()
    await owner.entity(age=7)
    report = (await owner.declare("person", AGED)).report
    assert (report.checked, report.total, report.complete) == (2, 1, True)
    assert [v.id for v in report.violators] == [ada]
    await owner.choose(Enforcement.ENFORCE)
    stricter = EntityType(metadata_schema={"required": ["age", "size"]})
    with pytest.raises(SchemaViolated) as refusal:
        await owner.declare("person", stricter)
    assert refusal.value.violations[0].pointer.startswith("/entities/")
    made = await owner.declare("person", stricter, force=True)
    assert (made.report.total, made.declaration.version) == (2, 2)
    page = PageRequest(sort="kind", limit=1)
    listing = ListViolations(queries(store), CompiledSchemas())
    first = await listing(owner.user, page)
    second = await listing(owner.user, PageRequest(sort="kind", limit=1, after=first.next))
    assert len({v.id for v in [*first.rows, *second.rows]}) == 2


async def test_declares_the_same_again_without_a_change_and_checks_versions(owner: Owner) -> None:
    first = await owner.declare("person", AGED)
    again = await owner.declare("person", AGED)
    assert (first.created, again.created, again.declaration.version) == (True, False, 1)
    with pytest.raises(DeclarationChanged):
        await owner.declare("person", EntityType(), version=9)


async def test_keeps_ends_to_their_types_also_when_an_entity_changes_its_type(owner: Owner) -> None:
    await owner.choose(Enforcement.ENFORCE)
    await owner.declare("works for", RelationshipType(source_types=["person"], target_types=["company"]))
    ada, firm = await owner.entity(), await owner.entity("company")
    with pytest.raises(InvalidInput) as refusal:
        await owner.edge(firm, ada, "works for")
    assert {v.pointer for v in refusal.value.violations} == {"/source_entity_id", "/target_entity_id"}
    await owner.edge(ada, firm, "works for")
    change = UpdateEntityCommand(principal=owner.me, entity_id=ada, change={"type": "robot"})
    with pytest.raises(InvalidInput) as refusal:
        await UpdateEntity(owner.work, owner.clock)(change)
    assert [v.pointer for v in refusal.value.violations] == ["/type"]


async def test_takes_the_mirror_image_of_a_symmetric_relationship_for_the_same(owner: Owner) -> None:
    await owner.choose(Enforcement.ENFORCE)
    await owner.declare("knows", RelationshipType(symmetric=True))
    ada, bob = await owner.entity(), await owner.entity()
    await owner.edge(ada, bob)
    with pytest.raises(RelationshipExists):
        await owner.edge(bob, ada)


async def test_lets_one_of_twenty_at_once_take_the_only_place(owner: Owner) -> None:
    await owner.choose(Enforcement.ENFORCE)
    await owner.declare("heads", RelationshipType(cardinality=Cardinality.ONE_TO_ONE))
    ada = await owner.entity()
    others = [await owner.entity() for _ in range(20)]
    tried = [owner.edge(ada, other, "heads") for other in others]
    outcomes = await asyncio.gather(*tried, return_exceptions=True)
    assert sum(isinstance(outcome, UUID) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, InvalidInput) for outcome in outcomes) == 19


async def test_shows_a_schema_to_nobody_else(owner: Owner, store: GraphStore) -> None:
    await owner.declare("person", AGED)
    await owner.edge(await owner.entity(), await owner.entity())
    mine = await ReadSchema(queries(store))(owner.user)
    assert [(use.type, use.count) for use in mine.in_use.entity_types] == [("person", 2)]
    assert [end.count for use in mine.in_use.relationship_types for end in use.ends] == [1]
    stranger = Owner(store, await store.system.new_user())
    theirs = await ReadSchema(queries(store))(stranger.user)
    assert (theirs.declared.entity_types, theirs.in_use.entity_types) == ([], [])
    with pytest.raises(DeclarationNotFound):
        await WithdrawType(stranger.work, stranger.clock)(
            WithdrawTypeCommand(principal=stranger.me, type="person", is_entity=True)
        )


@pytest.mark.parametrize(
    ("schema", "pointer", "code"),
    [
        ({"$ref": "http://127.0.0.1/x"}, "/metadata_schema/$ref", "remote_reference"),
        ({"properties": {"a": {"$ref": "#"}}}, "/metadata_schema/properties/a/$ref", "recursive"),
        ({"$ref": "#/$defs/no"}, "/metadata_schema/$ref", "unknown_reference"),
        ({"description": "x" * 20_000}, "/metadata_schema", "too_large"),
        ({"type": "nonsense"}, "/metadata_schema/type", "schema_anyOf"),
        ({"pattern": "(?=a)b"}, "/metadata_schema/pattern", "schema_format"),
    ],
)
async def test_refuses_a_schema_it_cannot_judge_by(
    owner: Owner, schema: dict[str, object], pointer: str, code: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        await owner.declare("person", EntityType(metadata_schema=schema))
    assert [(v.pointer, v.code) for v in refusal.value.violations] == [(pointer, code)]
