"""A feed over a memory store, and readers that are driven step by step."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import ClassVar

from adapters.memory.event_log import InMemoryEventLog
from application.live.bell import Bell
from application.live.feed import Feed
from application.live.ports import EventLog, FeedListener
from application.live.subscriber import Frame, Subscriber, SubscriberLimits
from application.shared.messages import Message
from application.shared.principal import Principal
from domain.shared.events import DomainEvent
from domain.shared.ids import SessionId, UserId
from tests.contract.systems import IDS, MemorySystem, principal

__all__ = ["Live", "Reader", "event", "eventually", "running", "words"]


def event(user_id: UserId, type_: str, word: str = "", subject: object = None) -> DomainEvent:
    """An event of any type."""

    class Happened(DomainEvent):
        type: ClassVar[str] = type_

    return Happened(
        user_id=user_id,
        subject=subject or IDS.new(),  # type: ignore[arg-type]  # ids of sessions and accounts alike
        occurred_at=datetime.now(UTC),
        data={"word": word},
    )


async def eventually(condition: Callable[[], bool], within: float = 30) -> None:
    """Returns as soon as the condition holds; fails when it does not in time."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110  # conditions of the code under test have no event to wait for
            await asyncio.sleep(0.002)


def words(frames: Sequence[Frame]) -> Sequence[str]:
    return [frame.text for frame in frames]


class Reader:
    """A subscriber and its bell."""

    def __init__(self, feed: Feed, caller: Principal) -> None:
        self.bell = Bell()
        self.subscriber: Subscriber = feed.join(caller, self.bell.ring)
        self.frames: list[Frame] = []

    async def until(self, count: int) -> Sequence[str]:
        """All texts taken so far, once there are `count`."""
        async with asyncio.timeout(30):
            while len(self.frames) < count:
                taken = await self.subscriber.take(3)
                self.frames += taken
                if not taken and self.subscriber.idle:
                    await self.bell.wait(asyncio.get_running_loop().time() + 30)
        return words(self.frames)


@dataclass(slots=True)
class Live:
    """What a test of the feed holds in hands."""

    system: MemorySystem
    log: EventLog
    feed: Feed
    encoded: list[Message]
    complaints: list[str]

    async def happen(self, *events: DomainEvent) -> None:
        """Records and positions the events, and waits until the feed has announced them."""
        async with self.system.start_work(principal(events[0].user_id)) as work:
            for each in events:
                work.record(each)
            await work.commit()
        async with self.system.outbox.lead() as lease:
            await lease.assign_positions(10_000)
        head = await self.log.head()
        await eventually(lambda: self.feed.position == head)

    def reader(self, user_id: UserId, session_id: SessionId | None = None) -> Reader:
        return Reader(self.feed, replace(principal(user_id), session_id=session_id))


@contextlib.asynccontextmanager
async def running(
    listeners: Sequence[FeedListener] = (),
    limits: SubscriberLimits | None = None,
    per_user: int = 1000,
    wrap: Callable[[EventLog], EventLog] = lambda log: log,
) -> AsyncIterator[Live]:
    """A feed that follows a memory store; an event's text is its word."""
    system = MemorySystem()
    log = wrap(InMemoryEventLog(system.store, "test"))
    encoded: list[Message] = []
    complaints: list[str] = []

    def encode(message: Message) -> str:
        encoded.append(message)
        return str(message.data["word"])

    feed = Feed(
        log,
        encode,
        lambda what, reason: complaints.append(f"{what}: {reason}"),
        listeners=listeners,
        limits=limits,
        per_user=per_user,
        retry=0.001,
    )
    task = asyncio.create_task(feed.run())
    try:
        await asyncio.wait_for(feed.started(), 30)
        yield Live(system, log, feed, encoded, complaints)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
