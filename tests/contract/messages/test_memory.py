"""The in-memory broker keeps the contract."""

from collections.abc import Sequence

import pytest

from adapters.memory.messages import InMemoryMessageBroker
from application.shared.messages import MessageConsumer, MessagePublisher, MessageQueues, Subscription
from tests.contract.messages.contract import MessageTransportContract
from tests.contract.messages.transport import POLICY, SeenDeadLetter, Transport


class InMemoryTransport(Transport):
    def __init__(self) -> None:
        self._broker = InMemoryMessageBroker(POLICY)

    @property
    def queues(self) -> MessageQueues:
        return self._broker

    async def publisher(self, *subscriptions: Subscription) -> MessagePublisher:
        await self._broker.declare(subscriptions)
        return self._broker

    def consumer(self) -> MessageConsumer:
        return self._broker

    async def dead_letters(self, queue: str) -> Sequence[SeenDeadLetter]:
        return [
            SeenDeadLetter(id=dead.message.id, failures=dead.failures, error=dead.error or "")
            for dead in self._broker.dead_letters(queue)
        ]


class TestInMemoryMessageBroker(MessageTransportContract):
    @pytest.fixture
    async def transport(self) -> Transport:
        return InMemoryTransport()
