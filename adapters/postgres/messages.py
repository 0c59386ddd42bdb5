"""Messages through Postgres, where no broker is wanted: publisher, queues, and how a message is stored."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import asyncpg
import msgspec

from adapters.postgres import json
from adapters.postgres.engine import Database
from adapters.postgres.statements import DriverConnection
from application.shared.messages import (
    Message,
    MessagePublisher,
    MessageQueues,
    QueueStatus,
    Subscription,
)
from application.shared.topics import matches_any
from domain.shared.errors import Unavailable
from domain.shared.ids import EventId, UserId

# The payload is the name of a queue in which something became ready.
CHANNEL = "kgl_messages"

BINDINGS = "select queue, topics from backend_operations.message_queues"

# A message that is there already, even as a dead letter, stays as it is.
PUBLISH = """
with stored as (
    insert into backend_operations.messages (queue, id, position, body)
    select m.queue, m.id, m.position, m.body
    from unnest($1::text[], $2::uuid[], $3::bigint[], $4::jsonb[])
        with ordinality as m(queue, id, position, body, place)
    order by m.place
    on conflict (queue, id) do nothing
    returning queue
)
select pg_notify($5, stored.queue) from (select distinct queue from stored) as stored
"""

# Sorted, so that processes declaring at the same time wait for each other instead of deadlocking.
DECLARE = """
insert into backend_operations.message_queues as known (queue, topics)
select q.queue, q.topics::text[] from unnest($1::text[], $2::text[]) as q(queue, topics) order by q.queue
on conflict (queue) do update
    set topics = array(select distinct unnest(known.topics || excluded.topics))
    where not known.topics @> excluded.topics
"""

STATUS = """
select q.queue,
    count(m.id) filter (where m.dead_at is null and m.available_at <= now()
        and (m.leased_until is null or m.leased_until < now())) as ready,
    count(m.id) filter (where m.dead_at is null and m.available_at > now()) as delayed,
    count(m.id) filter (where m.dead_at is null and m.leased_until >= now()) as active,
    count(m.id) filter (where m.dead_at is not null) as dead
from backend_operations.message_queues q
left join backend_operations.messages m using (queue)
group by q.queue
order by q.queue
"""


@contextlib.asynccontextmanager
async def relay_scope(database: Database) -> AsyncIterator[DriverConnection]:
    """A transaction that sees the messages of all users; committed unless the block raises.

    Raises `Unavailable` when the database is away or refuses.
    """
    async with database.connection() as connection:
        try:
            await connection.execute("begin; select backend_operations.act_within('relay')")
            yield connection
            await connection.execute("commit")
        except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError) as error:
            raise Unavailable(f"the database asks to try again: {error}") from error


class StoredEvent(msgspec.Struct, omit_defaults=True):
    """A CloudEvent in JSON format, as the column `body` holds it."""

    id: UUID
    type: str
    source: str
    subject: UUID
    time: datetime
    userid: UUID
    position: int
    requestid: str
    data: dict[str, Any]
    traceparent: str | None = None
    specversion: Literal["1.0"] | None = None


EVENTS = msgspec.json.Decoder(StoredEvent)


def encode(message: Message) -> str:
    """The message as it is stored."""
    return json.encode(
        StoredEvent(
            id=message.id,
            type=message.type,
            source=message.source,
            subject=message.subject,
            time=message.time,
            userid=message.user_id,
            position=message.position,
            requestid=message.request_id,
            data=dict(message.data),
            traceparent=message.traceparent,
            specversion="1.0",
        )
    )


def decode(body: str) -> Message:
    """The message as it was published. Raises `msgspec.MsgspecError` for what is none."""
    event = EVENTS.decode(body)
    return Message(
        id=EventId(event.id),
        type=event.type,
        source=event.source,
        subject=event.subject,
        time=event.time.astimezone(UTC),
        user_id=UserId(event.userid),
        position=event.position,
        data=event.data,
        request_id=event.requestid,
        traceparent=event.traceparent,
    )


class PostgresMessagePublisher(MessagePublisher):
    """Stores a message once for each queue that wants it; publishing it again changes nothing."""

    def __init__(self, database: Database, *, batch: int = 500) -> None:
        self._database = database
        self._batch = batch

    async def publish(self, messages: Sequence[Message]) -> None:
        for start in range(0, len(messages), self._batch):
            async with relay_scope(self._database) as connection:
                await self._store(connection, messages[start : start + self._batch])

    async def _store(self, connection: DriverConnection, messages: Sequence[Message]) -> None:
        bindings = await connection.fetch(BINDINGS)
        copies = [
            (row["queue"], message.id, message.position, encode(message))
            for message in messages
            for row in bindings
            if matches_any(row["topics"], message.type)
        ]
        if copies:
            queues, ids, positions, bodies = zip(*copies, strict=True)
            await connection.execute(PUBLISH, queues, ids, positions, bodies, CHANNEL)


class PostgresMessageQueues(MessageQueues):
    """The queues of this database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def declare(self, subscriptions: Sequence[Subscription]) -> None:
        names = [subscription.queue for subscription in subscriptions]
        topics = [array(subscription.topics) for subscription in subscriptions]
        async with self._database.connection() as connection:
            await connection.execute(DECLARE, names, topics)

    async def status(self) -> Sequence[QueueStatus]:
        async with relay_scope(self._database) as connection:
            rows = await connection.fetch(STATUS)
        return [QueueStatus(**row) for row in rows]


def array(items: Sequence[str]) -> str:
    """An array literal: Postgres has no array of arrays of different lengths."""
    quoted = ('"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"' for item in items)
    return "{" + ",".join(quoted) + "}"
