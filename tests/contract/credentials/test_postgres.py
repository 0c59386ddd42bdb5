"""The store in Postgres keeps the contract of credentials, under row level security and in parallel."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import asyncpg
import pytest

from adapters.postgres.credential_queries import PostgresCredentialQueries
from adapters.postgres.provision import Logins
from adapters.postgres.unit_of_work import PostgresUnitOfWork
from application.shared.principal import Principal
from domain.credentials.credential import Provider
from domain.shared.errors import AccountGone
from domain.shared.ids import UserId
from tests.contract.credentials.contract import OLD, CredentialStoreContract, a_credential, put
from tests.contract.systems import IDS, PostgresSystem, postgres_system, principal


class PostgresCredentialStore:
    def __init__(self, system: PostgresSystem) -> None:
        self.system = system
        self.credentials = PostgresCredentialQueries(system.database)
        self.new_user = system.new_user

    def start_work(self, principal: Principal) -> contextlib.AbstractAsyncContextManager[PostgresUnitOfWork]:
        return self.system.start_work(principal)


@pytest.fixture
async def store(migrated_database: Logins) -> AsyncIterator[PostgresCredentialStore]:
    async with postgres_system(migrated_database) as system:
        yield PostgresCredentialStore(system)


class TestPostgresCredentials(CredentialStoreContract):
    async def test_twenty_at_once_leave_one_with_twenty_versions(
        self, store: PostgresCredentialStore
    ) -> None:
        user_id = await store.new_user()
        stored = await asyncio.gather(*(put(store, a_credential(user_id)) for _ in range(20)))
        assert sorted(each.version for each in stored) == list(range(100, 120))
        assert len({each.id for each in stored}) == 1
        assert len(await store.credentials.all(user_id)) == 1

    async def test_a_query_without_a_user_sees_none_of_them(self, store: PostgresCredentialStore) -> None:
        await put(store, a_credential(await store.new_user()))
        async with store.system.database.connection() as connection:
            assert await connection.fetchval("select count(*) from backend_auth.provider_credentials") == 0

    async def test_a_query_that_forgets_its_user_sees_only_its_own(
        self, store: PostgresCredentialStore
    ) -> None:
        ada, eve = await store.new_user(), await store.new_user()
        await put(store, a_credential(ada))
        async with store.start_work(principal(eve)) as work:
            for statement in (
                "update backend_auth.provider_credentials set key_id = 'x'",
                "delete from backend_auth.provider_credentials",
            ):
                assert (await work.connection.execute(statement)).endswith(" 0")
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                await work.credentials.put(a_credential(ada, Provider.HUGGINGFACE))

    async def test_resealing_reads_but_does_not_write_for_everybody(
        self, store: PostgresCredentialStore
    ) -> None:
        await put(store, a_credential(await store.new_user()))
        async with store.system.database.connection() as connection, connection.transaction():
            await connection.execute("select backend_operations.act_within('resealing')")
            tag = await connection.execute("update backend_auth.provider_credentials set key_id = 'x'")
            assert tag == "UPDATE 0"
            assert await connection.execute("delete from backend_auth.provider_credentials") == "DELETE 0"
        assert dict(await store.credentials.by_key()) == {OLD: 1}

    async def test_an_accounts_end_takes_them_along(self, store: PostgresCredentialStore) -> None:
        user_id = await store.new_user()
        await put(store, a_credential(user_id))
        async with store.start_work(principal(user_id)) as work:
            await work.users.delete(user_id)
            await work.commit()
        assert dict(await store.credentials.by_key()) == {}
        with pytest.raises(AccountGone):
            await put(store, a_credential(UserId(IDS.new())))
