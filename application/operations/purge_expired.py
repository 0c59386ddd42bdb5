"""Removes what nobody will ask for again, so that nothing grows for ever; the audit log stays whole."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from application.operations.relay import RelayObserver
from application.operations.retention_ports import ExpiredRows, Kind, Redeliveries
from application.shared.ports import Clock
from domain.shared.errors import Unavailable

INBOX = "inbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long things are kept after they are over. Tickets live for seconds and need no setting."""

    events: timedelta = timedelta(days=30)
    idempotency: timedelta = timedelta(hours=24)
    inbox: timedelta = timedelta(days=7)
    sessions: timedelta = timedelta(days=30)
    tickets: timedelta = timedelta(hours=1)

    def limits(self, now: datetime) -> Mapping[Kind, datetime]:
        """Before when rows of a kind must have been over to go."""
        return {
            Kind.EVENTS: now - self.events,
            Kind.IDEMPOTENCY_KEYS: now - self.idempotency,
            Kind.REFRESH_TOKENS: now - self.sessions,
            Kind.SESSIONS: now - self.sessions,
            Kind.SOCKET_TICKETS: now - self.tickets,
        }


class PurgeExpired:
    """Runs until cancelled, in any number of processes, every `pace`; or once. Many short transactions of
    `batch` rows, with a `pause` in between, so that nobody waits for them."""

    def __init__(
        self,
        rows: ExpiredRows,
        redeliveries: Redeliveries,
        clock: Clock,
        retention: Retention,
        observe: RelayObserver,
        *,
        batch: int = 1_000,
        pace: timedelta = timedelta(minutes=10),
        pause: timedelta = timedelta(milliseconds=20),
    ) -> None:
        self._rows = rows
        self._redeliveries = redeliveries
        self._clock = clock
        self._retention = retention
        self._observe = observe
        self._batch = batch
        self._pace = pace.total_seconds()
        self._pause = pause.total_seconds()

    async def run(self) -> None:
        """Raises only `CancelledError` and what is a defect."""
        while True:
            try:
                removed = await self()
            except Unavailable as error:
                self._observe("purge_interrupted", error.detail)
            else:
                if told := ", ".join(f"{name} {count}" for name, count in removed.items() if count):
                    self._observe("purged", told)
            await asyncio.sleep(self._pace)

    async def __call__(self) -> Mapping[str, int]:
        """One round; how many rows went, by what they were. Raises `Unavailable`."""
        now = self._clock.now()
        removed: Counter[str] = Counter({kind.value: 0 for kind in Kind})
        for kind, before in self._retention.limits(now).items():
            while True:
                count = await self._rows.remove(kind, before, self._batch)
                removed[kind.value] += count
                if count < self._batch:
                    break
                await asyncio.sleep(self._pause)
        removed[INBOX] = 0
        for handler, settled in (await self._redeliveries.settled()).items():
            before = now - self._retention.inbox
            removed[INBOX] += await self._forget(handler, min(before, settled) if settled else before)
        return dict(sorted(removed.items()))

    async def _forget(self, handler: str, before: datetime) -> int:
        forgotten = 0
        while True:
            count = await self._rows.remove_handled(handler, before, self._batch)
            forgotten += count
            if count < self._batch:
                return forgotten
            await asyncio.sleep(self._pause)
