"""The audit log as a chain of seals: sealed by a function of the database, read back in the scope `audit`."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from adapters.postgres.engine import Database
from application.operations.audit_ports import AuditLedger, SealedRowOf
from domain.operations.audit import AuditEntry
from domain.operations.seals import DIGEST, Fault, Finding, Seal, SealedRow
from domain.shared.ids import UserId

SEAL = "select backend_operations.seal_audit($1)"
SEALS = """
select number, day, sequence, digests, previous, digest from backend_operations.audit_seals
where number > $1 order by number limit $2
"""
# `within` by hand: a volatile function before the rows, which cannot be flattened into one scan.
ROWS = """
select r.* from backend_operations.act_within('audit') as entered cross join lateral (
    select seal, place, id, user_id, actor_id, action, resource_id, outcome, address, request_id, occurred_at,
        reason, operation, occurrences, last_occurred_at
    from backend_operations.audit_logs where entered is not null and seal between $1 and $2
    order by seal, place, id offset 0
) r
"""
STRAYS = """
select r.* from backend_operations.act_within('audit') as entered cross join lateral (
    (select id, seal, place from backend_operations.audit_logs a
    where entered is not null and seal is not null and seal <= $1
        and not exists (select from backend_operations.audit_seals s where s.number = a.seal)
    order by seal, place limit 100)
    union all
    (select id, seal, place from backend_operations.audit_logs
    where entered is not null and seal is null and occurred_at < $2 order by id limit 100)
) r
"""


class PostgresAuditLedger(AuditLedger):
    """The ledger of one database, as the runtime login may see and seal it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def seal(self, limit: int) -> int:
        async with self._database.connection() as connection:
            return int(await connection.fetchval(SEAL, limit))

    async def seals(self, after: int, limit: int) -> Sequence[Seal]:
        async with self._database.connection() as connection:
            rows = await connection.fetch(SEALS, after, limit)
        return [to_seal(row) for row in rows]

    async def rows(self, first: int, last: int) -> Sequence[SealedRowOf]:
        async with self._database.connection() as connection:
            rows = await connection.fetch(ROWS, first, last)
        return [(row["seal"], to_row(row)) for row in rows]

    async def strays(self, last: int, before: datetime) -> Sequence[Finding]:
        async with self._database.connection() as connection:
            rows = await connection.fetch(STRAYS, last, before)
        return [stray(row["id"], row["seal"], row["place"]) for row in rows]


def stray(row_id: UUID, seal: int | None, place: int | None) -> Finding:
    """A row that no seal covers."""
    if seal is None:
        return Finding(fault=Fault.UNSEALED, detail="a row has waited too long for its seal", row=row_id)
    detail = "a row claims a seal that does not exist"
    return Finding(fault=Fault.ADDED, detail=detail, seal=seal, place=place, row=row_id)


def to_seal(row: Record) -> Seal:
    """A seal from its columns."""
    raw: bytes = row["digests"]
    return Seal(
        number=row["number"],
        day=row["day"],
        sequence=row["sequence"],
        digests=[raw[start : start + DIGEST] for start in range(0, len(raw), DIGEST)],
        previous=row["previous"],
        digest=row["digest"],
    )


def to_row(row: Record) -> SealedRow:
    """A row of the log from its columns."""
    entry = AuditEntry(
        user_id=UserId(row["user_id"]),
        actor_id=UserId(row["actor_id"]),
        action=row["action"],
        resource_id=row["resource_id"],
        occurred_at=row["occurred_at"],
        outcome=row["outcome"],
        request_id=row["request_id"],
        address=row["address"],
        reason=row["reason"],
        operation=row["operation"],
        occurrences=row["occurrences"],
        last_occurred_at=row["last_occurred_at"],
    )
    return SealedRow(id=row["id"], entry=entry, place=row["place"])
