"""Both stores of signing keys keep their contract, and Postgres shows them through its functions only."""

from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest

from adapters.memory.signing_keys import InMemorySigningKeyStore
from adapters.postgres.audit_ledger import PostgresAuditLedger
from adapters.postgres.engine import Database, PoolSettings, driver_dsn
from adapters.postgres.provision import Logins
from adapters.postgres.signing_keys import PostgresSigningKeyStore
from adapters.system.clock import SystemClock
from application.operations.verify_audit import VerifyAudit
from domain.operations.audit import NOBODY, AuditEntry
from tests.contract.identity.signing_keys_contract import (
    Audited,
    SigningKeyStoreContract,
    a_change,
    first,
)


class TestMemorySigningKeys(SigningKeyStoreContract):
    @pytest.fixture
    def store(self) -> InMemorySigningKeyStore:
        return InMemorySigningKeyStore()

    @pytest.fixture
    def audited(self, store: InMemorySigningKeyStore) -> Audited:
        async def rows() -> Sequence[AuditEntry]:
            return store.audit

        return rows


class TestPostgresSigningKeys(SigningKeyStoreContract):
    @pytest.fixture
    async def database(self, migrated_database: Logins) -> AsyncIterator[Database]:
        async with Database(migrated_database.runtime_url, PoolSettings()) as database:
            yield database

    @pytest.fixture
    def store(self, database: Database) -> PostgresSigningKeyStore:
        return PostgresSigningKeyStore(database)

    @pytest.fixture
    def audited(self, database: Database) -> Audited:
        async def rows() -> Sequence[AuditEntry]:
            ledger = PostgresAuditLedger(database)
            await ledger.seal(100)
            verified = await VerifyAudit(ledger, SystemClock())()
            assert verified.findings == []
            return [row.entry for _, row in await ledger.rows(1, verified.seals)]

        return rows

    async def test_lets_nobody_note_a_change_that_was_not_made(self, database: Database) -> None:
        insert = """
            insert into backend_operations.audit_logs
                (user_id, id, actor_id, action, resource_id, outcome, request_id, occurred_at)
            values ($1, gen_random_uuid(), $1, 'user.deleted', $1, 'success', 'a-request', now())
        """
        async with database.connection() as connection, connection.transaction():
            await connection.execute("select set_config('app.scope', 'signing', true)")
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                await connection.execute(insert, NOBODY)

    @pytest.mark.parametrize(
        "statement",
        [
            "select * from backend_auth.signing_keys",
            "insert into backend_auth.signing_keys (kid) values ('mine')",
            "update backend_auth.signing_keys set state = 'current'",
            "delete from backend_auth.signing_keys",
            # Without a row in the audit log.
            "select backend_auth.replace_signing_keys('{}', '{}', '{}', '{}', '{}', '{}', '{}')",
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
        assert await store.replace([], first(), a_change())
        async with database.connection() as connection, connection.transaction():
            await connection.fetch("select * from backend_auth.read_signing_keys()")
            assert await connection.fetchval("select current_setting('app.scope', true)") in (None, "")

    async def test_confines_the_owner_too(
        self, migrated_database: Logins, store: PostgresSigningKeyStore
    ) -> None:
        assert await store.replace([], first(), a_change())
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
            await store.replace([], twice, a_change())
        assert await store.keys() == []
