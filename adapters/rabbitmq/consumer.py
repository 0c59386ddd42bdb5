"""Takes messages from the broker for ever: a lost connection is made again, and nothing taken is kept."""

import asyncio
import random
from collections.abc import Sequence

import structlog
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage

from adapters.rabbitmq.cloudevents import Undecodable, decode, failures_of
from adapters.rabbitmq.connection import BROKER_ERRORS, RabbitMQSettings, connected
from adapters.rabbitmq.delivery import ConfirmedCopies, Origin, RabbitMQDelivery, bury, give_back
from application.shared.delivery import DeadLetter, HandlerPool, cancellations, deliver, describe
from application.shared.messages import Handler, MessageConsumer, Subscription

log = structlog.get_logger()

Handlers = Sequence[tuple[Subscription, Handler]]


class RabbitMQConsumer(MessageConsumer):
    """Opens its connection in `run` and closes it there; there is nothing to enter or leave.

    The broker ends the channel of a consumer that keeps one message longer than its `consumer_timeout`
    (30 minutes unless configured) and delivers the message again, so handlers must end well before.
    """

    def __init__(self, settings: RabbitMQSettings) -> None:
        self._settings = settings
        self._topology = settings.topology

    async def run(self, handlers: Handlers, concurrency: int) -> None:
        pool = HandlerPool(concurrency, lambda error: log.error("delivery_crashed", exc_info=error))
        attempt, before = 0, cancellations()
        try:
            while True:
                try:
                    async with connected(self._settings, "consumer") as connection:
                        await self._consume(connection, handlers, concurrency, pool, before)
                        attempt = 0
                except (asyncio.CancelledError, *BROKER_ERRORS) as error:
                    # The client cancels its own waits when a connection breaks under them, and answers a
                    # cancellation with an error of its own: only the task itself knows which it was.
                    if cancellations() > before:
                        raise asyncio.CancelledError from error
                    log.warning("broker_lost", error=describe(error), attempt=attempt)
                await asyncio.sleep(self._backoff(attempt))
                attempt += 1
        finally:
            await pool.drain()

    async def _consume(
        self,
        connection: AbstractConnection,
        handlers: Handlers,
        concurrency: int,
        pool: HandlerPool,
        before: int,
    ) -> None:
        """Delivers until the connection is lost, or the task was cancelled more often than `before`."""
        lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        subscribed: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def ended(reason: str) -> None:
            if not lost.done():
                lost.set_result(reason)

        try:
            async with asyncio.timeout(self._settings.operation_timeout):
                channel = await connection.channel(publisher_confirms=False)
                out = await connection.channel(publisher_confirms=True, on_return_raises=True)
                for closing in (channel.close_callbacks, out.close_callbacks, connection.close_callbacks):
                    closing.add(lambda _, error: ended(str(error)))
                await channel.set_qos(prefetch_count=concurrency)
                await self._topology.declare(connection, [subscription for subscription, _ in handlers])
                copies = ConfirmedCopies(out, self._settings.operation_timeout)
                underlay = await channel.get_underlay_channel()
                underlay.on_consumer_cancel_callbacks.add(lambda _: ended("the broker ended a consumer"))
                tags = [
                    await self._subscribe(
                        channel, Origin(subscription.queue, self._topology, copies), handler, pool, subscribed
                    )
                    for subscription, handler in handlers
                ]
            subscribed.set_result(True)
        finally:
            if not subscribed.done():
                subscribed.set_result(False)
        log.info("broker_connected", role="consumer", queues=[s.queue for s, _ in handlers])
        try:
            if cancellations() > before:
                raise asyncio.CancelledError  # it came while connecting, and the client swallowed it
            reason = await lost
        except asyncio.CancelledError:
            await self._stop_deliveries(channel, tags)
            await pool.drain()
            raise
        log.warning("broker_lost", error=reason)

    async def _subscribe(
        self,
        channel: AbstractChannel,
        origin: Origin,
        handler: Handler,
        pool: HandlerPool,
        subscribed: "asyncio.Future[bool]",
    ) -> str:

        async def receive(incoming: AbstractIncomingMessage) -> None:
            # Nothing begins before all queues are subscribed to: who is stopped until then only drops the
            # connection, and with it would lose what became of a message.
            await asyncio.wait([subscribed])
            await pool.slot()
            if not subscribed.result() or pool.closing or channel.is_closed:
                pool.release()
                await give_back(incoming)
                return
            pool.start(self._handle(incoming, origin, handler))

        queue = await channel.get_queue(self._topology.queue(origin.queue), ensure=False)
        return await queue.consume(receive, timeout=self._settings.operation_timeout)

    async def _handle(self, incoming: AbstractIncomingMessage, origin: Origin, handler: Handler) -> None:
        failures = failures_of(incoming)
        try:
            message = decode(incoming)
        except Undecodable as error:
            outcome = DeadLetter(failures=failures + 1, error=describe(error))
            await bury(incoming, outcome, origin)
            return
        delivery = RabbitMQDelivery(incoming, message, failures, origin)
        await deliver(delivery, handler, self._settings.policy)

    async def _stop_deliveries(self, channel: AbstractChannel, tags: Sequence[str]) -> None:
        try:
            underlay = await channel.get_underlay_channel()
            for tag in tags:
                await underlay.basic_cancel(tag, timeout=5)
        except BROKER_ERRORS as error:
            log.info("broker_already_lost", error=describe(error))

    def _backoff(self, attempt: int) -> float:
        """Doubling, with a random part so that many consumers do not come back at the same moment."""
        longest = min(self._settings.first_backoff * 2 ** min(attempt, 30), self._settings.longest_backoff)
        return random.uniform(longest / 2, longest)  # noqa: S311 - spreads load, guards nothing
