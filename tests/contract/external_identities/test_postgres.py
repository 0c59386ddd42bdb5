"""Postgres keeps the contracts of external identities, and keeps accounts apart by itself."""

import contextlib
from collections.abc import AsyncIterator

import asyncpg
import pytest

from adapters.postgres.external_identities import PostgresExternalIdentityQueries, PostgresSpentLogins
from adapters.postgres.identity_queries import PostgresAccountQueries
from adapters.postgres.provision import Logins
from adapters.postgres.unit_of_work import PostgresUnitOfWork
from application.shared.principal import Principal
from tests.contract.external_identities.contract import (
    AbsentAccountContract,
    ExternalIdentityContract,
    OidcStore,
    SpentLoginsContract,
    an_identity,
    pending,
    stored,
)
from tests.contract.identity.contract import NOW, a_user, acting_as
from tests.contract.systems import PostgresSystem, postgres_system


class PostgresOidcStore:
    def __init__(self, system: PostgresSystem) -> None:
        self.system = system
        self.accounts = PostgresAccountQueries(system.database)
        self.identities = PostgresExternalIdentityQueries(system.database)
        self.spent = PostgresSpentLogins(system.database)

    def start_work(self, principal: Principal) -> contextlib.AbstractAsyncContextManager[PostgresUnitOfWork]:
        return self.system.start_work(principal)


@pytest.fixture
async def store(migrated_database: Logins) -> AsyncIterator[PostgresOidcStore]:
    async with postgres_system(migrated_database) as system:
        yield PostgresOidcStore(system)


class TestPostgresExternalIdentities(ExternalIdentityContract):
    async def test_hides_identities_and_finished_logins_from_a_query_without_a_user(
        self, store: PostgresOidcStore
    ) -> None:
        user = a_user()
        await stored(store, user, an_identity(user))
        await store.spent.spend(pending(), NOW)
        async with store.system.database.connection() as connection:
            for table in ("external_identities", "spent_logins"):
                assert await connection.fetchval(f"select count(*) from backend_auth.{table}") == 0

    async def test_a_statement_without_its_predicate_reaches_nobody_elses(
        self, store: PostgresOidcStore
    ) -> None:
        ada, eve = a_user(), a_user("eve@example.org")
        await stored(store, ada, an_identity(ada))
        await stored(store, eve, an_identity(eve, "eve"))
        async with store.start_work(acting_as(eve.id)) as work:
            rows = await work.connection.fetch("select subject from backend_auth.external_identities")
            assert [row["subject"] for row in rows] == ["eve"]
            tag = await work.connection.execute("delete from backend_auth.external_identities")
            assert tag == "DELETE 1"
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await work.external_identities.add(an_identity(ada, "other"))

    async def test_a_login_finds_identities_and_changes_none(self, store: PostgresOidcStore) -> None:
        user = a_user()
        await stored(store, user, an_identity(user))
        async with store.system.database.connection() as connection, connection.transaction():
            await connection.execute("select backend_operations.act_within('authentication')")
            found = await connection.fetchval("select count(*) from backend_auth.external_identities")
            changed = await connection.execute("update backend_auth.external_identities set subject = 'eve'")
        assert (found, changed) == (1, "UPDATE 0")


class TestPostgresAbsentAccounts(AbsentAccountContract):
    pass


class TestPostgresSpentLogins(SpentLoginsContract):
    async def remembered(self, store: OidcStore) -> int:
        assert isinstance(store, PostgresOidcStore)
        async with store.system.database.connection() as connection, connection.transaction():
            await connection.execute("select backend_operations.act_within('authentication')")
            count: int = await connection.fetchval("select count(*) from backend_auth.spent_logins")
        return count
