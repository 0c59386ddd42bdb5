"""The in-memory broker waits by the time it is given, so that tests of retries need no waiting."""

import asyncio
from datetime import timedelta

from adapters.memory.messages import InMemoryMessageBroker
from application.shared.messages import RetryPolicy, Subscription
from tests.contract.messages.transport import Failing, a_message, consuming, eventually

ALL = Subscription(queue="all", topics=["#"])


class ManualTime:
    """A sleep that ends when the test says so."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self._over = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.asked.append(seconds)
        await self._over.wait()

    def pass_by(self) -> None:
        self._over.set()
        self._over = asyncio.Event()


async def test_a_retry_waits_until_the_time_given_has_passed() -> None:
    time = ManualTime()
    policy = RetryPolicy(first_delay=timedelta(minutes=1), longest_delay=timedelta(hours=1))
    broker = InMemoryMessageBroker(policy, time.sleep)
    failing = Failing(RuntimeError("not yet"), times=2)
    await broker.declare([ALL])

    async with consuming(broker, (ALL, failing)):
        await broker.publish([a_message()])
        await eventually(lambda: time.asked == [60])
        assert len(failing.messages) == 1
        time.pass_by()
        await eventually(lambda: time.asked == [60, 120])
        assert len(failing.messages) == 2
        time.pass_by()
        await eventually(lambda: len(failing.messages) == 3)

    assert broker.dead_letters("all") == ()


async def test_declaring_again_adds_topics_and_keeps_messages() -> None:
    broker = InMemoryMessageBroker()
    await broker.declare([Subscription(queue="some", topics=["entity.*"])])
    await broker.publish([a_message("entity.created")])

    await broker.declare([Subscription(queue="some", topics=["document.*"])])
    await broker.publish([a_message("document.added"), a_message("entity.created"), a_message("job.done")])

    (status,) = await broker.status()
    assert status.ready == 3
