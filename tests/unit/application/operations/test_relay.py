"""The relay moves every event on, in order, through failures of the transport and of its lease."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta

from application.operations.relay import Relay
from application.shared.messages import Message, MessagePublisher
from domain.shared.errors import Unavailable
from tests.contract.systems import MemorySystem, principal, something


class Transport(MessagePublisher):
    """Keeps what it is given; refuses as often as it is told to."""

    def __init__(self, refusals: int = 0) -> None:
        self.given: list[Message] = []
        self.refusals = refusals

    async def publish(self, messages: Sequence[Message]) -> None:
        if self.refusals:
            self.refusals -= 1
            raise Unavailable("the broker is away")
        self.given += messages


async def record(system: MemorySystem, count: int) -> None:
    user = await system.new_user()
    async with system.start_work(principal(user)) as work:
        for place in range(count):
            work.record(something(user, str(place)))
        await work.commit()


@contextlib.asynccontextmanager
async def running(relay: Relay) -> AsyncIterator[None]:
    task = asyncio.create_task(relay.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110  # the relay under test announces nothing to wait for
            await asyncio.sleep(0.001)


def relay_of(system: MemorySystem, transport: Transport, heard: list[str], batch: int = 500) -> Relay:
    return Relay(
        system.outbox,
        transport,
        lambda event, _: heard.append(event),
        batch=batch,
        retry=timedelta(milliseconds=1),
    )


async def test_publishes_everything_in_order_in_batches() -> None:
    system, transport = MemorySystem(), Transport()
    await record(system, 12)
    async with running(relay_of(system, transport, [], batch=5)):
        await until(lambda: len(transport.given) == 12)
        await record(system, 3)
        await until(lambda: len(transport.given) == 15)
    assert [m.position for m in transport.given] == list(range(1, 16))


async def test_gives_positions_while_the_transport_is_away_and_publishes_when_it_is_back() -> None:
    system, transport, heard = MemorySystem(), Transport(refusals=3), list[str]()
    await record(system, 4)
    async with running(relay_of(system, transport, heard)):
        await until(lambda: "publish_failed" in heard)
        assert [e.position for e in system.store.events] == [1, 2, 3, 4]
        await until(lambda: len(transport.given) == 4)
    assert heard.count("publish_failed") == 3


async def test_begins_again_where_the_transport_confirmed_last() -> None:
    system, transport = MemorySystem(), Transport()
    await record(system, 2)
    async with running(relay_of(system, transport, [])):
        await until(lambda: all(e.published for e in system.store.events))
    await record(system, 2)
    async with running(relay_of(system, transport, [])):
        await until(lambda: len(transport.given) == 4)
    assert [m.position for m in transport.given] == [1, 2, 3, 4]
