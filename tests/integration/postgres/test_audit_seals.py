"""Whoever gets at the rows of the audit log themselves is found out by verifying it."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from adapters.postgres.audit_ledger import PostgresAuditLedger
from adapters.postgres.provision import Logins
from adapters.system.clock import SystemClock
from application.operations.verify_audit import VerifyAudit
from domain.operations.seals import Fault
from domain.shared.ids import UserId
from tests.contract.systems import PostgresSystem, postgres_system, principal, something
from tests.servers.postgres import PostgresTestServer

ROOT = Path(__file__).parents[3]
Faults = Sequence[tuple[str, int | None, int | None]]
LOGS, SEALS = "backend_operations.audit_logs", "backend_operations.audit_seals"


@dataclass(frozen=True, slots=True)
class Sealed:
    """Seven rows under three seals, and a superuser to tamper with them."""

    system: PostgresSystem
    ledger: PostgresAuditLedger
    superuser: str
    runtime_url: str

    async def tamper(self, *statements: str) -> None:
        connection = await asyncpg.connect(self.superuser)
        try:
            async with connection.transaction():
                for statement in statements:
                    await connection.execute(statement)
        finally:
            await connection.close()

    async def faults(self, expected: str | None = None) -> Faults:
        found = await VerifyAudit(self.ledger, SystemClock(), batch=2)(expected)
        return [(each.fault.value, each.seal, each.place) for each in found.findings]

    async def head(self) -> str:
        head = (await VerifyAudit(self.ledger, SystemClock())()).head
        assert head is not None
        return head


async def write(system: PostgresSystem, user: UserId, count: int) -> None:
    async with system.start_work(principal(user)) as work:
        for place in range(count):
            work.record(something(user, str(place)))
        await work.commit()


@pytest.fixture
async def sealed(migrated_database: Logins, postgres_server: PostgresTestServer) -> AsyncIterator[Sealed]:
    superuser = postgres_server.database_dsn(migrated_database.runtime_url.rpartition("/")[2])
    async with postgres_system(migrated_database) as system:
        ledger = PostgresAuditLedger(system.database)
        await write(system, await system.new_user(), 7)
        assert [await ledger.seal(3) for _ in range(3)] == [3, 3, 1]
        made = Sealed(system, ledger, superuser, migrated_database.runtime_url)
        assert await made.faults() == []
        yield made


@pytest.mark.parametrize(
    "change",
    [
        "action = 'something.else'",
        "outcome = 'failure'",
        "address = null",
        "request_id = request_id || '1'",
        "resource_id = user_id",
        "actor_id = resource_id",
        "user_id = actor_id, actor_id = resource_id",
        "occurred_at = occurred_at + interval '1 microsecond'",
        "reason = ''",
        "operation = 'GET /api/v1/entities'",
        "occurrences = 2",
        "last_occurred_at = occurred_at",
    ],
)
async def test_finds_a_changed_row(sealed: Sealed, change: str) -> None:
    await sealed.tamper(f"update {LOGS} set {change} where seal = 2 and place = 3")
    assert await sealed.faults() == [("changed", 2, 3)]


async def test_finds_a_removed_row(sealed: Sealed) -> None:
    await sealed.tamper(f"delete from {LOGS} where seal = 1 and place = 2")
    assert await sealed.faults() == [("missing", 1, 2)]


async def test_finds_swapped_rows(sealed: Sealed) -> None:
    await sealed.tamper(f"update {LOGS} set place = 3 - place where seal = 1 and place < 3")
    assert await sealed.faults() == [("reordered", 1, 1), ("reordered", 1, 2)]


async def test_finds_rows_swapped_between_seals(sealed: Sealed) -> None:
    await sealed.tamper(f"update {LOGS} set seal = 3 - seal where seal < 3 and place = 1")
    assert await sealed.faults() == [("changed", 1, 1), ("changed", 2, 1)]


async def test_finds_a_row_put_under_an_old_seal(sealed: Sealed) -> None:
    await write(sealed.system, await sealed.system.new_user(), 2)
    await sealed.tamper(
        f"update {LOGS} set seal = 1, place = 4 where id = "
        f"(select min(id::text)::uuid from {LOGS} where seal is null)",
        f"update {LOGS} set seal = 1, place = 3 where seal is null",
    )
    assert sorted(await sealed.faults()) == [("added", 1, 3), ("added", 1, 4)]


async def test_finds_a_row_taken_from_under_its_seal(sealed: Sealed) -> None:
    await sealed.tamper(f"update {LOGS} set seal = null, place = null where seal = 1 and place = 1")
    assert await sealed.ledger.seal(10) == 1
    assert await sealed.faults() == [("missing", 1, 1)]


async def test_finds_a_removed_seal(sealed: Sealed) -> None:
    await sealed.tamper(f"delete from {SEALS} where number = 2")
    assert sorted({fault for fault, _, _ in await sealed.faults()}) == [
        "added",
        "seal_missing",
    ]


async def test_finds_a_seal_made_anew_over_changed_rows(sealed: Sealed) -> None:
    await sealed.tamper(
        f"update {LOGS} set action = 'x' where seal = 1",
        f"update {SEALS} s set digests = (select string_agg(backend_operations.audit_digest(a), ''::bytea "
        f"order by place) from {LOGS} a where a.seal = 1) where number = 1",
    )
    assert await sealed.faults() == [("seal_changed", 1, None)]
    await sealed.tamper(
        f"update {SEALS} set digest = sha256(previous || convert_to("
        "concat(number, ',', day, ',', sequence, ',', length(digests) / 32, ','), 'UTF8') || digests) "
        "where number = 1"
    )
    assert await sealed.faults() == [("seal_changed", 2, None)]


async def test_finds_the_end_cut_off_by_a_head_that_was_noted(sealed: Sealed) -> None:
    head = await sealed.head()
    assert await sealed.faults(head) == []
    await sealed.tamper(f"delete from {LOGS} where seal = 3", f"delete from {SEALS} where number = 3")
    assert await sealed.faults() == []
    assert await sealed.faults(head) == [(Fault.SEAL_MISSING.value, None, None)]


async def test_days_follow_one_another_even_when_the_clock_was_set_back(sealed: Sealed) -> None:
    connection = await asyncpg.connect(sealed.superuser)
    try:
        await connection.execute(f"delete from {SEALS}")
        await connection.execute(f"update {LOGS} set seal = null, place = null")
        assert await sealed.ledger.seal(2) == 2
        # The last seal is of a day to come: as if the clock had since been set back.
        to_come = await connection.fetchval("select current_date + 3")
        await connection.execute(
            f"update {SEALS} set day = $1::date, digest = sha256(previous || convert_to("
            f"concat(number, ',', $1::date, ',', sequence, ',', 2, ','), 'UTF8') || digests)",
            to_come,
        )
        assert await sealed.ledger.seal(5) == 5
        rows = await connection.fetch(f"select day, sequence from {SEALS} order by number")
    finally:
        await connection.close()
    assert [tuple(row) for row in rows] == [(to_come, 1), (to_come, 2)]
    assert await sealed.faults() == []


async def test_texts_of_every_kind_seal_and_verify_alike(sealed: Sealed) -> None:
    user = await sealed.system.new_user()
    await sealed.tamper(
        f"insert into {LOGS} (user_id, id, actor_id, action, resource_id, outcome, address, request_id, "
        f"occurred_at) select '{user}', gen_random_uuid(), '{user}', a, '{user}', 'failure', b, r, "
        "o::timestamptz "
        "from (values ('', null, '', '1969-12-31 23:59:59.999999Z'), ('ä~1:,', '', '🙂', '9999-01-01Z'), "
        "('~', '1:~,', E'a\\nb', '2026-11-21 12:00:00.000001+05:30')) v(a, b, r, o)"
    )
    assert await sealed.ledger.seal(10) == 3
    assert await sealed.faults() == []


async def test_the_runtime_login_cannot_seal_a_row_itself_or_write_a_seal(sealed: Sealed) -> None:
    user = await sealed.system.new_user()
    forged = (
        f"insert into {LOGS} (user_id, id, actor_id, action, resource_id, request_id, occurred_at, seal, "
        "place) "
        f"values ('{user}', gen_random_uuid(), '{user}', '', '{user}', '', now(), 1, 4)"
    )
    for statement in (
        forged,
        f"update {LOGS} set seal = null, place = null",
        f"delete from {SEALS}",
        f"update {SEALS} set digest = previous",
        f"insert into {SEALS} select number + 10, day, sequence + 10, digests, previous, digest from {SEALS}",
    ):
        async with sealed.system.start_work(principal(user)) as work:
            await work.connection.execute("select backend_operations.act_within('sealing')")
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
                await work.connection.execute(statement)
    assert await sealed.faults() == []


async def test_many_that_seal_at_once_make_one_chain(sealed: Sealed) -> None:
    users = [await sealed.system.new_user() for _ in range(10)]
    await asyncio.gather(*(write(sealed.system, user, 20) for user in users))

    async def drain() -> int:
        return sum([await sealed.ledger.seal(9) for _ in range(40)])

    total = sum(await asyncio.gather(*(drain() for _ in range(4))))
    while given := await sealed.ledger.seal(100):
        total += given
    assert total == 200
    assert await sealed.faults() == []


async def verified(sealed: Sealed, *options: str) -> tuple[int, str]:
    """What the command prints, and its exit code."""
    environment = {
        **{name: value for name, value in os.environ.items() if "DATABASE_URL" not in name},
        "DATABASE_URL": sealed.runtime_url,
        "PYTHONPATH": str(ROOT),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "entrypoints.cli", "audit", "verify", *options),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, printed.decode()


async def test_the_command_tells_programs_and_people_what_is_wrong(sealed: Sealed) -> None:
    head = await sealed.head()
    code, printed = await verified(sealed, "--json", "--expect", head)
    shown: dict[str, Any] = json.loads(printed)
    assert (code, shown["intact"], shown["rows"], shown["seals"]) == (0, True, 7, 3)
    assert (shown["head"], shown["findings"]) == (head, [])
    await sealed.tamper(f"delete from {LOGS} where seal = 1 and place = 2")
    code, printed = await verified(sealed, "--json")
    assert code == 1
    [finding] = json.loads(printed)["findings"]
    assert (finding["fault"], finding["seal"], finding["place"]) == ("missing", 1, 2)
    code, printed = await verified(sealed)
    assert code == 1
    assert "missing: seal 1 place 2" in printed
    assert head in printed
