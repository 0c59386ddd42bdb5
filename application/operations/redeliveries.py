"""When a transport outside of the database has nothing left of what was handled long ago."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from application.operations.retention_ports import Redeliveries
from application.shared.messages import MessageQueues, Subscription
from application.shared.ports import Clock


class KnownRedeliveries(Redeliveries):
    """Of a transport in the database: its queues are looked at row by row."""

    def __init__(self, subscriptions: Sequence[Subscription]) -> None:
        self._queues = [each.queue for each in subscriptions]

    async def settled(self) -> Mapping[str, datetime | None]:
        return dict.fromkeys(self._queues)


class ObservedRedeliveries(Redeliveries):
    """Of a transport that only counts: a queue that was empty at one look, and is at another one `patience`
    later, holds nothing that was handled before the first.

    What was with a consumer at the first look, and so not counted, has been settled by then, or put back into
    the queue and counted: a broker takes messages away from a consumer that does not answer for 30 minutes.
    """

    def __init__(
        self, queues: MessageQueues, clock: Clock, *, patience: timedelta = timedelta(hours=1)
    ) -> None:
        self._queues = queues
        self._clock = clock
        self._patience = patience
        self._empty_since: dict[str, datetime] = {}

    async def settled(self) -> Mapping[str, datetime | None]:
        now = self._clock.now()
        found: dict[str, datetime | None] = {}
        for status in await self._queues.status():
            if status.ready or status.delayed or status.dead:
                self._empty_since.pop(status.queue, None)
                continue
            since = self._empty_since.setdefault(status.queue, now)
            if now - since >= self._patience:
                found[status.queue] = since
        return found
