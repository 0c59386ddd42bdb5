"""Publishes with confirms, many in flight, and knows which messages somebody must have received."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import structlog
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange
from pamqp import commands

from adapters.rabbitmq.cloudevents import encode
from adapters.rabbitmq.connection import BROKER_ERRORS, RabbitMQSettings, close, connect
from application.shared.delivery import cancellations, describe
from application.shared.messages import Message, MessagePublisher, Subscription
from application.shared.topics import matches_any
from domain.shared.errors import Unavailable

log = structlog.get_logger()

IN_FLIGHT = 500


class RabbitMQPublisher(MessagePublisher):
    """Connects when the first message is published, and again after the connection was lost.

    The `subscriptions` are declared on every new connection, so that what is published before the first
    consumer ever ran is kept for it. Used as `async with RabbitMQPublisher(...) as publisher`; entering
    does not need the broker to be there.
    """

    def __init__(self, settings: RabbitMQSettings, subscriptions: Sequence[Subscription]) -> None:
        self._settings = settings
        self._subscriptions = tuple(subscriptions)
        self._topics = tuple({topic for subscription in subscriptions for topic in subscription.topics})
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None
        self._exchange: AbstractExchange | None = None
        self._connecting = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._disconnect()

    async def publish(self, messages: Sequence[Message]) -> None:
        for start in range(0, len(messages), IN_FLIGHT):
            await self._publish(messages[start : start + IN_FLIGHT])

    async def _publish(self, messages: Sequence[Message]) -> None:
        before = cancellations()
        try:
            async with asyncio.timeout(self._settings.operation_timeout):
                exchange = await self._connected_exchange()
                # Tasks begin in this order and queue for the channel's lock in it; results are looked at
                # one by one because a lost channel ends some of them as cancelled, which is no success.
                results = await asyncio.gather(
                    *(self._publish_one(exchange, message) for message in messages), return_exceptions=True
                )
        except (asyncio.CancelledError, *BROKER_ERRORS) as error:
            # The client reports lost connections as cancellations and cancellations as lost connections.
            if cancellations() > before:
                raise asyncio.CancelledError from error
            await self._give_up(error)
        else:
            if cancellations() > before:
                raise asyncio.CancelledError  # swallowed by the client; publishing again is harmless
            for result in results:
                if isinstance(result, BaseException):
                    await self._give_up(result)

    async def _publish_one(self, exchange: AbstractExchange, message: Message) -> None:
        wanted = matches_any(self._topics, message.type)
        confirmation = await exchange.publish(encode(message), message.type, mandatory=wanted)
        if not isinstance(confirmation, commands.Basic.Ack):
            raise Unavailable(f"the message broker did not confirm message {message.id}")

    async def _connected_exchange(self) -> AbstractExchange:
        async with self._connecting:
            if self._exchange is None or self._channel is None or self._channel.is_closed:
                await self._disconnect()
                self._connection = await connect(self._settings, "publisher")
                topology = self._settings.topology
                await topology.declare(self._connection, self._subscriptions)
                self._channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
                self._exchange = await self._channel.get_exchange(topology.events, ensure=False)
                log.info("broker_connected", role="publisher")
            return self._exchange

    async def _give_up(self, error: BaseException) -> None:
        """Raises `Unavailable`; whatever state the connection is in, the next call makes a new one."""
        await self._disconnect()
        if isinstance(error, Exception) and not isinstance(error, (Unavailable, *BROKER_ERRORS)):
            raise error
        log.warning("publish_failed", error=describe(error))
        raise Unavailable(f"the message broker did not take the message: {describe(error)}") from error

    async def _disconnect(self) -> None:
        connection, self._connection, self._exchange = self._connection, None, None
        if connection is not None:
            await close(connection)
