"""Seals the audit log soon after commits, so that no commit waits for another one's place in a chain."""

import asyncio
from datetime import timedelta

from application.operations.audit_ports import AuditLedger
from application.operations.relay import RelayObserver
from domain.shared.errors import Unavailable


class SealAudit:
    """Runs until cancelled, in any number of processes. Between a commit and its seal lies up to `pace`, and
    as long as no process runs this: in that window a row can be removed without a trace."""

    def __init__(
        self,
        ledger: AuditLedger,
        observe: RelayObserver,
        *,
        batch: int = 500,
        pace: timedelta = timedelta(seconds=1),
    ) -> None:
        self._ledger = ledger
        self._observe = observe
        self._batch = batch
        self._pace = pace.total_seconds()

    async def run(self) -> None:
        """Raises only `CancelledError` and what is a defect."""
        while True:
            try:
                while await self._ledger.seal(self._batch) == self._batch:
                    pass
            except Unavailable as error:
                self._observe("sealing_interrupted", error.detail)
            await asyncio.sleep(self._pace)
