"""What an operator sees of the broker's queues, without its management plugin."""

from collections.abc import Sequence

from adapters.rabbitmq.connection import BROKER_ERRORS, RabbitMQSettings, connected
from application.shared.delivery import describe
from application.shared.messages import MessageQueues, QueueStatus, Subscription
from domain.shared.errors import Unavailable


class RabbitMQQueues(MessageQueues):
    """Connects for each call; the broker cannot list queues over AMQP, so it is told which there are."""

    def __init__(self, settings: RabbitMQSettings, subscriptions: Sequence[Subscription] = ()) -> None:
        self._settings = settings
        self._subscriptions = {subscription.queue: subscription for subscription in subscriptions}

    async def declare(self, subscriptions: Sequence[Subscription]) -> None:
        self._subscriptions.update({subscription.queue: subscription for subscription in subscriptions})
        await self.status()

    async def status(self) -> Sequence[QueueStatus]:
        # Declaring again is how AMQP tells a count, and changes nothing.
        try:
            async with connected(self._settings, "queues") as connection:
                counts = await self._settings.topology.declare(connection, [*self._subscriptions.values()])
        except BROKER_ERRORS as error:
            raise Unavailable(f"the message broker does not answer: {describe(error)}") from error
        return [
            QueueStatus(queue=name, ready=count.ready, delayed=count.delayed, active=None, dead=count.dead)
            for name, count in sorted(counts.items())
        ]
