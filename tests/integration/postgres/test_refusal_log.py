"""Refusals that no unit of work writes: nothing else gets in that way, and the seals hold them too."""

from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from adapters.postgres import migrations
from adapters.postgres.audit_ledger import PostgresAuditLedger
from adapters.postgres.provision import Logins
from adapters.postgres.refusal_log import PostgresRefusalLog
from adapters.system.clock import SystemClock
from application.operations.verify_audit import VerifyAudit
from domain.operations.audit import NOBODY
from tests.contract.operations.test_audit import refusal
from tests.contract.systems import postgres_system
from tests.integration.postgres.test_audit_seals import LOGS, Sealed
from tests.servers.postgres import PostgresTestServer


@pytest.fixture
async def empty(migrated_database: Logins, postgres_server: PostgresTestServer) -> AsyncIterator[Sealed]:
    superuser = postgres_server.database_dsn(migrated_database.runtime_url.rpartition("/")[2])
    async with postgres_system(migrated_database) as system:
        yield Sealed(system, PostgresAuditLedger(system.database), superuser, migrated_database.runtime_url)


@pytest.mark.parametrize("change", ["action = 'user.deleted'", "outcome = 'success'"])
async def test_only_refusals_can_be_written_without_their_account(empty: Sealed, change: str) -> None:
    name, _, value = change.partition(" = ")
    columns = {"action": "'access.refused'", "outcome": "'failure'", name: value}
    statement = (
        f"insert into {LOGS} (user_id, id, actor_id, resource_id, request_id, occurred_at, action, outcome) "
        f"select $1, gen_random_uuid(), $1, $1, '', now(), {columns['action']}, {columns['outcome']} "
        "from backend_operations.act_within('refusals') as entered where entered is not null"
    )
    async with empty.system.database.connection() as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await connection.execute(statement, UUID(int=0))


@pytest.mark.parametrize("change", ["occurrences = 1", "reason = null", "user_id = gen_random_uuid()"])
async def test_finds_a_changed_refusal_of_nobody_known(empty: Sealed, change: str) -> None:
    await PostgresRefusalLog(empty.system.database).write([refusal(NOBODY, 9)])
    assert await empty.ledger.seal(10) == 1
    assert await empty.faults() == []
    await empty.tamper(f"update {LOGS} set {change} where action = 'access.refused'")
    assert await empty.faults() == [("changed", 1, 1)]
    await empty.tamper(f"delete from {LOGS} where action = 'access.refused'")
    assert await empty.faults() == [("missing", 1, 1)]


async def test_rows_that_were_sealed_before_there_were_refusals_still_match(
    migrated_database: Logins, postgres_server: PostgresTestServer
) -> None:
    superuser = postgres_server.database_dsn(migrated_database.runtime_url.rpartition("/")[2])
    await migrations.downgrade(migrated_database, "0007")
    connection = await asyncpg.connect(superuser)
    try:
        await connection.execute(
            f"insert into {LOGS} (user_id, id, actor_id, action, resource_id, request_id, occurred_at) "
            "select n, gen_random_uuid(), n, 'something.happened', n, 'r', now() "
            "from (select gen_random_uuid() as n from generate_series(1, 5)) made"
        )
        assert await connection.fetchval("select backend_operations.seal_audit(10)") == 5
    finally:
        await connection.close()
    await migrations.upgrade(migrated_database)
    async with postgres_system(migrated_database) as system:
        found = await VerifyAudit(PostgresAuditLedger(system.database), SystemClock())()
    assert (found.rows, found.findings) == (5, [])
