"""Removes old rows of all users in the scope `purging`, whose policies keep what is still needed."""

from datetime import datetime
from typing import Final

from adapters.postgres.engine import Database
from application.operations.retention_ports import ExpiredRows, Kind

# "purge" in ASCII: two that purge at once would only be in each other's way.
PURGE_LOCK: Final = 0x7075726765
ENTER: Final = "select pg_try_advisory_xact_lock($1) and backend_operations.act_within('purging') is not null"

# In the order of their positions up to the first that is kept, whatever times they have.
EVENTS: Final = """
with oldest as materialized (
    select e.user_id, e.id, e.position, e.occurred_at from backend_operations.events e
    where e.position <= (select h.published from backend_operations.event_head h)
    order by e.position limit $2
), kept as (
    select min(o.position) as first from oldest o where o.occurred_at >= $1
), gone as (
    delete from backend_operations.events e using oldest o, kept k
    where e.user_id = o.user_id and e.id = o.id and (k.first is null or o.position < k.first)
    returning e.position
), marked as (
    update backend_operations.event_head h set purged = greatest(h.purged, g.last)
    from (select max(position) as last from gone) g where g.last is not null
)
select count(*) from gone
"""
HANDLED: Final = """
with gone as (
    delete from backend_operations.inbox where ctid = any(array(
        select i.ctid from backend_operations.inbox i where i.handler = $3 and i.handled_at < $1
        order by i.handled_at limit $2 for update of i skip locked
    )) returning 1
)
select count(*) from gone
"""
SKIP_LOCKED: Final = "for update skip locked"
# By kind: the table, when a row of it was over, how rows in use are passed over. Tickets, which nobody may
# change, are never in use for longer than it takes to delete them.
ROWS: Final = {
    Kind.IDEMPOTENCY_KEYS: ("backend_operations.idempotency_keys", "created_at", SKIP_LOCKED),
    Kind.REFRESH_TOKENS: ("backend_auth.refresh_tokens", "expires_at", SKIP_LOCKED),
    Kind.SESSIONS: ("backend_auth.sessions", "least(revoked_at, expires_at)", SKIP_LOCKED),
    Kind.SOCKET_TICKETS: ("backend_auth.socket_tickets", "expires_at", ""),
}


def removal(table: str, over: str, lock: str) -> str:
    """The statement for the rows of a table that were over before $1, the oldest $2 of them."""
    return f"""
with gone as (
    delete from {table} where ctid = any(array(
        select ctid from {table} where {over} < $1 order by {over} limit $2 {lock}
    )) returning 1
)
select count(*) from gone
"""


STATEMENTS: Final = {Kind.EVENTS: EVENTS, **{kind: removal(*row) for kind, row in ROWS.items()}}


class PostgresExpiredRows(ExpiredRows):
    """Each call a transaction; 0 while another process is removing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def remove(self, kind: Kind, before: datetime, limit: int) -> int:
        return await self._removed(STATEMENTS[kind], before, limit)

    async def remove_handled(self, handler: str, before: datetime, limit: int) -> int:
        return await self._removed(HANDLED, before, limit, handler)

    async def _removed(self, statement: str, *arguments: object) -> int:
        async with self._database.connection() as connection, connection.transaction():
            if not await connection.fetchval(ENTER, PURGE_LOCK):
                return 0
            return int(await connection.fetchval(statement, *arguments))
