"""Connections go from hand to hand: never with somebody's transaction, never past somebody who waits."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.postgres import engine
from adapters.postgres.engine import Database, PoolSettings
from adapters.postgres.provision import Logins
from domain.shared.errors import Unavailable

IN_TRANSACTION = "select pg_current_xact_id_if_assigned() is not null"
BEGIN = "begin; select pg_current_xact_id()"


@pytest.fixture(params=[0.0, 3600.0], ids=["given back at once", "kept"])
async def database(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, migrated_database: Logins
) -> AsyncIterator[Database]:
    monkeypatch.setattr(engine, "KEPT", request.param)
    settings = PoolSettings(max_size=2, acquire_timeout=30)
    async with Database(migrated_database.runtime_url, settings) as database:
        yield database


async def test_everybody_gets_one_in_time(database: Database) -> None:
    at_once, most = 0, 0

    async def use() -> None:
        nonlocal at_once, most
        for _ in range(20):
            async with database.connection() as connection:
                at_once += 1
                most = max(most, at_once)
                await connection.fetchval("select 1")
                at_once -= 1

    async with asyncio.timeout(120), asyncio.TaskGroup() as group:
        for _ in range(30):
            group.create_task(use())
    assert most == 2


async def test_who_waits_is_served_before_who_comes_again(database: Database) -> None:
    served = asyncio.Event()

    async def wait() -> None:
        async with database.connection() as connection:
            await connection.fetchval("select 1")
            served.set()

    async with database.connection(), asyncio.TaskGroup() as group:
        async with database.connection() as connection:
            group.create_task(wait())
            await connection.fetchval("select 1")
            assert not served.is_set()
        async with asyncio.timeout(30), database.connection():
            assert served.is_set()


async def test_all_of_them_busy_is_an_outage(migrated_database: Logins) -> None:
    settings = PoolSettings(max_size=1, acquire_timeout=0.05)
    async with Database(migrated_database.runtime_url, settings) as database, database.connection():
        with pytest.raises(Unavailable, match="too busy"):
            async with database.connection():
                raise AssertionError


@pytest.mark.parametrize("fails", [False, True])
async def test_a_transaction_left_open_ends_with_its_use(database: Database, fails: bool) -> None:
    for _ in range(3):
        try:
            async with database.connection() as connection:
                await connection.execute(BEGIN)
                assert await connection.fetchval(IN_TRANSACTION)
                if fails:
                    raise LookupError
        except LookupError:
            assert fails
        async with database.connection() as one, database.connection() as another:
            assert not await one.fetchval(IN_TRANSACTION)
            assert not await another.fetchval(IN_TRANSACTION)


async def test_a_cancelled_use_leaves_a_connection_that_works(database: Database) -> None:
    async def sleep_there() -> None:
        async with database.connection() as connection:
            await connection.execute(BEGIN)
            began.set()
            await connection.fetchval("select pg_sleep(60)")

    for _ in range(3):
        began = asyncio.Event()
        task = asyncio.create_task(sleep_there())
        await began.wait()
        task.cancel()
        await asyncio.wait([task], timeout=30)
        assert task.cancelled()
        async with database.connection() as one, database.connection() as another:
            assert not await one.fetchval(IN_TRANSACTION)
            assert not await another.fetchval(IN_TRANSACTION)
