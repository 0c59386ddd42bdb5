"""How often the graph's use cases and reads speak to the database: what performance rests on, counted."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest
from asyncpg.connection import LoggedQuery

from adapters.postgres.graph_queries import PostgresEntityQueries, PostgresRelationshipQueries
from adapters.postgres.graph_traversal import PostgresGraphQueries
from adapters.postgres.provision import Logins
from adapters.system.clock import SystemClock
from application.graph.change_schema_settings import ChangeSchemaSettings, ChangeSchemaSettingsCommand
from application.graph.create_entity import CreateEntity, CreateEntityCommand
from application.graph.create_relationship import CreateRelationship, CreateRelationshipCommand
from application.graph.declare_type import DeclareType, DeclareTypeCommand
from application.graph.delete_entity import DeleteEntity, DeleteEntityCommand
from application.graph.queries import EntityFilter, RelationshipFilter
from application.graph.traversal import CommonNeighborsRequest, NeighborhoodRequest, PathsRequest, Weight
from application.graph.update_entity import UpdateEntity, UpdateEntityCommand
from application.graph.write_bulk import WriteBulk, WriteBulkCommand
from application.shared.pages import PageRequest
from application.shared.principal import IdempotencyKey
from domain.graph.entity import EntityContent
from domain.graph.relationship import RelationshipContent
from domain.graph.schema import Cardinality, Enforcement, EntityType, RelationshipType, UndeclaredTypes
from domain.shared.ids import EntityId, RelationshipId
from tests.contract.extraction.library import library_in
from tests.contract.graph.declaring import Declaring
from tests.contract.systems import IDS, PostgresSystem, postgres_system, principal

PAGE = PageRequest(sort="created_at", descending=True)
ADA = EntityContent(name="Ada", type="person", aliases=["Countess"], metadata={"a": 1})


@pytest.fixture
async def system(migrated_database: Logins) -> AsyncIterator[PostgresSystem]:
    async with postgres_system(migrated_database, pool=1) as system:
        yield system


Count = Callable[[Callable[[], Awaitable[object]]], Awaitable[int]]


@pytest.fixture
def count(system: PostgresSystem) -> Count:
    async def counted(act: Callable[[], Awaitable[object]]) -> int:
        sent: list[str] = []

        def note(query: LoggedQuery) -> None:
            sent.append(query.query)

        async with system.database.connection() as connection:
            connection.add_query_logger(note)
        try:
            await act()
            await asyncio.sleep(0)  # the driver tells in the next turn of the loop
        finally:
            async with system.database.connection() as connection:
                connection.remove_query_logger(note)
        return len(sent)

    return counted


async def test_counts_what_is_sent(system: PostgresSystem, count: Count) -> None:
    async def two() -> None:
        async with system.database.connection() as connection:
            await connection.execute("select 1")
            await connection.fetch("select 2")

    assert await count(two) == 2


async def test_a_creation_takes_four_and_a_read_one(system: PostgresSystem, count: Count) -> None:
    user, clock, work = await system.new_user(), SystemClock(), system.start_work
    me = principal(user, IdempotencyKey(key="k", fingerprint=b"f" * 32))
    create = CreateEntity(work, clock, IDS)
    # The first use of a connection also asks for the types of arrays, once.
    entity = await create(CreateEntityCommand(principal=principal(user), content=ADA))
    assert await count(lambda: create(CreateEntityCommand(principal=me, content=ADA))) == 4
    edge = RelationshipContent(
        source_entity_id=EntityId(entity.id), target_entity_id=EntityId(entity.id), relationship_type="is"
    )
    relate = CreateRelationship(work, clock, IDS)
    command = CreateRelationshipCommand(principal=principal(user), content=edge)
    assert await count(lambda: relate(command)) == 4
    entities, graph = PostgresEntityQueries(system.database), PostgresGraphQueries(system.database)
    relationships = PostgresRelationshipQueries(system.database)
    page = await relationships.relationships(user, RelationshipFilter(), PAGE)
    ends = PathsRequest(source=EntityId(entity.id), target=EntityId(entity.id))
    other = await create(CreateEntityCommand(principal=principal(user), content=replace(ADA, name="Bob")))
    beside = CommonNeighborsRequest(source=EntityId(entity.id), target=EntityId(other.id))
    reads: list[Callable[[], Awaitable[object]]] = [
        lambda: entities.entity(user, EntityId(entity.id)),
        lambda: entities.entities(user, EntityFilter(q="ada", metadata={"a": "1"}), PAGE),
        lambda: relationships.relationship(user, RelationshipId(page.rows[0].id)),
        lambda: relationships.relationships(user, RelationshipFilter(entity_id=EntityId(entity.id)), PAGE),
        lambda: graph.neighborhood(user, NeighborhoodRequest(entity_id=EntityId(entity.id), depth=5)),
        lambda: graph.paths(user, ends),
        lambda: graph.paths(user, replace(ends, weight=Weight.CONFIDENCE)),
        lambda: graph.common_neighbors(user, beside),
        lambda: graph.stats(user),
    ]
    assert [await count(read) for read in reads] == [1] * len(reads)


async def test_bulk_writes_take_as_many_for_many_rows_as_for_few(
    system: PostgresSystem, count: Count
) -> None:
    user, clock, work = await system.new_user(), SystemClock(), system.start_work
    me, write = principal(user), WriteBulk(system.start_work, SystemClock(), IDS)

    async def taken(number: int) -> int:
        """For writing so many entities, changing their type, and relating them twice."""
        made = [{"id": str(IDS.new()), "name": "Ada", "type": "person"} for _ in range(number)]
        pairs = zip(made, [*made[1:], made[0]], strict=True)
        edges = [
            {"source_entity_id": a["id"], "target_entity_id": b["id"], "relationship_type": "heads"}
            for a, b in pairs
        ]
        changed = [row | {"type": "user"} for row in made]
        trusted = [row | {"confidence": 0.5} for row in edges]

        async def act() -> None:
            for rows, relationships in ((made, False), (edges, True), (changed, False), (trusted, True)):
                command = WriteBulkCommand(principal=me, rows=rows, relationships=relationships)
                assert (await write(command)).counts["refused"] == 0

        return await count(act)

    await taken(2)  # the first use of a connection also asks for the types of arrays, once
    unheld = await taken(2)
    assert await taken(300) == unheld
    heads = RelationshipType(cardinality=Cardinality.ONE_TO_ONE, source_types=["person", "user"])
    for name, declared in (("heads", heads), ("person", EntityType()), ("user", EntityType())):
        declare = DeclareTypeCommand(principal=me, type=name, declared=declared)
        await DeclareType(work, clock)(declare)
    await taken(2)  # a process reads a schema once
    assert await taken(300) == unheld, "what is declared costs nothing while it is off"
    enforce = ChangeSchemaSettingsCommand(
        principal=me, enforcement=Enforcement.ENFORCE, undeclared_types=UndeclaredTypes.REFUSE
    )
    await ChangeSchemaSettings(work, clock)(enforce)
    await taken(2)
    held = await taken(2)
    assert await taken(300) == held
    assert held < 2 * unheld


async def test_extraction_asks_about_a_schema_only_where_it_is_enforced(
    system: PostgresSystem, count: Count
) -> None:
    library = await library_in(system)
    owner = Declaring(system, library.user)

    async def taken(content: str) -> int:
        document_id = (await library.add(content)).document.id
        [item] = await library.items(await library.request(document_id))
        return await count(lambda: library.run_item(item))

    await taken("Zoe knows Yan.")  # a process reads a schema once
    assert await taken("Ada knows Bob.") == 14
    await owner.declare("knows", RelationshipType(cardinality=Cardinality.MANY_TO_ONE))
    for enforcement in (Enforcement.OFF, Enforcement.WARN):
        await owner.choose(enforcement, UndeclaredTypes.REFUSE)
        await taken(f"Zoe knows Yan while {enforcement}.")
        assert await taken(f"Carl{enforcement} knows Dan{enforcement}.") == 14
    await owner.choose(Enforcement.ENFORCE)
    await taken("Zoe knows Xaver.")
    held = await taken("Dora knows Eve.")
    assert held == 17, "what relationships have around them is asked for at once"
    assert await taken(". ".join(f"N{n} knows N{n + 1}" for n in range(100))) == held


async def test_a_change_and_a_deletion_take_five(system: PostgresSystem, count: Count) -> None:
    user, clock, work = await system.new_user(), SystemClock(), system.start_work
    me = principal(user)
    entity = await CreateEntity(work, clock, IDS)(CreateEntityCommand(principal=me, content=ADA))
    change = UpdateEntityCommand(principal=me, entity_id=EntityId(entity.id), change={"name": "Ada King"})
    assert await count(lambda: UpdateEntity(work, clock)(change)) == 5
    removal = DeleteEntityCommand(principal=me, entity_id=EntityId(entity.id))
    assert await count(lambda: DeleteEntity(work, clock)(removal)) == 5
