"""RabbitMQ keeps the contract."""

from collections.abc import AsyncIterator

import pytest

from tests.contract.messages.contract import MessageTransportContract
from tests.contract.messages.rabbitmq import rabbitmq_transport
from tests.contract.messages.transport import Transport
from tests.servers.rabbitmq import RabbitMQTestServer


class TestRabbitMQ(MessageTransportContract):
    @pytest.fixture
    async def transport(self, rabbitmq_server: RabbitMQTestServer) -> AsyncIterator[Transport]:
        async with rabbitmq_transport(rabbitmq_server.url) as transport:
            yield transport
