"""The event log over the memory store's list of events."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from adapters.memory.outbox import to_message
from adapters.memory.store import MemoryStore
from application.live.ports import EventLog
from application.shared.messages import Message
from domain.shared.ids import UserId


class InMemoryEventLog(EventLog):
    """`poll` (seconds) is how often a follower looks whether the relay gave new positions."""

    def __init__(self, store: MemoryStore, source: str, *, batch: int = 500, poll: float = 0.005) -> None:
        self._store = store
        self._source = source
        self._batch = batch
        self._poll = poll

    async def head(self) -> int:
        return self._store.head

    async def purged(self) -> int:
        return self._store.purged

    async def since(self, user_id: UserId, position: int, limit: int) -> Sequence[Message]:
        return [message for message in self._after(position) if message.user_id == user_id][:limit]

    async def follow(self, position: int) -> AsyncIterator[Sequence[Message]]:
        while True:
            while batch := self._after(position)[: self._batch]:
                yield batch
                position = batch[-1].position
            await asyncio.sleep(self._poll)

    def _after(self, position: int) -> Sequence[Message]:
        placed = [r for r in self._store.events if r.position is not None and r.position > position]
        return [to_message(r, self._source) for r in sorted(placed, key=lambda r: r.position or 0)]
