"""What Postgres plans by follows a large import at once, though the runtime login owns no table."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from adapters.postgres.engine import driver_dsn
from adapters.postgres.graph_imports import PostgresRefreshStatistics
from adapters.postgres.provision import Logins
from domain.graph.bulk import BulkMode
from tests.contract.graph.declaring import Owner
from tests.contract.graph.stores import GraphStore, postgres_store
from tests.contract.systems import PostgresSystem

KNOWN = "select reltuples::bigint from pg_class where oid = $1::text::regclass"


LOOKED_AT = (
    "backend_entities.entities",
    "backend_entities.entity_keys",
    "backend_entities.relationships",
    "backend_operations.events",
)


@pytest.fixture
async def store(migrated_database: Logins) -> AsyncIterator[GraphStore]:
    owner = await asyncpg.connect(driver_dsn(migrated_database.owner_url))
    try:
        for table in LOOKED_AT:  # by nobody else: autovacuum may come by at any moment
            await owner.execute(f"alter table {table} set (autovacuum_enabled = false)")
    finally:
        await owner.close()
    async with postgres_store(migrated_database) as real:
        yield real


async def known(store: GraphStore, table: str) -> int:
    """How many rows Postgres takes a table to have; -1: it has never looked."""
    assert isinstance(store.system, PostgresSystem)
    async with store.system.database.connection() as connection:
        return int(await connection.fetchval(KNOWN, table))


async def test_tables_are_looked_at_when_they_have_grown_and_not_otherwise(store: GraphStore) -> None:
    assert isinstance(store.system, PostgresSystem)
    refresh = PostgresRefreshStatistics(store.system.database)
    owner = Owner(store, await store.system.new_user())
    rows = [{"name": f"Thing {n}", "type": "thing"} for n in range(500)]
    ids = [str(row.id) for row in (await owner.entities(*rows)).rows]
    assert await known(store, "backend_entities.entities") != 500
    await refresh()
    assert await known(store, "backend_entities.entities") == 500
    assert await known(store, "backend_entities.entity_keys") == 500
    assert await known(store, "backend_operations.events") == 501
    await owner.entities({"name": "One more", "type": "thing"}, mode=BulkMode.CREATE)
    await refresh()
    assert await known(store, "backend_entities.entities") == 500, "a row more is nothing new"
    edges = [{"source_entity_id": ids[0], "target_entity_id": one, "relationship_type": "has"} for one in ids]
    await owner.edges(*edges)
    await refresh()
    assert await known(store, "backend_entities.relationships") == 500
    assert await known(store, "backend_operations.events") == 1004
    assert await known(store, "backend_entities.entities") == 500


async def test_the_runtime_login_could_not_do_it_itself(store: GraphStore) -> None:
    assert isinstance(store.system, PostgresSystem)
    owner = Owner(store, await store.system.new_user())
    await owner.entities(*({"name": f"Thing {n}", "type": "thing"} for n in range(500)))
    async with store.system.database.connection() as connection:
        await connection.execute("analyze backend_entities.entities")  # a warning is all it says
    assert await known(store, "backend_entities.entities") != 500
