"""The outbox over the memory store's list of events."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

from adapters.memory.store import MemoryStore, RecordedEvent
from application.operations.ports import Outbox, OutboxLease
from application.shared.messages import Message
from application.shared.waiting import wait_for_event
from domain.shared.ids import EventId


def to_message(recorded: RecordedEvent, source: str) -> Message:
    """A positioned event as it travels. Raises `ValueError` for one without a position."""
    if recorded.position is None:
        raise ValueError("this event has no position yet")
    event = recorded.event
    return Message(
        id=EventId(recorded.id),
        type=event.type,
        source=source,
        subject=event.subject,
        time=event.occurred_at,
        user_id=event.user_id,
        position=recorded.position,
        data=event.data,
        request_id=recorded.trace.request_id,
        traceparent=recorded.trace.traceparent,
    )


class InMemoryOutbox(Outbox):
    """Its `wake` is what units of work call after a commit."""

    def __init__(self, store: MemoryStore, source: str) -> None:
        self._store = store
        self._source = source
        self._leader = asyncio.Lock()
        self._news = asyncio.Event()

    def wake(self) -> None:
        self._news.set()

    @contextlib.asynccontextmanager
    async def lead(self) -> AsyncIterator[OutboxLease]:
        async with self._leader:
            yield InMemoryOutboxLease(self._store, self._source, self._news)


class InMemoryOutboxLease(OutboxLease):
    def __init__(self, store: MemoryStore, source: str, news: asyncio.Event) -> None:
        self._store = store
        self._source = source
        self._news = news

    async def assign_positions(self, limit: int) -> int:
        self._news.clear()
        waiting = [recorded for recorded in self._store.events if recorded.position is None][:limit]
        for recorded in waiting:
            self._store.head += 1
            recorded.position = self._store.head
        return len(waiting)

    async def unpublished(self, limit: int) -> Sequence[Message]:
        waiting = [r for r in self._store.events if r.position is not None and not r.published]
        return [to_message(r, self._source) for r in sorted(waiting, key=lambda r: r.position or 0)[:limit]]

    async def mark_published(self, position: int) -> None:
        for recorded in self._store.events:
            if recorded.position is not None and recorded.position <= position:
                recorded.published = True

    async def wait(self, seconds: float) -> None:
        await wait_for_event(self._news, seconds)
