"""Removes what uploads that broke off, and imports that have ended, have left behind."""

import asyncio
import contextlib
from datetime import timedelta

from application.graph.imports import ImportSweep
from application.shared.ports import Clock
from domain.shared.errors import Unavailable


class SweepImports:
    """Runs until cancelled, in any number of processes. An upload that takes longer than `abandoned` counts
    as broken off; answers to bulk requests are kept for `answered`."""

    def __init__(
        self,
        sweep: ImportSweep,
        clock: Clock,
        *,
        pace: timedelta = timedelta(minutes=5),
        abandoned: timedelta = timedelta(hours=24),
        answered: timedelta = timedelta(hours=48),
    ) -> None:
        self._sweep = sweep
        self._clock = clock
        self._pace = pace
        self._abandoned = abandoned
        self._answered = answered

    async def run(self) -> None:
        """Raises only `CancelledError` and what is a defect."""
        while True:
            with contextlib.suppress(Unavailable):  # the next round removes what this one could not
                await self.once()
            await asyncio.sleep(self._pace.total_seconds())

    async def once(self) -> int:
        """One round; how much was removed."""
        now = self._clock.now()
        return await self._sweep(now - self._abandoned, now - self._answered)
