"""Rows that are written together, held to a schema, come to what they come to one by one."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.postgres.provision import Logins
from application.graph.write_bulk import BulkView
from domain.graph.schema import Cardinality, Enforcement, RelationshipType
from domain.shared.ids import EntityId
from tests.contract.graph.declaring import Owner
from tests.contract.graph.importing import Importing, edges_of
from tests.contract.graph.stores import GraphStore, memory_store, postgres_store

ENTITIES = [EntityId(UUID(int=(7 << 76) | (2 << 62) | n)) for n in range(1, 5)]
EDGES = [str(UUID(int=(7 << 76) | (2 << 62) | n)) for n in range(101, 104)]
TYPES = {
    "free": None,
    "heads": RelationshipType(cardinality=Cardinality.ONE_TO_ONE),
    "member of": RelationshipType(cardinality=Cardinality.MANY_TO_ONE, source_types=["person"]),
    "married": RelationshipType(symmetric=True, cardinality=Cardinality.ONE_TO_ONE),
    "knows": RelationshipType(symmetric=True, metadata_schema={"maxProperties": 0}),
}
END = st.sampled_from([str(one) for one in ENTITIES])
TYPE = st.sampled_from(sorted(TYPES))
# What has a name of its own keeps its ends: what a row moves away from is free for the rows after it only
# where they come in another wave.
NAMED = [{"id": one} for one in EDGES] + [{"external_id": "x"}, {"external_id": "y"}]
PLACED = [
    name
    | {
        "source_entity_id": str(ENTITIES[n % 4]),
        "target_entity_id": str(ENTITIES[(n + 1) % 3]),
        "relationship_type": sorted(TYPES)[n],
    }
    for n, name in enumerate(NAMED)
]
PLACE = st.one_of(
    st.sampled_from(PLACED),
    st.fixed_dictionaries({"source_entity_id": END, "target_entity_id": END, "relationship_type": TYPE}),
)
SAID = st.fixed_dictionaries(
    {},
    optional={
        "confidence": st.sampled_from([0.5, 1]),
        "metadata": st.sampled_from([{}, {"a": 1}]),
        "is_active": st.booleans(),
    },
)
ROW = st.tuples(PLACE, SAID).map(lambda drawn: {**drawn[0], **drawn[1]})
ROWS = st.lists(ROW, max_size=8)


def test_rows_together_come_to_what_they_come_to_one_by_one(migrated_database: Logins) -> None:
    with asyncio.Runner() as runner:
        opened = AsyncExitStack()
        stores = [
            memory_store(),
            runner.run(opened.enter_async_context(postgres_store(migrated_database))),
        ]

        @settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(before=ROWS, rows=ROWS.filter(bool), enforcement=st.sampled_from(list(Enforcement)))
        def compare(before: list[Any], rows: list[Any], enforcement: Enforcement) -> None:
            found = [runner.run(outcomes(store, before, rows, enforcement)) for store in stores]
            assert found[0] == found[1], "Postgres does what the memory does"

        try:
            compare()
        finally:
            runner.run(opened.aclose())


async def outcomes(
    store: GraphStore, before: list[Any], rows: list[Any], enforcement: Enforcement
) -> tuple[object, object]:
    """What became of rows that were written together, and the graph after them."""
    together, alone = [await owner_of(store, before, enforcement) for _ in range(2)]
    at_once = told(await together.edges(*rows))
    one_by_one = [each for row in rows for each in told(await alone.edges(row))]
    assert at_once == one_by_one
    graph = await graph_of(together)
    assert graph == await graph_of(alone)
    return at_once, graph


async def owner_of(store: GraphStore, before: list[Any], enforcement: Enforcement) -> Owner:
    """Somebody with four entities and what was there before anything was declared."""
    owner = Owner(store, await store.system.new_user())
    await owner.entities(
        *(
            {"id": str(one), "name": "E", "type": type_}
            for one, type_ in zip(ENTITIES, ("person", "person", "person", "robot"), strict=True)
        )
    )
    if before:
        await owner.edges(*before)
    for name, declared in TYPES.items():
        if declared is not None:
            await owner.declare(name, declared)
    await owner.choose(enforcement)
    return owner


def told(view: BulkView) -> list[Any]:
    """What became of each row, and what was said of it, wherever it stood."""
    return [
        (row.status, sorted((p.pointer.split("/", 3)[3:], p.code) for p in (*row.errors, *row.warnings)))
        for row in view.rows
    ]


async def graph_of(owner: Owner) -> list[Any]:
    """The edges, but for ids that nobody named."""
    edges = await edges_of(Importing(owner.store, owner.user), deleted=True)
    return sorted(
        (
            (str(e.source_entity_id), str(e.target_entity_id), e.relationship_type, e.is_active),
            (e.confidence, e.external_id or "", str(e.metadata), e.version),
            str(e.id) if str(e.id) in EDGES else "",
        )
        for e in edges
    )
