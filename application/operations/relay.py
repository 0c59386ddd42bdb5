"""Moves committed events on: gives each its position, then hands it to the transport, in order."""

import asyncio
from datetime import timedelta
from typing import Protocol

from application.operations.ports import Outbox, OutboxLease
from application.shared.messages import MessagePublisher
from domain.shared.errors import Unavailable


class RelayObserver(Protocol):
    """Hears what the relay cannot do, so that an operator does."""

    def __call__(self, event: str, reason: str) -> None: ...


class Relay:
    """Runs until cancelled; any number of processes may run one, a single one leads at a time.

    Positions do not wait for the transport: with the broker away, sockets still see every event, and
    work is handed over when it comes back. A batch begins `pace` after the one before at the earliest: a
    single event moves on at once, many at a time cost one write to disk instead of one each.
    """

    def __init__(
        self,
        outbox: Outbox,
        publisher: MessagePublisher,
        observe: RelayObserver,
        *,
        batch: int = 500,
        poll: timedelta = timedelta(milliseconds=500),
        retry: timedelta = timedelta(milliseconds=500),
        pace: timedelta = timedelta(milliseconds=10),
    ) -> None:
        self._outbox = outbox
        self._publisher = publisher
        self._observe = observe
        self._batch = batch
        self._poll = poll.total_seconds()
        self._retry = retry.total_seconds()
        self._pace = pace.total_seconds()

    async def run(self) -> None:
        """Leads whenever it can. Raises only `CancelledError` and what is a defect."""
        while True:
            try:
                async with self._outbox.lead() as lease:
                    self._observe("relay_leads", "")
                    await self._work(lease)
            except Unavailable as error:
                self._observe("relay_interrupted", error.detail)
                await asyncio.sleep(self._retry)

    async def _work(self, lease: OutboxLease) -> None:
        loop = asyncio.get_running_loop()
        news = asyncio.Event()
        news.set()
        publishing = asyncio.create_task(self._publish(lease, news))
        try:
            while not publishing.done():
                begun = loop.time()
                given = await lease.assign_positions(self._batch)
                if given:
                    news.set()
                if given < self._batch:
                    await lease.wait(self._poll)
                    await asyncio.sleep(begun + self._pace - loop.time())
        finally:
            publishing.cancel()
            outcome = (await asyncio.gather(publishing, return_exceptions=True))[0]
        if isinstance(outcome, Exception):
            raise outcome

    async def _publish(self, lease: OutboxLease, news: asyncio.Event) -> None:
        while True:
            await news.wait()
            news.clear()
            await asyncio.sleep(self._pace)  # what comes meanwhile goes along
            while messages := await lease.unpublished(self._batch):
                try:
                    await self._publisher.publish(messages)
                except Unavailable as error:
                    self._observe("publish_failed", error.detail)
                    await asyncio.sleep(self._retry)
                    continue
                await lease.mark_published(messages[-1].position)
