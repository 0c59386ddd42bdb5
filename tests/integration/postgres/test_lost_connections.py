"""However a connection is lost, a caller hears `Unavailable`, and the next one gets one that works."""

import asyncio

import pytest

from adapters.postgres.engine import CONNECTION_LOST, Database, PoolSettings
from adapters.postgres.provision import Logins
from domain.shared.errors import Unavailable
from tests.servers.postgres import PostgresTestServer


@pytest.mark.parametrize("lost", CONNECTION_LOST)
async def test_every_loss_the_driver_tells_of_is_an_outage(
    migrated_database: Logins, lost: type[Exception]
) -> None:
    async with Database(migrated_database.runtime_url, PoolSettings()) as database:
        with pytest.raises(Unavailable, match="the database does not answer"):
            async with database.connection():
                raise lost("gone")


async def test_connections_the_server_has_ended_are_replaced(
    migrated_database: Logins, postgres_server: PostgresTestServer
) -> None:
    answered = 0
    async with Database(migrated_database.runtime_url, PoolSettings(max_size=2)) as database:
        for _ in range(20):
            async with database.connection() as connection:
                backend = await connection.fetchval("select pg_backend_pid()")
            ending = asyncio.to_thread(postgres_server.execute, f"select pg_terminate_backend({backend})")
            async with asyncio.TaskGroup() as group:
                ended = group.create_task(ending)
                # Just then: while it is used, before it is said to be closed, and afterwards.
                while not ended.done():
                    answered += await is_answered(database)
            for _ in range(3):
                answered += await is_answered(database)
            assert await is_answered(database)
    assert answered > 20


async def is_answered(database: Database) -> bool:
    """Whether the database answers; nothing but `Unavailable` may say that it does not."""
    try:
        async with database.connection() as connection:
            return bool(await connection.fetchval("select true"))
    except Unavailable:
        return False
