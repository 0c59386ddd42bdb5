"""The event log over the events table: read by position, followed by notification."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence

import structlog
from asyncpg import Record
from sqlalchemy import BigInteger, Integer, bindparam, select

from adapters.postgres import json
from adapters.postgres import tables as t
from adapters.postgres.engine import CONNECTION_LOST, Database
from adapters.postgres.statements import Statement, confined, within
from application.live.ports import EventLog
from application.shared.messages import Message
from application.shared.waiting import wait_for_event
from domain.shared.errors import Unavailable
from domain.shared.ids import EventId, UserId

log = structlog.get_logger()

# `assign_positions` notifies here; the payload is the new head.
CHANNEL = "kgl_events"
MESSAGE_COLUMNS = (
    t.events.c.id,
    t.events.c.type,
    t.events.c.subject,
    t.events.c.occurred_at,
    t.events.c.user_id,
    t.events.c.position,
    t.events.c.data,
    t.events.c.request_id,
    t.events.c.traceparent,
)

SINCE = Statement(
    confined(
        lambda user_id: (
            select(*MESSAGE_COLUMNS)
            .where(t.events.c.user_id == user_id, t.events.c.position > bindparam("after", type_=BigInteger))
            .order_by(t.events.c.position)
            .limit(bindparam("limit", type_=Integer))
        )
    )
)
ALL_SINCE = Statement(
    within(
        "relay",
        select(*MESSAGE_COLUMNS)
        .where(t.events.c.position > bindparam("after", type_=BigInteger))
        .order_by(t.events.c.position)
        .limit(bindparam("limit", type_=Integer)),
    )
)


def to_message(row: Record, source: str) -> Message:
    """A row of the events table as it travels."""
    return Message(
        id=EventId(row["id"]),
        type=row["type"],
        source=source,
        subject=row["subject"],
        time=row["occurred_at"],
        user_id=UserId(row["user_id"]),
        position=row["position"],
        data=json.decode(row["data"]),
        request_id=row["request_id"],
        traceparent=row["traceparent"],
    )


class PostgresEventLog(EventLog):
    """`source` is the CloudEvents source; `poll` (seconds) bounds what a lost notification can delay."""

    def __init__(self, database: Database, source: str, *, batch: int = 500, poll: float = 5.0) -> None:
        self._database = database
        self._source = source
        self._batch = batch
        self._poll = poll

    async def head(self) -> int:
        async with self._database.connection() as connection:
            return int(await connection.fetchval("select position from backend_operations.event_head"))

    async def purged(self) -> int:
        async with self._database.connection() as connection:
            return int(await connection.fetchval("select purged from backend_operations.event_head"))

    async def since(self, user_id: UserId, position: int, limit: int) -> Sequence[Message]:
        async with self._database.connection() as connection:
            rows = await SINCE.fetch(connection, user_id=user_id, after=position, limit=limit)
        return [to_message(row, self._source) for row in rows]

    async def follow(self, position: int) -> AsyncIterator[Sequence[Message]]:
        while True:
            try:
                # Closed with its follower, not by the garbage collector: it holds a connection.
                async with contextlib.aclosing(self._follow(position)) as batches:
                    async for batch in batches:
                        yield batch
                        position = batch[-1].position
            except (Unavailable, *CONNECTION_LOST) as error:
                log.warning("event_log_interrupted", reason=str(error), position=position)
                await asyncio.sleep(0.5)

    async def _follow(self, position: int) -> AsyncGenerator[Sequence[Message], None]:
        connection = await self._database.dedicated()
        try:
            news = asyncio.Event()
            await connection.add_listener(CHANNEL, lambda *_: news.set())
            connection.add_termination_listener(lambda *_: news.set())
            while True:
                news.clear()
                while rows := await ALL_SINCE.fetch(connection, after=position, limit=self._batch):
                    yield [to_message(row, self._source) for row in rows]
                    position = rows[-1]["position"]
                await wait_for_event(news, self._poll)
        finally:
            connection.terminate()
