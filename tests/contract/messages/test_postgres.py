"""Postgres keeps the contract, and stores a message once however often it is published."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from adapters.postgres.engine import Database, PoolSettings
from adapters.postgres.message_consumer import LeaseSettings, PostgresMessageConsumer
from adapters.postgres.messages import PostgresMessagePublisher, PostgresMessageQueues, relay_scope
from adapters.postgres.provision import Logins
from application.shared.messages import (
    Message,
    MessageConsumer,
    MessagePublisher,
    MessageQueues,
    Subscription,
)
from domain.shared.errors import Unavailable
from tests.contract.messages.contract import MessageTransportContract
from tests.contract.messages.transport import (
    ENTITIES,
    EVERYTHING,
    POLICY,
    Blocking,
    Recorder,
    SeenDeadLetter,
    Transport,
    a_message,
    consuming,
    eventually,
    status_of,
)
from tests.servers.database import MigratedServer

# Who asks every 100 ms whether a lease is over, so that no test waits for the poll of a deployment.
POLL = timedelta(milliseconds=100)
EAGER = LeaseSettings(poll=POLL)
# Short enough to be waited for, and renewed every two seconds: lost only by who stands still for four.
SHORT = LeaseSettings(lease=timedelta(seconds=6), poll=POLL)
DEAD = "select id, failures, error from backend_operations.messages where dead_at is not null and queue = $1"

TAKEN = """
update backend_operations.messages set lease_token = $1, leased_until = now() + $2, deliveries = 1
"""
UNREADABLE = """
insert into backend_operations.messages (queue, id, position, body) values ('entities', $1, 1, '{"id": 1}')
"""
END_CONNECTIONS = "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"


async def leased_until(transport: "PostgresTransport", message: Message) -> datetime:
    async with relay_scope(transport.database) as connection:
        found = await connection.fetchval(
            "select leased_until from backend_operations.messages where id = $1", message.id
        )
    assert isinstance(found, datetime)
    return found


class PostgresTransport(Transport):
    def __init__(self, database: Database, settings: LeaseSettings | None = None) -> None:
        self.database = database
        self._settings = settings
        self._queues = PostgresMessageQueues(database)

    @property
    def queues(self) -> MessageQueues:
        return self._queues

    async def publisher(self, *subscriptions: Subscription) -> MessagePublisher:
        await self._queues.declare(subscriptions)
        return PostgresMessagePublisher(self.database)

    def consumer(self) -> MessageConsumer:
        return PostgresMessageConsumer(self.database, POLICY, self._settings)

    async def dead_letters(self, queue: str) -> Sequence[SeenDeadLetter]:
        async with relay_scope(self.database) as connection:
            rows = await connection.fetch(DEAD, queue)
        return [SeenDeadLetter(id=row["id"], failures=row["failures"], error=row["error"]) for row in rows]


class TestPostgres(MessageTransportContract):
    @pytest.fixture
    async def transport(self, migrated_database: Logins) -> AsyncIterator[PostgresTransport]:
        async with Database(migrated_database.runtime_url, PoolSettings()) as database:
            yield PostgresTransport(database)

    async def test_a_message_published_twice_is_stored_once(self, transport: PostgresTransport) -> None:
        publisher = await transport.publisher(ENTITIES, EVERYTHING)
        message, other = a_message(), a_message()

        await publisher.publish([message])
        await publisher.publish([message, other, message])

        assert [(s.queue, s.ready) for s in await transport.queues.status()] == [
            ("entities", 2),
            ("everything", 2),
        ]

    async def test_a_long_handler_keeps_its_message(self, transport: PostgresTransport) -> None:
        publisher = await transport.publisher(ENTITIES)
        impatient = PostgresTransport(transport.database, SHORT)
        slow, other = Blocking(), Recorder()
        message = a_message()

        async with consuming(impatient.consumer(), (ENTITIES, slow)):
            await publisher.publish([message])
            await eventually(lambda: slow.running == 1)
            first = await leased_until(transport, message)
            async with consuming(impatient.consumer(), (ENTITIES, other)):

                async def outlived_its_first_lease() -> bool:
                    return await leased_until(transport, message) > first + SHORT.lease

                await eventually(outlived_its_first_lease)
                slow.go_on.set()

                async def all_done() -> bool:
                    return (await status_of(transport, "entities")).active == 0

                await eventually(all_done)

        assert (slow.ids, other.ids) == ([message.id], [])

    async def test_takes_over_the_message_of_a_consumer_that_died(self, transport: PostgresTransport) -> None:
        publisher = await transport.publisher(ENTITIES)
        survivor = Recorder()
        message = a_message()
        await publisher.publish([message])
        async with relay_scope(transport.database) as connection:
            await connection.execute(TAKEN, uuid4(), timedelta(milliseconds=600))

        async with consuming(PostgresTransport(transport.database, EAGER).consumer(), (ENTITIES, survivor)):
            await eventually(lambda: survivor.ids == [message.id])

        (status,) = await transport.queues.status()
        assert (status.ready, status.active) == (0, 0)

    async def test_gives_up_at_once_what_it_cannot_read(self, transport: PostgresTransport) -> None:
        await transport.publisher(ENTITIES)
        identifier, seen = uuid4(), Recorder()
        async with relay_scope(transport.database) as connection:
            await connection.execute(UNREADABLE, identifier)

        async with consuming(transport.consumer(), (ENTITIES, seen)):

            async def is_dead() -> bool:
                return (await status_of(transport, "entities")).dead == 1

            await eventually(is_dead)

        (dead,) = await transport.dead_letters("entities")
        assert (dead.id, dead.failures, seen.ids) == (identifier, 1, [])

    async def test_goes_on_after_its_connections_were_ended(
        self, transport: PostgresTransport, migrated_server: MigratedServer, migrated_database: Logins
    ) -> None:
        publisher = await transport.publisher(ENTITIES)
        seen = Recorder()
        before, after = a_message(), a_message()

        async with consuming(transport.consumer(), (ENTITIES, seen)):
            await publisher.publish([before])
            await eventually(lambda: seen.ids == [before.id])
            name = urlsplit(migrated_database.runtime_url).path[1:]
            migrated_server.server.execute(END_CONNECTIONS.format(name=name))

            async def published() -> bool:
                try:
                    await publisher.publish([after])
                except Unavailable:
                    return False
                return True

            await eventually(published)
            await eventually(lambda: seen.ids == [before.id, after.id])
