"""Puts refused access into the audit log soon after: no request waits for it, and no flood fills it."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from itertools import chain

from application.operations.audit_ports import RefusalLog, RefusalRow
from application.operations.relay import RelayObserver
from application.shared.ports import Clock, IdGenerator
from application.shared.refusals import Refusal, RefusalRecorder
from domain.operations.audit import ACCESS_REFUSED, NOBODY, AuditEntry
from domain.operations.refusals import Counted, Kind, Tallies, source_of
from domain.shared.errors import Unavailable


class RecordRefusals(RefusalRecorder):
    """Refusals in this process, written every `pace` by `run`; what is left at the end, by `drain`.

    Memory is bounded whatever comes. While the log cannot be written, refusals go on being counted. What is
    refused to accounts is counted apart, so that strangers cannot drown it.
    """

    def __init__(
        self,
        log: RefusalLog,
        clock: Clock,
        ids: IdGenerator,
        observe: RelayObserver,
        *,
        pace: timedelta = timedelta(seconds=1),
        kinds: int = 1_000,
        window: timedelta = timedelta(seconds=10),
    ) -> None:
        self._log = log
        self._clock = clock
        self._ids = ids
        self._observe = observe
        self._pace = pace.total_seconds()
        self._strangers = Tallies(kinds=kinds, window=window)
        self._accounts = Tallies(kinds=kinds, window=window)
        self._unwritten: list[RefusalRow] = []
        self._is_interrupted = False

    def record(self, refusal: Refusal) -> None:
        trace = refusal.trace
        tallies = self._strangers if refusal.user_id is None else self._accounts
        kind = Kind(refusal.reason, refusal.operation, refusal.user_id, source_of(trace.address))
        tallies.add(kind, trace.address, trace.request_id, self._clock.now())

    async def run(self) -> None:
        """Raises only `CancelledError` and what is a defect."""
        while True:
            await asyncio.sleep(self._pace)
            await self._flush()

    async def drain(self, within: timedelta = timedelta(seconds=3)) -> None:
        """Writes what there is, as long as it takes but for an outage: then that is said."""
        try:
            async with asyncio.timeout(within.total_seconds()):
                while not await self._flush(everything=True):  # noqa: ASYNC110 - a log that is back tells nobody
                    await asyncio.sleep(0.1)
        except TimeoutError:
            lost = sum(entry.occurrences for _, entry in self._unwritten)
            lost += sum(each.count for each in self._due(everything=True))
            self._observe("refusals_lost", f"{lost} refusals of access are not in the audit log")

    async def _flush(self, *, everything: bool = False) -> bool:
        """Whether all that was due is written. Rows that were not are tried again, and not made anew."""
        if not await self._write():
            return False
        self._unwritten = [self._row(each) for each in self._due(everything=everything)]
        return await self._write()

    async def _write(self) -> bool:
        if not self._unwritten:
            return True
        try:
            await self._log.write(self._unwritten)
        except Unavailable as error:
            if not self._is_interrupted:
                self._is_interrupted = True
                self._observe("refusals_interrupted", error.detail)
            return False
        self._unwritten = []
        if self._is_interrupted:
            self._is_interrupted = False
            self._observe("refusals_resumed", "")
        return True

    def _due(self, *, everything: bool) -> Iterator[Counted]:
        now = self._clock.now()
        return chain.from_iterable(
            each.take(now, everything=everything) for each in (self._accounts, self._strangers)
        )

    def _row(self, counted: Counted) -> RefusalRow:
        kind = counted.kind
        owner = NOBODY if kind.user_id is None else kind.user_id
        entry = AuditEntry(
            user_id=owner,
            actor_id=owner,
            action=ACCESS_REFUSED,
            resource_id=owner,
            occurred_at=counted.first_at,
            outcome="failure",
            request_id=counted.request_id,
            address=counted.address,
            reason=kind.reason,
            operation=kind.operation,
            occurrences=counted.count,
            last_occurred_at=counted.last_at if counted.count > 1 else None,
        )
        return self._ids.new(), entry
