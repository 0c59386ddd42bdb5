"""Keeps what a provider published for a while, and asks for it once however many wait."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from adapters.oidc.web import Unreachable
from application.shared.ports import Clock

Value = TypeVar("Value")

# After a failure nobody asks for this long: a provider that is down must not hold every login up.
PATIENCE: Final = timedelta(seconds=5)


class Remembered(Generic[Value]):
    """One published thing."""

    def __init__(self, fetch: Callable[[], Awaitable[Value]], clock: Clock, lifetime: timedelta) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lifetime = lifetime
        self._lock = asyncio.Lock()
        self._kept: tuple[datetime, Value] | None = None
        self._failed: tuple[datetime, str] | None = None

    async def get(self, no_older_than: timedelta | None = None) -> Value:
        """What was fetched within its lifetime, or within this time. Raises `Unreachable`."""
        allowed = self._lifetime if no_older_than is None else no_older_than
        async with self._lock:
            now = self._clock.now()
            if self._kept is not None and now - self._kept[0] < allowed:
                return self._kept[1]
            if self._failed is not None and now - self._failed[0] < PATIENCE:
                raise Unreachable(self._failed[1])
            try:
                value = await self._fetch()
            except Unreachable as error:
                self._failed = (now, str(error))
                raise
            self._kept, self._failed = (now, value), None
            return value
