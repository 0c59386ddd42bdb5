"""The outbox over the events table: one leader by advisory lock, hurried by notifications."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

import asyncpg
from sqlalchemy import BigInteger, Integer, bindparam, select

from adapters.postgres import tables as t
from adapters.postgres.engine import CONNECTION_LOST, Database
from adapters.postgres.event_log import MESSAGE_COLUMNS, to_message
from adapters.postgres.statements import Statement, within
from application.operations.ports import Outbox, OutboxLease
from application.shared.messages import Message
from application.shared.waiting import wait_for_event
from domain.shared.errors import Unavailable

# "outbox" on the channel means: something was committed; the payload says nothing.
CHANNEL = "kgl_outbox"
# Any number that no other advisory lock of this database uses: "relay" in ASCII.
RELAY_LOCK = 0x72656C6179
TRY_LEAD = "select pg_try_advisory_lock($1)"

# Without waiting for the disk: a mark that a crash takes back only makes the relay publish again.
MARK = """
begin;
set local synchronous_commit = off;
update backend_operations.event_head set published = greatest(published, {position:d});
commit
"""

UNPUBLISHED = Statement(
    within(
        "relay",
        select(*MESSAGE_COLUMNS)
        .where(t.events.c.position > bindparam("after", type_=BigInteger))
        .order_by(t.events.c.position)
        .limit(bindparam("limit", type_=Integer)),
    )
)


class PostgresOutbox(Outbox):
    """`source` is the CloudEvents source of what is published."""

    def __init__(self, database: Database, source: str, *, standby: float = 1.0) -> None:
        self._database = database
        self._source = source
        self._standby = standby

    @contextlib.asynccontextmanager
    async def lead(self) -> AsyncIterator[OutboxLease]:
        connection = await self._database.dedicated()
        try:
            # Not pg_advisory_lock: waiting inside a statement would hold back vacuum all the while.
            while not await connection.fetchval(TRY_LEAD, RELAY_LOCK):  # noqa: ASYNC110 - of another process
                await asyncio.sleep(self._standby)
            news = asyncio.Event()
            await connection.add_listener(CHANNEL, lambda *_: news.set())
            connection.add_termination_listener(lambda *_: news.set())
            published = await connection.fetchval("select published from backend_operations.event_head")
            yield PostgresOutboxLease(self._database, connection, news, published, self._source)
        except CONNECTION_LOST as error:
            raise Unavailable(f"the relay lost the database: {error}") from error
        finally:
            connection.terminate()


class PostgresOutboxLease(OutboxLease):
    """Everything that moves the head runs on the connection that holds the lock: no lock, no statement."""

    def __init__(
        self,
        database: Database,
        connection: "asyncpg.Connection[asyncpg.Record]",
        news: asyncio.Event,
        published: int,
        source: str,
    ) -> None:
        self._database = database
        self._connection = connection
        self._alone = asyncio.Lock()
        self._news = news
        self._published = published
        self._source = source

    async def assign_positions(self, limit: int) -> int:
        self._news.clear()
        async with self._alone:
            given = await self._connection.fetchval("select backend_operations.assign_positions($1)", limit)
        return int(given)

    async def unpublished(self, limit: int) -> Sequence[Message]:
        async with self._database.connection() as connection:
            rows = await UNPUBLISHED.fetch(connection, after=self._published, limit=limit)
        return [to_message(row, self._source) for row in rows]

    async def mark_published(self, position: int) -> None:
        async with self._alone:
            await self._connection.execute(MARK.format(position=position))
        self._published = position

    async def wait(self, seconds: float) -> None:
        await wait_for_event(self._news, seconds)
        if self._connection.is_closed():
            raise Unavailable("the relay lost the database")


class PostgresWaker:
    """Tells the relay about commits, many in one notification, outside the commits themselves.

    NOTIFY inside a transaction makes all such commits wait for one another; here it delays none, and one
    that is lost costs the relay's polling interval. `async with PostgresWaker(database) as wake`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._due = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def __call__(self) -> None:
        self._due.set()

    async def __aenter__(self) -> "PostgresWaker":
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            # The relay polls: a database that is away now is told nothing and misses nothing.
            with contextlib.suppress(Unavailable):
                async with self._database.connection() as connection:
                    await connection.execute(f"notify {CHANNEL}")
