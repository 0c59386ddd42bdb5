"""Which exchanges and queues there are on the broker, and the one place that declares them.

<prefix>.events             topic exchange every message is published to
<prefix>.<queue>            one quorum queue per subscription
<prefix>.<queue>.retry.<ms> where its failed messages wait; they expire back into that one queue
<prefix>.dead               direct exchange of what was given up, by queue
<prefix>.<queue>.dead       one quorum queue of it per subscription
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from aio_pika import ExchangeType
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractQueue
from aio_pika.exceptions import ChannelPreconditionFailed

from application.shared.messages import RetryPolicy, Subscription

log = structlog.get_logger()

Arguments = Mapping[str, str | int]

# At least once: the source keeps a dead-lettered message until its next queue has confirmed it. That takes
# an overflow behaviour that never drops; without a length limit it refuses nothing.
SAFE_DEAD_LETTERING: Arguments = {
    "x-queue-type": "quorum",
    "x-dead-letter-strategy": "at-least-once",
    "x-overflow": "reject-publish",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueCounts:
    """How many messages wait in the three kinds of queues of one subscription."""

    ready: int
    delayed: int
    dead: int


@dataclass(frozen=True, slots=True)
class Topology:
    """Names and arguments; `prefix` keeps installations on one broker apart."""

    prefix: str
    policy: RetryPolicy

    @property
    def events(self) -> str:
        return f"{self.prefix}.events"

    @property
    def dead(self) -> str:
        return f"{self.prefix}.dead"

    def queue(self, name: str) -> str:
        return f"{self.prefix}.{name}"

    def dead_queue(self, name: str) -> str:
        return f"{self.queue(name)}.dead"

    def retry_queue(self, name: str, delay: timedelta) -> str:
        # The delay is part of the name: another policy makes other queues, and never redefines one.
        return f"{self.queue(name)}.retry.{milliseconds(delay)}"

    def delays(self) -> Sequence[timedelta]:
        """Every wait the policy knows, shortest first."""
        after_failures = {self.policy.delay(failures) for failures in range(1, self.policy.attempts)}
        return sorted({*after_failures, self.policy.outage_delay})

    def queue_names(self, name: str) -> Sequence[str]:
        """All the broker's queues that belong to one subscription."""
        retries = [self.retry_queue(name, delay) for delay in self.delays()]
        return [self.queue(name), *retries, self.dead_queue(name)]

    async def declare(
        self, connection: AbstractConnection, subscriptions: Sequence[Subscription]
    ) -> Mapping[str, QueueCounts]:
        """Makes what is missing; what is there already stays. Tells how much waits in each queue."""
        async with Declarations(connection) as declare:
            await declare.channel.declare_exchange(self.events, ExchangeType.TOPIC, durable=True)
            await declare.channel.declare_exchange(self.dead, ExchangeType.DIRECT, durable=True)
            return {
                subscription.queue: await self._declare_queues(declare, subscription)
                for subscription in subscriptions
            }

    async def _declare_queues(self, declare: "Declarations", subscription: Subscription) -> QueueCounts:
        name = subscription.queue
        dead = await declare.queue(self.dead_queue(name), {"x-queue-type": "quorum"})
        await dead.bind(self.dead, self.queue(name))
        delayed = 0
        for delay in self.delays():
            retry = await declare.queue(self.retry_queue(name, delay), self._retry_arguments(name, delay))
            delayed += retry.declaration_result.message_count or 0
        # Last, so that no message can reach a queue whose retries and dead letters have nowhere to go.
        queue = await declare.queue(self.queue(name), self._arguments(name))
        for topic in subscription.topics:
            await queue.bind(self.events, topic)
        return QueueCounts(
            ready=queue.declaration_result.message_count or 0,
            delayed=delayed,
            dead=dead.declaration_result.message_count or 0,
        )

    def _arguments(self, name: str) -> Arguments:
        return {
            **SAFE_DEAD_LETTERING,
            # The broker gives up at one more than its limit: the limit counts returns, not deliveries.
            "x-delivery-limit": self.policy.deliveries - 1,
            "x-dead-letter-exchange": self.dead,
            "x-dead-letter-routing-key": self.queue(name),
        }

    def _retry_arguments(self, name: str, delay: timedelta) -> Arguments:
        return {
            **SAFE_DEAD_LETTERING,
            "x-message-ttl": milliseconds(delay),
            # The default exchange routes by queue name: back to the one queue that failed, and no other.
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": self.queue(name),
        }


class Declarations:
    """A channel to declare on, replaced when a refused declaration has closed it."""

    def __init__(self, connection: AbstractConnection) -> None:
        self._connection = connection
        self.channel: AbstractChannel = connection.channel()

    async def __aenter__(self) -> "Declarations":
        await self.channel.initialize()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.channel.close()

    async def queue(self, name: str, arguments: Arguments) -> AbstractQueue:
        try:
            return await self.channel.declare_queue(name, durable=True, arguments=dict(arguments))
        except ChannelPreconditionFailed as error:
            log.warning("queue_has_other_arguments", queue=name, error=str(error))
            self.channel = self._connection.channel()
            await self.channel.initialize()
            return await self.channel.declare_queue(name, passive=True)


def milliseconds(delay: timedelta) -> int:
    """At least one: a queue whose messages expire at once would hand them on unconfirmed."""
    return max(1, round(delay.total_seconds() * 1000))
