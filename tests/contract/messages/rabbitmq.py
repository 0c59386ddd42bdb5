"""A RabbitMQ transport with names of its own, removed at the end."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID, uuid4

from aio_pika.exceptions import QueueEmpty

from adapters.rabbitmq.cloudevents import ERROR, failures_of
from adapters.rabbitmq.connection import RabbitMQSettings, connected
from adapters.rabbitmq.consumer import RabbitMQConsumer
from adapters.rabbitmq.publisher import RabbitMQPublisher
from adapters.rabbitmq.queues import RabbitMQQueues
from application.shared.messages import MessageConsumer, MessagePublisher, Subscription
from tests.contract.messages.transport import POLICY, SeenDeadLetter, Transport


class RabbitMQTransport(Transport):
    def __init__(self, settings: RabbitMQSettings, stack: AsyncExitStack) -> None:
        self.settings = settings
        self.names: set[str] = set()
        self._stack = stack
        self._queues = RabbitMQQueues(settings)

    @property
    def queues(self) -> RabbitMQQueues:
        return self._queues

    async def publisher(self, *subscriptions: Subscription) -> MessagePublisher:
        self.names |= {subscription.queue for subscription in subscriptions}
        await self._queues.declare(subscriptions)
        return await self._stack.enter_async_context(RabbitMQPublisher(self.settings, subscriptions))

    def consumer(self) -> MessageConsumer:
        return RabbitMQConsumer(self.settings)

    async def dead_letters(self, queue: str) -> Sequence[SeenDeadLetter]:
        found = []
        async with connected(self.settings, "test") as connection:
            channel = await connection.channel()
            dead = await channel.get_queue(self.settings.topology.dead_queue(queue), ensure=False)
            try:
                while True:
                    letter = await dead.get(no_ack=True)
                    error = str(letter.headers.get(ERROR, ""))
                    identifier = UUID(letter.message_id)
                    found.append(SeenDeadLetter(id=identifier, failures=failures_of(letter), error=error))
            except QueueEmpty:
                return found

    async def remove(self) -> None:
        """Deletes everything the test made on the broker."""
        topology = self.settings.topology
        async with connected(self.settings, "test") as connection:
            channel = await connection.channel()
            for name in self.names:
                for queue in topology.queue_names(name):
                    await channel.queue_delete(queue)
            await channel.exchange_delete(topology.events)
            await channel.exchange_delete(topology.dead)


@asynccontextmanager
async def rabbitmq_transport(url: str) -> AsyncIterator[RabbitMQTransport]:
    """A transport on the broker at the URL."""
    settings = RabbitMQSettings(
        url=url,
        prefix=f"test-{uuid4().hex[:12]}",
        policy=POLICY,
        # A busy machine is no outage: quorum queues are made one by one, each with a write to disk.
        connect_timeout=15,
        operation_timeout=15,
    )
    async with AsyncExitStack() as stack:
        transport = RabbitMQTransport(settings, stack)
        stack.push_async_callback(transport.remove)
        yield transport
