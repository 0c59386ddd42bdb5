"""What travels on the wire, and what becomes of what should not be there."""

from collections.abc import AsyncIterator

import aio_pika
import pytest

from adapters.rabbitmq.cloudevents import ERROR, QUEUE
from adapters.rabbitmq.connection import RabbitMQSettings, connected
from adapters.rabbitmq.queues import RabbitMQQueues
from application.shared.messages import RetryPolicy, Subscription
from domain.shared.errors import Unavailable
from tests.contract.messages.rabbitmq import RabbitMQTransport, rabbitmq_transport
from tests.contract.messages.transport import Recorder, a_message, consuming, eventually
from tests.servers.process import closed_port
from tests.servers.rabbitmq import RabbitMQTestServer

ALL = Subscription(queue="all", topics=["#"])


@pytest.fixture
async def transport(rabbitmq_server: RabbitMQTestServer) -> AsyncIterator[RabbitMQTransport]:
    async with rabbitmq_transport(rabbitmq_server.url) as transport:
        yield transport


async def dead_count(transport: RabbitMQTransport) -> int:
    (status,) = await transport.queues.status()
    return status.dead


@pytest.mark.parametrize(
    ("body", "headers", "reason"),
    [
        (b"{}", {}, "specversion"),
        (b"not json", None, "malformed"),
        (b"[1]", None, "Expected `object`"),
        (b"\xff", None, ""),
        (b"[" * 100_000, None, ""),
        (b"{}", {"cloudEvents_time": "yesterday"}, "isoformat"),
        (b"{}", {"cloudEvents_time": "2026-01-01T00:00:00"}, "time zone"),
        (b"{}", {"cloudEvents_id": "1"}, "UUID"),
        (b"{}", {"cloudEvents_specversion": "0.3"}, "specversion"),
    ],
)
async def test_what_cannot_be_decoded_is_set_aside_at_once(
    transport: RabbitMQTransport, body: bytes, headers: dict[str, str] | None, reason: str
) -> None:
    await transport.publisher(ALL)
    seen = Recorder()
    message = a_message()
    complete = {
        "cloudEvents_specversion": "1.0",
        "cloudEvents_id": str(message.id),
        "cloudEvents_type": message.type,
        "cloudEvents_source": message.source,
        "cloudEvents_subject": str(message.subject),
        "cloudEvents_time": message.time.isoformat(),
        "cloudEvents_userid": str(message.user_id),
        "cloudEvents_position": "1",
        "cloudEvents_requestid": "r",
    }
    sent = {} if headers == {} else {**complete, **(headers or {})}
    async with connected(transport.settings, "test") as connection:
        channel = await connection.channel()
        strange = aio_pika.Message(body, headers=dict(sent))
        await channel.default_exchange.publish(strange, transport.settings.topology.queue("all"))

        async with consuming(transport.consumer(), (ALL, seen)):

            async def is_dead() -> bool:
                return await dead_count(transport) == 1

            await eventually(is_dead)

        dead = await channel.get_queue(transport.settings.topology.dead_queue("all"), ensure=False)
        letter = await dead.get(no_ack=True, timeout=30)
    assert letter.body == body
    assert letter.headers[QUEUE] == "all"
    assert reason in str(letter.headers[ERROR])
    assert seen.ids == []


async def test_travels_as_a_persistent_cloudevent_in_binary_mode(transport: RabbitMQTransport) -> None:
    publisher = await transport.publisher(ALL)
    message = a_message(data={"name": "Ada"})
    await publisher.publish([message])

    async with connected(transport.settings, "test") as connection:
        channel = await connection.channel()
        queue = await channel.get_queue(transport.settings.topology.queue("all"), ensure=False)
        incoming = await queue.get(no_ack=True, timeout=30)

    assert incoming.body == b'{"name":"Ada"}'
    assert incoming.content_type == "application/json"
    assert incoming.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
    assert incoming.message_id == str(message.id)
    assert incoming.routing_key == "entity.created"
    assert incoming.headers["cloudEvents_specversion"] == "1.0"
    assert incoming.headers["cloudEvents_userid"] == str(message.user_id)


async def test_another_policy_leaves_existing_queues_as_they_are(
    transport: RabbitMQTransport, rabbitmq_server: RabbitMQTestServer
) -> None:
    publisher = await transport.publisher(ALL)
    await publisher.publish([a_message()])
    other = RabbitMQSettings(
        url=rabbitmq_server.url,
        prefix=transport.settings.prefix,
        policy=RetryPolicy(attempts=1, deliveries=7),
    )

    (status,) = await RabbitMQQueues(other, [ALL]).status()

    assert (status.queue, status.ready, status.dead) == ("all", 1, 0)


async def test_an_operator_is_told_that_the_broker_is_away() -> None:
    with closed_port() as port:
        settings = RabbitMQSettings(url=f"amqp://guest:guest@127.0.0.1:{port}/")
        with pytest.raises(Unavailable):
            await RabbitMQQueues(settings, [ALL]).status()
