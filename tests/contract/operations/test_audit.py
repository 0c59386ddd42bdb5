"""Reading, sealing and verifying the audit log, in memory and in Postgres."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from adapters.memory.audit import InMemoryAuditLedger, InMemoryAuditQueries, InMemoryRefusalLog
from adapters.postgres.audit_ledger import PostgresAuditLedger
from adapters.postgres.audit_queries import PostgresAuditQueries
from adapters.postgres.provision import Logins
from adapters.postgres.refusal_log import PostgresRefusalLog
from adapters.system.clock import SystemClock
from application.operations.audit_ports import AuditLedger, RefusalLog, RefusalRow
from application.operations.queries import AuditFilter, AuditQueries
from application.operations.verify_audit import VerifyAudit
from application.shared.pages import PageRequest
from domain.operations.audit import ACCESS_REFUSED, NOBODY, AuditEntry
from domain.operations.seals import Fault
from domain.shared.ids import UserId
from tests.contract.systems import IDS, MemorySystem, System, postgres_system, principal, something

NEWEST = PageRequest(sort="occurred_at", descending=True)
LATER = timedelta(days=1)


class Tomorrow(SystemClock):
    def now(self) -> datetime:
        return datetime.now(UTC) + LATER


@dataclass(frozen=True, slots=True)
class Log:
    """A system, and its audit log."""

    system: System
    queries: AuditQueries
    ledger: AuditLedger
    refusals: RefusalLog

    async def write(self, user: UserId, count: int = 1) -> None:
        async with self.system.start_work(principal(user)) as work:
            for place in range(count):
                work.record(something(user, str(place)))
            await work.commit()


def refusal(user: UserId, count: int = 1) -> RefusalRow:
    now = datetime.now(UTC)
    entry = AuditEntry(
        user_id=user,
        actor_id=user,
        action=ACCESS_REFUSED,
        resource_id=user,
        occurred_at=now,
        outcome="failure",
        request_id="request-2",
        address="192.0.2.1",
        reason="not_permitted",
        operation="GET /api/v1/admin/users",
        occurrences=count,
        last_occurred_at=now + timedelta(seconds=count) if count > 1 else None,
    )
    return IDS.new(), entry


class AuditContract:
    async def test_refusals_are_their_accounts_own_and_those_of_nobody_an_administrators(
        self, log: Log
    ) -> None:
        ada, bob = await log.system.new_user(), await log.system.new_user()
        await log.refusals.write([refusal(ada, 7), refusal(NOBODY), refusal(bob)])
        [own] = (await log.queries.own(ada, AuditFilter(), NEWEST)).rows
        assert (own.action, own.outcome, own.reason) == (ACCESS_REFUSED, "failure", "not_permitted")
        assert (own.operation, own.occurrences) == ("GET /api/v1/admin/users", 7)
        assert own.last_occurred_at == own.occurred_at + timedelta(seconds=7)
        everybody = (await log.queries.everybody(AuditFilter(action=ACCESS_REFUSED), NEWEST)).rows
        assert {row.user_id for row in everybody} == {ada, bob, NOBODY}
        [unknown] = (await log.queries.everybody(AuditFilter(user_id=NOBODY), NEWEST)).rows
        assert (unknown.actor_id, unknown.occurrences, unknown.last_occurred_at) == (NOBODY, 1, None)

    async def test_a_refusal_that_is_written_again_stays_one_row(self, log: Log) -> None:
        first, second = refusal(NOBODY), refusal(await log.system.new_user())
        await log.refusals.write([first])
        await log.refusals.write([first, second])
        await log.refusals.write([])
        assert len((await log.queries.everybody(AuditFilter(), NEWEST)).rows) == 2

    async def test_refusals_are_sealed_with_everything_else(self, log: Log) -> None:
        await log.write(await log.system.new_user(), 2)
        await log.refusals.write([refusal(NOBODY), refusal(await log.system.new_user(), 3)])
        assert await log.ledger.seal(10) == 4
        found = await VerifyAudit(log.ledger, SystemClock())()
        assert (found.rows, found.findings) == (4, [])

    async def test_shows_a_user_only_their_own_rows(self, log: Log) -> None:
        ada, bob = await log.system.new_user(), await log.system.new_user()
        await log.write(ada, 3)
        await log.write(bob)
        page = await log.queries.own(ada, AuditFilter(), NEWEST)
        assert len(page.rows) == 3
        assert {(row.actor_id, row.action, row.address) for row in page.rows} == {
            (ada, "something.happened", "::1")
        }
        assert (await log.queries.own(ada, AuditFilter(user_id=bob), NEWEST)).rows == []

    async def test_shows_an_administrator_everybodys_rows(self, log: Log) -> None:
        ada, bob = await log.system.new_user(), await log.system.new_user()
        await log.write(ada)
        await log.write(bob)
        page = await log.queries.everybody(AuditFilter(), NEWEST)
        assert {row.user_id for row in page.rows} == {ada, bob}
        [row] = (await log.queries.everybody(AuditFilter(user_id=bob), NEWEST)).rows
        assert (row.user_id, row.actor_id) == (bob, bob)

    async def test_filters_by_everything_it_offers(self, log: Log) -> None:
        ada = await log.system.new_user()
        await log.write(ada, 4)
        rows = (await log.queries.own(ada, AuditFilter(), NEWEST)).rows
        one, now = rows[1], datetime.now(UTC)
        for wanted, count in (
            (AuditFilter(resource_id=one.resource_id), 1),
            (AuditFilter(action="something.happened", outcome="success", actor_id=ada), 4),
            (AuditFilter(action="something.else"), 0),
            (AuditFilter(outcome="failure"), 0),
            (AuditFilter(actor_id=UserId(IDS.new())), 0),
            (AuditFilter(occurred_after=now - LATER, occurred_before=now + LATER), 4),
            (AuditFilter(occurred_after=now + LATER), 0),
            (AuditFilter(occurred_before=now - LATER), 0),
        ):
            assert len((await log.queries.own(ada, wanted, NEWEST)).rows) == count, wanted
            assert len((await log.queries.everybody(wanted, NEWEST)).rows) == count, wanted

    @pytest.mark.parametrize("descending", [True, False])
    async def test_pages_follow_one_another(self, log: Log, descending: bool) -> None:
        ada = await log.system.new_user()
        await log.write(ada, 5)
        whole = await log.queries.own(
            ada, AuditFilter(), PageRequest(sort="occurred_at", descending=descending)
        )
        everybody = await log.queries.everybody(
            AuditFilter(), PageRequest(sort="occurred_at", descending=descending)
        )
        expected = [row.id for row in whole.rows]
        assert [row.id for row in everybody.rows] == expected
        walked: list[UUID] = []
        after = None
        while True:
            asked = PageRequest(sort="occurred_at", descending=descending, limit=2, after=after)
            page = await log.queries.own(ada, AuditFilter(), asked)
            assert [r.id for r in (await log.queries.everybody(AuditFilter(), asked)).rows] == [
                r.id for r in page.rows
            ]
            walked += [row.id for row in page.rows]
            after = page.next
            if after is None:
                break
        assert walked == expected

    async def test_seals_every_row_once_in_batches(self, log: Log) -> None:
        await log.write(await log.system.new_user(), 5)
        await log.write(await log.system.new_user(), 2)
        assert [await log.ledger.seal(3) for _ in range(4)] == [3, 3, 1, 0]
        seals = await log.ledger.seals(0, 10)
        assert [(seal.number, seal.sequence, len(seal.digests)) for seal in seals] == [
            (1, 1, 3),
            (2, 2, 3),
            (3, 3, 1),
        ]
        assert [seal.number for seal in await log.ledger.seals(1, 1)] == [2]
        places = [(number, row.place) for number, row in await log.ledger.rows(2, 3)]
        assert places == [(2, 1), (2, 2), (2, 3), (3, 1)]

    async def test_finds_nothing_wrong_with_a_log_that_was_left_alone(self, log: Log) -> None:
        verify = VerifyAudit(log.ledger, SystemClock(), batch=2)
        empty = await verify()
        assert (empty.seals, empty.rows, empty.head, empty.findings) == (0, 0, None, [])
        await log.write(await log.system.new_user(), 7)
        while await log.ledger.seal(2):
            pass
        found = await verify()
        assert (found.seals, found.rows, found.findings) == (4, 7, [])
        await log.write(await log.system.new_user(), 1)
        assert await log.ledger.seal(2) == 1
        assert found.head is not None
        assert (await verify(found.head)).findings == []

    async def test_misses_a_seal_that_was_noted(self, log: Log) -> None:
        found = await VerifyAudit(log.ledger, SystemClock())("00" * 32)
        assert [each.fault for each in found.findings] == [Fault.SEAL_MISSING]

    async def test_tells_rows_that_wait_too_long_for_their_seal(self, log: Log) -> None:
        await log.write(await log.system.new_user(), 2)
        assert (await VerifyAudit(log.ledger, SystemClock())()).findings == []
        late = await VerifyAudit(log.ledger, Tomorrow())()
        assert [each.fault for each in late.findings] == [Fault.UNSEALED, Fault.UNSEALED]


class TestInMemoryAudit(AuditContract):
    @pytest.fixture
    def log(self) -> Log:
        system = MemorySystem()
        ledger = InMemoryAuditLedger(system.store, SystemClock())
        refusals = InMemoryRefusalLog(system.store)
        return Log(system, InMemoryAuditQueries(system.store), ledger, refusals)


class TestPostgresAudit(AuditContract):
    @pytest.fixture
    async def log(self, migrated_database: Logins) -> AsyncIterator[Log]:
        async with postgres_system(migrated_database) as system:
            database = system.database
            ledger, refusals = PostgresAuditLedger(database), PostgresRefusalLog(database)
            yield Log(system, PostgresAuditQueries(database), ledger, refusals)
