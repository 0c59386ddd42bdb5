"""Accounts without a password outlive a step back to where every account had one."""

from uuid import UUID

from adapters.postgres import migrations
from adapters.postgres.provision import Logins
from tests.contract.identity.contract import IDS
from tests.contract.systems import postgres_system

ADD = """
insert into backend_auth.users (id, email, password_hash, created_at, updated_at)
values ($1, 'ada@example.org', null, now(), now())
"""


async def test_an_account_without_a_password_survives_the_way_down(migrated_database: Logins) -> None:
    user_id = IDS.new()
    await run(migrated_database, user_id, ADD)
    await migrations.downgrade(migrated_database, "0005")
    kept = "select password_hash from backend_auth.users where id = $1"
    assert await run(migrated_database, user_id, kept) == ""
    await migrations.upgrade(migrated_database)
    assert await run(migrated_database, user_id, kept) is None


async def run(logins: Logins, user_id: UUID, statement: str) -> object:
    async with (
        postgres_system(logins) as system,
        system.database.connection() as connection,
        connection.transaction(),
    ):
        await connection.execute("select backend_operations.act_as($1)", user_id)
        return await connection.fetchval(statement, user_id)
