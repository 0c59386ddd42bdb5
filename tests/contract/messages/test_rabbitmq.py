"""RabbitMQ keeps the contract."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.rabbitmq.consumer import RabbitMQConsumer
from tests.contract.messages.contract import MessageTransportContract
from tests.contract.messages.rabbitmq import RabbitMQTransport, rabbitmq_transport
from tests.contract.messages.transport import ENTITIES, Blocking, Recorder, a_message, consuming, eventually
from tests.servers.rabbitmq import RabbitMQTestServer


class SlowToSubscribe(RabbitMQConsumer):
    """Messages arrive long before it hears that it will get them."""

    async def _subscribe(self, *arguments: Any) -> str:
        tag = await super()._subscribe(*arguments)
        await asyncio.sleep(0.5)
        return tag


class TestRabbitMQ(MessageTransportContract):
    @pytest.fixture
    async def transport(self, rabbitmq_server: RabbitMQTestServer) -> AsyncIterator[RabbitMQTransport]:
        async with rabbitmq_transport(rabbitmq_server.url) as transport:
            yield transport

    async def test_what_begins_while_a_consumer_starts_is_finished_and_not_repeated(
        self, transport: RabbitMQTransport
    ) -> None:
        publisher = await transport.publisher(ENTITIES)
        handler, later = Blocking(), Recorder()
        message, after = a_message(), a_message()
        await publisher.publish([message])
        run = asyncio.create_task(SlowToSubscribe(transport.settings).run([(ENTITIES, handler)], 1))
        await eventually(lambda: handler.running == 1)

        run.cancel()
        handler.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await run

        await publisher.publish([after])
        async with consuming(transport.consumer(), (ENTITIES, later), concurrency=1):
            await eventually(lambda: after.id in later.ids)
        assert (handler.ids, later.ids) == ([message.id], [after.id])
