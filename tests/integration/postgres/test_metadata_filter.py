"""A filter on metadata finds its rows through an index, although row level security stands before them."""

import uuid
from collections.abc import AsyncIterator

import asyncpg
import pytest

from adapters.postgres import tables as t
from adapters.postgres.engine import driver_dsn
from adapters.postgres.graph_filters import page_query
from adapters.postgres.provision import Logins
from application.graph.queries import EntityFilter
from application.shared.pages import PageRequest
from tests.contract.systems import PostgresSystem, postgres_system

ROWS = 50_000
INDEX = "entities_metadata_idx"


@pytest.fixture
async def system(migrated_database: Logins) -> AsyncIterator[PostgresSystem]:
    async with postgres_system(migrated_database) as system:
        yield system


async def fill(logins: Logins, user: uuid.UUID) -> None:
    """Entities of whom each hundred share a value, made one after the other, planted by the owner."""
    connection = await asyncpg.connect(driver_dsn(logins.owner_url))
    try:
        async with connection.transaction():
            await connection.execute("select backend_operations.act_as($1)", user)
            await connection.execute(
                """
                insert into backend_entities.entities
                    (user_id, id, name, type, confidence, metadata, created_at, updated_at)
                select $1, gen_random_uuid(), 'n' || n, 'person', 1,
                    jsonb_build_object('group', (n / 100)::text, 'number', n, 'same', 'yes'), made, made
                from generate_series(1, $2::integer) as n, lateral (
                    select now() - n * interval '1 second' as made
                ) as t
                """,
                user,
                ROWS,
            )
        await connection.execute("vacuum analyze backend_entities.entities")
    finally:
        await connection.close()


async def test_the_index_answers_under_row_level_security(
    system: PostgresSystem, migrated_database: Logins
) -> None:
    user, stranger = await system.new_user(), await system.new_user()
    await fill(migrated_database, user)
    for wanted, found in (
        ({"group": "77"}, 100),
        ({"number": "77"}, 1),
        ({"group": "3", "number": "345"}, 1),
        ({"group": "none"}, 0),
    ):
        page = PageRequest(sort="created_at", descending=True, limit=200)
        statement, values = page_query(t.entities, EntityFilter(metadata=wanted), page)
        async with system.database.connection() as connection:
            for who, rows in ((user, found), (stranger, 0)):
                given = {**values, "user_id": who}
                assert len(await statement.fetch(connection, **given)) == rows
            arguments = statement.arguments({**values, "user_id": user})
            lines = await connection.fetch("explain (analyze, buffers off) " + statement.sql, *arguments)
        plan = "\n".join(line[0] for line in lines)
        assert INDEX in plan, plan
