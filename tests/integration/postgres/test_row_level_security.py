"""Nobody sees another user's rows: not on a shared connection, not by a forgotten predicate, not ever."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import Uuid, bindparam, select
from sqlalchemy.engine import make_url

from adapters.postgres import readiness
from adapters.postgres import tables as t
from adapters.postgres.engine import Database, PoolSettings, driver_dsn
from adapters.postgres.provision import Logins, provision
from adapters.postgres.statements import Statement, confined
from adapters.postgres.versions import head
from domain.shared.ids import UserId
from tests.contract.systems import IDS, PostgresSystem, postgres_system, principal
from tests.servers.postgres import PostgresTestServer

OWN = Statement(
    confined(
        lambda user_id: select(t.entities.c.user_id, t.entities.c.id).where(t.entities.c.user_id == user_id)
    )
)
# What a query that forgot its predicate would do.
FORGETFUL = Statement(confined(lambda _: select(t.entities.c.user_id, t.entities.c.id)))
BY_ID = Statement(
    confined(
        lambda user_id: select(t.entities.c.id).where(
            t.entities.c.user_id == user_id, t.entities.c.id == bindparam("id", type_=Uuid)
        )
    )
)
INSERT = """
insert into backend_entities.entities (user_id, id, name, type, confidence, created_at, updated_at)
values ($1, $2, 'Ada', 'person', 1, now(), now())
"""


@pytest.fixture
async def narrow(migrated_database: Logins) -> AsyncIterator[PostgresSystem]:
    """A pool of one connection."""
    async with postgres_system(migrated_database, pool=1) as system:
        yield system


async def populated(system: PostgresSystem) -> tuple[UserId, UUID]:
    user, entity = await system.new_user(), IDS.new()
    async with system.start_work(principal(user)) as work:
        await work.connection.execute(INSERT, user, entity)
        await work.commit()
    return user, entity


async def test_ten_thousand_alternating_reads_on_one_connection_show_no_other_users_row(
    narrow: PostgresSystem,
) -> None:
    (ada, hers), (bob, his) = await populated(narrow), await populated(narrow)
    wrong = 0
    async with narrow.database.connection() as connection:
        for turn in range(10_000):
            user, own, other = (ada, hers, his) if turn % 2 else (bob, his, hers)
            if turn % 4 < 2:
                rows = await OWN.fetch(connection, user_id=user)
                wrong += [(row["user_id"], row["id"]) for row in rows] != [(user, own)]
            else:
                wrong += await BY_ID.fetchrow(connection, user_id=user, id=other) is not None
    assert wrong == 0


async def test_a_query_that_forgets_its_predicate_is_still_confined(narrow: PostgresSystem) -> None:
    (ada, hers), _ = await populated(narrow), await populated(narrow)
    async with narrow.database.connection() as connection:
        rows = await FORGETFUL.fetch(connection, user_id=ada)
    assert [row["id"] for row in rows] == [hers]


async def test_nothing_stays_set_after_a_statement_or_a_transaction(narrow: PostgresSystem) -> None:
    ada, _ = await populated(narrow)
    async with narrow.database.connection() as connection:
        await OWN.fetch(connection, user_id=ada)
        assert await connection.fetchval("select count(*) from backend_entities.entities") == 0
        assert await connection.fetchval("select current_setting('app.user_id', true)") in (None, "")


async def test_writing_another_users_row_is_refused(narrow: PostgresSystem) -> None:
    ada, bob = await narrow.new_user(), await narrow.new_user()
    async with narrow.start_work(principal(ada)) as work:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await work.connection.execute(INSERT, bob, IDS.new())


async def test_an_edge_between_two_users_is_impossible(narrow: PostgresSystem) -> None:
    (ada, hers), (_, his) = await populated(narrow), await populated(narrow)
    async with narrow.start_work(principal(ada)) as work:
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await work.connection.execute(
                "insert into backend_entities.relationships (user_id, id, source_entity_id, "
                "target_entity_id, type, confidence, created_at, updated_at) "
                "values ($1, $2, $3, $4, 'knows', 1, now(), now())",
                ada,
                IDS.new(),
                hers,
                his,
            )


async def test_audit_rows_cannot_be_changed_or_removed(narrow: PostgresSystem) -> None:
    ada = await narrow.new_user()
    for statement in (
        "update backend_operations.audit_logs set action = ''",
        "delete from backend_operations.audit_logs",
    ):
        async with narrow.start_work(principal(ada)) as work:
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
                await work.connection.execute(statement)


async def test_a_cancelled_transaction_gives_its_connection_back_clean(narrow: PostgresSystem) -> None:
    ada = await narrow.new_user()
    begun = asyncio.Event()

    async def hang() -> None:
        async with narrow.start_work(principal(ada)) as work:
            await work.connection.execute(INSERT, ada, IDS.new())
            begun.set()
            await work.connection.execute("select pg_sleep(60)")

    task = asyncio.create_task(hang())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(30), narrow.database.connection() as connection:
        assert await OWN.fetch(connection, user_id=ada) == []


async def test_a_proper_deployment_raises_no_objection(migrated_database: Logins) -> None:
    async with Database(migrated_database.runtime_url, PoolSettings()) as database:
        assert await readiness.objections(database, head()) == []


async def test_an_owner_as_runtime_login_is_refused(migrated_database: Logins) -> None:
    async with Database(migrated_database.owner_url, PoolSettings()) as database:
        found = await readiness.objections(database, head())
    assert len(found) == 1
    assert "owns tables" in found[0]


async def test_a_superuser_as_runtime_login_is_refused(
    migrated_database: Logins, postgres_server: PostgresTestServer
) -> None:
    name = migrated_database.runtime_url.rpartition("/")[2]
    async with Database(postgres_server.database_dsn(name), PoolSettings()) as database:
        found = await readiness.objections(database, head())
    assert any("is a superuser" in objection for objection in found)


async def test_a_login_with_bypassrls_and_an_unforced_table_are_refused(
    migrated_database: Logins, postgres_server: PostgresTestServer
) -> None:
    name = migrated_database.runtime_url.rpartition("/")[2]
    async with Database(migrated_database.runtime_url, PoolSettings()) as database:
        admin = await asyncpg.connect(driver_dsn(postgres_server.database_dsn(name)))
        role = make_url(migrated_database.runtime_url).username
        try:
            await admin.execute(f'alter role "{role}" bypassrls')
            await admin.execute("alter table backend_entities.entities no force row level security")
            found = await readiness.objections(database, head())
        finally:
            await admin.execute(f'alter role "{role}" nobypassrls')
            await admin.close()
    assert any("BYPASSRLS" in objection for objection in found)
    assert "row level security is not forced on backend_entities.entities" in found


async def test_an_unmigrated_database_is_refused(postgres_server: PostgresTestServer) -> None:
    dsn = postgres_server.create_database()
    try:
        async with Database(dsn, PoolSettings()) as database:
            found = await readiness.objections(database, head())
    finally:
        postgres_server.drop_database(dsn)
    assert found == ["the database has not been migrated: run `kgl migrate upgrade`"]


async def test_provisioning_again_takes_back_what_a_runtime_login_must_not_have(
    migrated_database: Logins, postgres_server: PostgresTestServer
) -> None:
    name = migrated_database.runtime_url.rpartition("/")[2]
    async with Database(migrated_database.runtime_url, PoolSettings()) as database:
        async with database.connection() as connection:
            role = await connection.fetchval("select current_user")
        postgres_server.execute(f'alter role "{role}" bypassrls createrole')
        await provision(postgres_server.database_dsn(name), migrated_database)
        assert await readiness.objections(database, head()) == []
