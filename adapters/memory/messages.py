"""A message broker inside the process, for tests: the transport's rules without a transport."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

import structlog

from application.shared.delivery import DeadLetter, Delivery, HandlerPool, Retry, deliver
from application.shared.messages import (
    Handler,
    Message,
    MessageConsumer,
    MessagePublisher,
    MessageQueues,
    QueueStatus,
    RetryPolicy,
    Subscription,
)
from application.shared.topics import matches_any

log = structlog.get_logger()

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """A message in a queue with what happened to it so far."""

    message: Message
    failures: int = 0
    deliveries: int = 0
    error: str | None = None


@dataclass(slots=True, kw_only=True)
class InMemoryQueue:
    """`ready` in order; the other two wait for nothing but a retry's time or an operator."""

    topics: tuple[str, ...] = ()
    ready: deque[StoredMessage] = field(default_factory=deque)
    dead: list[StoredMessage] = field(default_factory=list)
    delayed: int = 0
    active: int = 0


class InMemoryMessageBroker(MessagePublisher, MessageConsumer, MessageQueues):
    """Publisher, consumer and queues in one; each `run` is one consumer.

    `sleep` is how the wait before a retry passes: a test that hands in its own decides when it is over.
    """

    def __init__(self, policy: RetryPolicy | None = None, sleep: Sleep = asyncio.sleep) -> None:
        self._policy = policy or RetryPolicy()
        self._sleep = sleep
        self._queues: dict[str, InMemoryQueue] = {}
        self._changed = asyncio.Event()
        self._retries: set[asyncio.Task[None]] = set()

    async def publish(self, messages: Sequence[Message]) -> None:
        for message in messages:
            for queue in self._queues.values():
                if matches_any(queue.topics, message.type):
                    queue.ready.append(StoredMessage(message=message))
        self._changed.set()

    async def declare(self, subscriptions: Sequence[Subscription]) -> None:
        for subscription in subscriptions:
            queue = self._queues.setdefault(subscription.queue, InMemoryQueue())
            queue.topics = tuple(dict.fromkeys((*queue.topics, *subscription.topics)))

    async def status(self) -> Sequence[QueueStatus]:
        return [
            QueueStatus(
                queue=name,
                ready=len(queue.ready),
                delayed=queue.delayed,
                active=queue.active,
                dead=len(queue.dead),
            )
            for name, queue in sorted(self._queues.items())
        ]

    def dead_letters(self, queue: str) -> Sequence[StoredMessage]:
        """What was set aside, oldest first."""
        return tuple(self._queues[queue].dead)

    async def run(self, handlers: Sequence[tuple[Subscription, Handler]], concurrency: int) -> None:
        await self.declare([subscription for subscription, _ in handlers])
        pool = HandlerPool(concurrency, lambda error: log.error("delivery_crashed", exc_info=error))
        served = [(self._queues[subscription.queue], handler) for subscription, handler in handlers]
        try:
            while True:
                await pool.slot()
                delivery, handler = await self._next(served)
                pool.start(deliver(delivery, handler, self._policy))
        finally:
            await pool.drain()

    async def _next(
        self, served: Sequence[tuple[InMemoryQueue, Handler]]
    ) -> tuple["InMemoryDelivery", Handler]:
        while True:
            for queue, handler in served:
                if queue.ready:
                    stored = queue.ready.popleft()
                    queue.active += 1
                    return InMemoryDelivery(self, queue, stored), handler
            self._changed.clear()
            await self._changed.wait()

    def end(self, queue: InMemoryQueue) -> None:
        """One delivery less is in a consumer's hands."""
        queue.active -= 1

    def restore(self, queue: InMemoryQueue, stored: StoredMessage) -> None:
        """To the head of the queue, or to the dead letters when it came back too often."""
        stored = replace(stored, deliveries=stored.deliveries + 1)
        if stored.deliveries >= self._policy.deliveries:
            queue.dead.append(replace(stored, error="its consumers died"))
        else:
            queue.ready.appendleft(stored)
            self._changed.set()

    def delay(self, queue: InMemoryQueue, stored: StoredMessage, seconds: float) -> None:
        """To the tail of the queue once the time has passed."""

        async def later() -> None:
            await self._sleep(seconds)
            queue.delayed -= 1
            queue.ready.append(stored)
            self._changed.set()

        queue.delayed += 1
        task = asyncio.get_running_loop().create_task(later())
        self._retries.add(task)
        task.add_done_callback(self._retries.discard)


class InMemoryDelivery(Delivery):
    """One message in the hands of one `run`."""

    def __init__(self, broker: InMemoryMessageBroker, queue: InMemoryQueue, stored: StoredMessage) -> None:
        self._broker = broker
        self._queue = queue
        self._stored = stored

    @property
    def message(self) -> Message:
        return self._stored.message

    @property
    def failures(self) -> int:
        return self._stored.failures

    async def done(self) -> None:
        self._broker.end(self._queue)

    async def retry(self, outcome: Retry) -> None:
        self._broker.end(self._queue)
        stored = StoredMessage(message=self.message, failures=outcome.failures, error=outcome.error)
        self._broker.delay(self._queue, stored, outcome.delay.total_seconds())

    async def bury(self, outcome: DeadLetter) -> None:
        self._broker.end(self._queue)
        self._queue.dead.append(
            StoredMessage(message=self.message, failures=outcome.failures, error=outcome.error)
        )

    async def give_back(self) -> None:
        self._broker.end(self._queue)
        self._broker.restore(self._queue, self._stored)
