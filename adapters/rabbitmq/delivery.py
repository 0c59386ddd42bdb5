"""What becomes of one message taken from a queue: acknowledged, copied to a retry, buried or given back."""

import asyncio
from dataclasses import dataclass
from typing import Protocol

import structlog
from aio_pika import Message as AmqpMessage
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from adapters.rabbitmq.cloudevents import ERROR, FAILURES, QUEUE, copy_of
from adapters.rabbitmq.connection import BROKER_ERRORS
from adapters.rabbitmq.topology import Topology
from application.shared.delivery import DeadLetter, Delivery, Retry, describe
from application.shared.messages import Message

log = structlog.get_logger()


class CopyPublisher(Protocol):
    """Where copies of failed messages go; returns when the broker has confirmed one."""

    async def publish(self, copy: AmqpMessage, exchange: str, routing_key: str) -> None: ...


class ConfirmedCopies(CopyPublisher):
    """Publishes copies one at a time.

    The client tells returned messages apart by their id, and copies of one message share theirs.
    """

    def __init__(self, channel: AbstractChannel, timeout: float) -> None:
        self._channel = channel
        self._timeout = timeout
        self._one_at_a_time = asyncio.Lock()

    async def publish(self, copy: AmqpMessage, exchange: str, routing_key: str) -> None:
        async with self._one_at_a_time:
            target = await self._channel.get_exchange(exchange, ensure=False)
            await target.publish(copy, routing_key, mandatory=True, timeout=self._timeout)


@dataclass(frozen=True, slots=True)
class Origin:
    """The queue a message came from, and what is needed to move it on."""

    queue: str
    topology: Topology
    copies: CopyPublisher


class RabbitMQDelivery(Delivery):
    """A copy is confirmed before the original is acknowledged: a crash in between repeats, never loses."""

    def __init__(
        self,
        incoming: AbstractIncomingMessage,
        message: Message,
        failures: int,
        origin: Origin,
    ) -> None:
        self._incoming = incoming
        self._message = message
        self._failures = failures
        self._origin = origin

    @property
    def message(self) -> Message:
        return self._message

    @property
    def failures(self) -> int:
        return self._failures

    async def done(self) -> None:
        try:
            await self._incoming.ack()
        except BROKER_ERRORS as error:
            self._lost("acknowledge", error)

    async def retry(self, outcome: Retry) -> None:
        headers: dict[str, str | int] = {FAILURES: outcome.failures, ERROR: outcome.error}
        queue = self._origin.topology.retry_queue(self._origin.queue, outcome.delay)
        try:
            await self._origin.copies.publish(copy_of(self._incoming, headers), "", queue)
            await self._incoming.ack()
        except BROKER_ERRORS as error:
            self._lost("retry", error)
            return
        log.warning(
            "message_retried",
            queue=self._origin.queue,
            message_id=str(self.message.id),
            type=self.message.type,
            failures=outcome.failures,
            delay=outcome.delay.total_seconds(),
            error=outcome.error,
        )

    async def bury(self, outcome: DeadLetter) -> None:
        await bury(self._incoming, outcome, self._origin)

    async def give_back(self) -> None:
        await give_back(self._incoming)

    def _lost(self, what: str, error: BaseException) -> None:
        log.warning("message_outcome_lost", what=what, message_id=str(self.message.id), error=describe(error))


async def bury(
    incoming: AbstractIncomingMessage,
    outcome: DeadLetter,
    origin: Origin,
) -> None:
    """Sets a message aside with its error, the number of its failures and the queue it came from."""
    headers: dict[str, str | int] = {FAILURES: outcome.failures, ERROR: outcome.error, QUEUE: origin.queue}
    try:
        target = origin.topology.queue(origin.queue)
        await origin.copies.publish(copy_of(incoming, headers), origin.topology.dead, target)
        await incoming.ack()
    except BROKER_ERRORS as error:
        log.warning(
            "message_outcome_lost", what="bury", message_id=incoming.message_id, error=describe(error)
        )
        return
    log.error(
        "message_dead",
        queue=origin.queue,
        message_id=incoming.message_id,
        type=incoming.type,
        failures=outcome.failures,
        error=outcome.error,
    )


async def give_back(incoming: AbstractIncomingMessage) -> None:
    """Returns a message to the head of its queue; a lost channel has done so already."""
    try:
        await incoming.reject(requeue=True)
    except BROKER_ERRORS as error:
        log.info("message_returned_by_broker", message_id=incoming.message_id, error=describe(error))
