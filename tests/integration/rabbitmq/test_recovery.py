"""Nothing is lost when the broker, a connection or a queue goes away, and all goes on by itself."""

import asyncio
import random
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from aio_pika.exceptions import ChannelNotFoundEntity

from adapters.rabbitmq.connection import RabbitMQSettings, connected
from adapters.rabbitmq.consumer import RabbitMQConsumer
from adapters.rabbitmq.publisher import RabbitMQPublisher
from adapters.rabbitmq.queues import RabbitMQQueues
from application.shared.messages import Message, Subscription
from domain.shared.errors import Unavailable
from tests.contract.messages.rabbitmq import RabbitMQTransport, rabbitmq_transport
from tests.contract.messages.transport import Recorder, a_message, consuming, eventually
from tests.servers.process import closed_port
from tests.servers.rabbitmq import PrivateRabbitMQ, RabbitMQTestServer

ALL = Subscription(queue="all", topics=["#"])


@pytest.fixture
async def transport(rabbitmq_server: RabbitMQTestServer) -> AsyncIterator[RabbitMQTransport]:
    async with rabbitmq_transport(rabbitmq_server.url) as transport:
        yield transport


async def test_loses_nothing_when_the_broker_is_killed_during_a_stream(
    killable_rabbitmq: PrivateRabbitMQ,
) -> None:
    settings = RabbitMQSettings(url=killable_rabbitmq.url, connect_timeout=15, longest_backoff=1.0)
    await RabbitMQQueues(settings).declare([ALL])
    await eventually(killable_rabbitmq.has_saved_queues, within=60)
    accepted: list[UUID] = []
    handled: set[UUID] = set()
    refusals = 0

    async def handle(message: Message) -> None:
        await asyncio.sleep(random.uniform(0, 0.005))  # noqa: S311 - work of uneven length, not a secret
        handled.add(message.id)

    async with RabbitMQPublisher(settings, [ALL]) as publisher:

        async def publish_until_taken(batch: list[Message]) -> None:
            nonlocal refusals
            while True:
                try:
                    await publisher.publish(batch)
                except Unavailable:
                    refusals += 1
                    await asyncio.sleep(0.1)
                else:
                    accepted.extend(message.id for message in batch)
                    return

        async def stream() -> None:
            for _ in range(60):
                await publish_until_taken([a_message() for _ in range(5)])

        async with consuming(RabbitMQConsumer(settings), (ALL, handle), concurrency=8):
            streaming = asyncio.create_task(stream())
            await eventually(lambda: len(accepted) >= 100, within=60, what="a third of the stream")
            killable_rabbitmq.kill()
            await eventually(lambda: refusals > 0, within=60, what="a refusal of what is down")
            await asyncio.to_thread(killable_rabbitmq.start)
            await asyncio.wait_for(streaming, timeout=120)
            await eventually(lambda: handled >= set(accepted), within=60, what="every accepted message")

    assert len(accepted) == 300


async def test_says_the_broker_is_unavailable_when_nobody_listens() -> None:
    with closed_port() as port:
        settings = RabbitMQSettings(url=f"amqp://guest:guest@127.0.0.1:{port}/")
        async with RabbitMQPublisher(settings, [ALL]) as publisher:
            with pytest.raises(Unavailable, match="message broker"):
                await publisher.publish([a_message()])


async def test_a_cancelled_consumer_that_never_reached_the_broker_ends() -> None:
    with closed_port() as port:
        settings = RabbitMQSettings(url=f"amqp://guest:guest@127.0.0.1:{port}/")
        run = asyncio.create_task(RabbitMQConsumer(settings).run([(ALL, Recorder())], 1))
        await asyncio.wait([run], timeout=0.3)
        assert not run.done()

        run.cancel()

        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(run, timeout=60)


async def test_refuses_a_wanted_message_that_reaches_no_queue_and_repairs_what_is_missing(
    transport: RabbitMQTransport,
) -> None:
    publisher = await transport.publisher(ALL)
    await publisher.publish([a_message()])
    async with connected(transport.settings, "test") as connection:
        channel = await connection.channel()
        await channel.queue_delete(transport.settings.topology.queue("all"))

    with pytest.raises(Unavailable):
        await publisher.publish([a_message()])

    message, seen = a_message(), Recorder()
    await publisher.publish([message])
    async with consuming(transport.consumer(), (ALL, seen)):
        await eventually(lambda: seen.ids == [message.id])


async def test_a_consumer_whose_queue_was_deleted_comes_back(transport: RabbitMQTransport) -> None:
    publisher = await transport.publisher(ALL)
    first, second, seen = a_message(), a_message(), Recorder()
    async with consuming(transport.consumer(), (ALL, seen)):
        await publisher.publish([first])
        await eventually(lambda: seen.ids == [first.id])
        async with connected(transport.settings, "test") as connection:
            channel = await connection.channel()
            await channel.queue_delete(transport.settings.topology.queue("all"))

        # Published only once the consumer has made its queue again: a publisher that made it first, within
        # milliseconds of the deletion, can keep the broker from telling the consumer at all.
        await eventually(lambda: queue_exists(transport))

        async def published() -> bool:
            try:
                await publisher.publish([second])
            except Unavailable:  # the queue is there, its binding not yet
                return False
            return True

        await eventually(published)
        await eventually(lambda: second.id in seen.ids)


async def queue_exists(transport: RabbitMQTransport) -> bool:
    async with connected(transport.settings, "test") as connection:
        channel = await connection.channel()
        try:
            await channel.declare_queue(transport.settings.topology.queue("all"), passive=True)
        except ChannelNotFoundEntity:
            return False
        return True
