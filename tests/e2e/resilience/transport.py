"""The two ways work travels, as variables for the processes and as an operator's view for the test."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

from adapters.rabbitmq.connection import RabbitMQSettings, connected
from adapters.rabbitmq.queues import RabbitMQQueues
from application.shared.messages import QueueStatus
from entrypoints.policies import retry_policy_of
from entrypoints.settings import read_settings
from entrypoints.subscriptions import SUBSCRIPTIONS
from tests.e2e.resilience.polling import eventually


@dataclass(frozen=True, slots=True)
class WorkTransport:
    """`environment` makes a process use it; what it holds on a shared broker has names of its own."""

    environment: Mapping[str, str]

    @classmethod
    def through_postgres(cls, **environment: str) -> "WorkTransport":
        return cls(environment)

    @classmethod
    def through_rabbitmq(cls, url: str, **environment: str) -> "WorkTransport":
        return cls({**environment, "RABBITMQ_URL": url, "MESSAGE_PREFIX": f"test-{uuid4().hex[:12]}"})

    async def left_over(self) -> Sequence[QueueStatus]:
        """The broker's queues that are not empty; the ledger tells of those in the database."""
        if (broker := self._broker()) is None:
            return []
        queues = await RabbitMQQueues(broker, SUBSCRIPTIONS).status()
        return [queue for queue in queues if queue.ready or queue.delayed or queue.dead]

    async def drained(self, logs: Callable[[], str]) -> None:
        """Waits until the broker holds nothing. What came twice, or was put off during an outage, is still on
        its way when its effects have long been stored."""
        left: Sequence[QueueStatus] = ()

        async def is_empty() -> bool:
            nonlocal left
            left = await self.left_over()
            return not left

        await eventually(is_empty, lambda: f"every message to be settled: {left}\n{logs()}", poll=0.2)

    async def remove(self) -> None:
        """Deletes what is on the broker."""
        if (broker := self._broker()) is None:
            return
        topology = broker.topology
        async with connected(broker, "test") as connection:
            channel = await connection.channel()
            for subscription in SUBSCRIPTIONS:
                for name in topology.queue_names(subscription.queue):
                    await channel.queue_delete(name)
            for exchange in (topology.events, topology.dead):
                await channel.exchange_delete(exchange)

    def _broker(self) -> RabbitMQSettings | None:
        settings = read_settings(self.environment)
        if not settings.rabbitmq_url:
            return None
        return RabbitMQSettings(
            url=settings.rabbitmq_url, prefix=settings.message_prefix, policy=retry_policy_of(settings)
        )
