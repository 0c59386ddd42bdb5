"""What the contract needs of a transport under test, and the small tools its tests are written with."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid4

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
from domain.shared.ids import EventId, UserId
from domain.shared.json import JsonObject

# Short waits, long enough that doubling shows through the latency of a busy machine.
POLICY = RetryPolicy(
    attempts=4,
    first_delay=timedelta(milliseconds=200),
    longest_delay=timedelta(milliseconds=400),
    deliveries=3,
    outage_delay=timedelta(milliseconds=100),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenDeadLetter:
    """A message that was given up, as the transport keeps it."""

    id: UUID
    failures: int
    error: str


class Transport(Protocol):
    """One installation of a transport with `POLICY`, empty at the start of each test."""

    @property
    def queues(self) -> MessageQueues: ...

    async def publisher(self, *subscriptions: Subscription) -> MessagePublisher:
        """A publisher for queues that are declared; closed when the test is over."""
        ...

    def consumer(self) -> MessageConsumer: ...

    async def dead_letters(self, queue: str) -> Sequence[SeenDeadLetter]:
        """Takes what was given up in this queue."""
        ...


ENTITIES = Subscription(queue="entities", topics=["entity.*"])
EVERYTHING = Subscription(queue="everything", topics=["#"])
DOCUMENTS = Subscription(queue="documents", topics=["document.added", "document.removed"])
POSITIONS = itertools.count(2**31)


def a_message(kind: str = "entity.created", data: JsonObject | None = None) -> Message:
    """A message that differs from every other one by its id, and comes after all made before."""
    return Message(
        id=EventId(uuid4()),
        type=kind,
        source="/test",
        subject=uuid4(),
        time=datetime.now(UTC),
        user_id=UserId(uuid4()),
        position=next(POSITIONS),
        data=data or {},
        request_id=uuid4().hex,
    )


async def eventually(
    condition: Callable[[], bool] | Callable[[], Awaitable[bool]], within: float = 20, what: str = "it"
) -> None:
    """Returns once the condition holds; fails when it does not in time."""
    deadline = time.monotonic() + within
    while True:
        result = condition()
        if result if isinstance(result, bool) else await result:
            return
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {within} s")
        await asyncio.sleep(0.01)


class Recorder:
    """A handler that keeps what it gets, and when."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.times: list[float] = []

    async def __call__(self, message: Message) -> None:
        self.messages.append(message)
        self.times.append(time.monotonic())

    @property
    def ids(self) -> list[UUID]:
        return [message.id for message in self.messages]


class Failing(Recorder):
    """Records, and raises `error` the given number of times."""

    def __init__(self, error: BaseException, times: int = 1_000) -> None:
        super().__init__()
        self.error = error
        self._left = times

    async def __call__(self, message: Message) -> None:
        await super().__call__(message)
        if self._left:
            self._left -= 1
            raise self.error


class Blocking(Recorder):
    """Records, then waits until told to go on; counts how many wait at the same time."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = asyncio.Event()
        self.running = 0
        self.most_running = 0

    async def __call__(self, message: Message) -> None:
        await super().__call__(message)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await self.go_on.wait()
        finally:
            self.running -= 1


@asynccontextmanager
async def consuming(
    consumer: MessageConsumer, *handlers: tuple[Subscription, Handler], concurrency: int = 4
) -> AsyncIterator["asyncio.Task[None]"]:
    """Runs the consumer for the time of a block, and stops it in an orderly way."""
    task = asyncio.create_task(consumer.run(handlers, concurrency))
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.wait_for(task, timeout=20)


async def abandon(task: "asyncio.Task[None]") -> None:
    """Makes a consumer drop what it is doing, as one that is cancelled a second time."""
    task.cancel()
    for _ in range(3):
        await asyncio.sleep(0)
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=0.05)


async def status_of(transport: Transport, queue: str) -> QueueStatus:
    (found,) = [status for status in await transport.queues.status() if status.queue == queue]
    return found
