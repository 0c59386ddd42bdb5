"""Both stores of signing keys keep their contract, and Postgres shows them through its functions only."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from adapters.memory.signing_keys import InMemorySigningKeyStore
from adapters.postgres.engine import Database, PoolSettings, driver_dsn
from adapters.postgres.provision import Logins
from adapters.postgres.signing_keys import PostgresSigningKeyStore
from tests.contract.identity.signing_keys_contract import SigningKeyStoreContract, first


class TestMemorySigningKeys(SigningKeyStoreContract):
    @pytest.fixture
    def store(self) -> InMemorySigningKeyStore:
        return InMemorySigningKeyStore()


class TestPostgresSigningKeys(SigningKeyStoreContract):
    @pytest.fixture
    async def database(self, migrated_database: Logins) -> AsyncIterator[Database]:
        async with Database(migrated_database.runtime_url, PoolSettings()) as database:
            yield database

    @pytest.fixture
    def store(self, database: Database) -> PostgresSigningKeyStore:
        return PostgresSigningKeyStore(database)

    @pytest.mark.parametrize(
        "statement",
        [
            "select * from backend_auth.signing_keys",
            "insert into backend_auth.signing_keys (kid) values ('mine')",
            "update backend_auth.signing_keys set state = 'current'",
            "delete from backend_auth.signing_keys",
        ],
    )
    async def test_gives_the_runtime_login_no_right_to_the_table(
        self, database: Database, statement: str
    ) -> None:
        async with database.connection() as connection:
            await connection.execute("select set_config('app.scope', 'signing', false)")
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
                await connection.execute(statement)
            await connection.execute("select set_config('app.scope', '', false)")

    async def test_leaves_no_scope_behind(self, database: Database, store: PostgresSigningKeyStore) -> None:
        assert await store.replace([], first())
        async with database.connection() as connection, connection.transaction():
            await connection.fetch("select * from backend_auth.read_signing_keys()")
            assert await connection.fetchval("select current_setting('app.scope', true)") in (None, "")

    async def test_confines_the_owner_too(
        self, migrated_database: Logins, store: PostgresSigningKeyStore
    ) -> None:
        assert await store.replace([], first())
        owner = await asyncpg.connect(driver_dsn(migrated_database.owner_url))
        try:
            assert await owner.fetchval("select count(*) from backend_auth.signing_keys") == 0
        finally:
            await owner.close()

    async def test_holds_one_key_that_signs_and_one_that_is_next(
        self, store: PostgresSigningKeyStore
    ) -> None:
        twice = [*first("a"), *first("b")]
        with pytest.raises(asyncpg.UniqueViolationError):
            await store.replace([], twice)
        assert await store.keys() == []
