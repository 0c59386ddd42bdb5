"""Writes refused access of any account, and of none, into the audit log: many rows in one round trip."""

from collections.abc import Sequence

from adapters.postgres.engine import Database
from application.operations.audit_ports import RefusalLog, RefusalRow

# The scope is entered before the first row is made: the function cannot be flattened into what follows it.
WRITE = """
insert into backend_operations.audit_logs
    (user_id, id, actor_id, action, resource_id, outcome, address, request_id, occurred_at,
    reason, operation, occurrences, last_occurred_at)
select r.* from backend_operations.act_within('refusals') as entered cross join lateral (
    select given.* from unnest(
        $1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::text[],
        $9::timestamptz[], $10::text[], $11::text[], $12::integer[], $13::timestamptz[]
    ) as given where entered is not null offset 0
) r
on conflict do nothing
"""


class PostgresRefusalLog(RefusalLog):
    """Writes on connections of its own, outside any unit of work."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, rows: Sequence[RefusalRow]) -> None:
        entries = [entry for _, entry in rows]
        async with self._database.connection() as connection:
            await connection.execute(
                WRITE,
                [each.user_id for each in entries],
                [row_id for row_id, _ in rows],
                [each.actor_id for each in entries],
                [each.action for each in entries],
                [each.resource_id for each in entries],
                [each.outcome for each in entries],
                [each.address for each in entries],
                [each.request_id for each in entries],
                [each.occurred_at for each in entries],
                [each.reason for each in entries],
                [each.operation for each in entries],
                [each.occurrences for each in entries],
                [each.last_occurred_at for each in entries],
            )
