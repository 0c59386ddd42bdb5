"""Lets one task sleep until any of several things happens, without a task for each of them."""

import asyncio


class Bell:
    """One sleeper, many ringers. A ring while nobody sleeps is kept, however often it rang."""

    __slots__ = ("_rung", "_sleeper")

    def __init__(self) -> None:
        self._rung = False
        self._sleeper: asyncio.Future[None] | None = None

    def ring(self) -> None:
        """Wakes the sleeper, or keeps it from falling asleep."""
        self._rung = True
        if self._sleeper is not None and not self._sleeper.done():
            self._sleeper.set_result(None)

    async def wait(self, until: float) -> None:
        """Returns when rung, or when the loop's clock reads `until`."""
        if not self._rung:
            loop = asyncio.get_running_loop()
            self._sleeper = loop.create_future()
            alarm = loop.call_at(until, self.ring)
            try:
                await self._sleeper
            finally:
                alarm.cancel()
                self._sleeper = None
        self._rung = False
