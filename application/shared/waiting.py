"""Waiting for news, but not for ever."""

import asyncio
import contextlib


async def wait_for_event(event: asyncio.Event, seconds: float) -> None:
    """Returns when the event is set, or after `seconds`.

    `asyncio.wait_for` would do before Python 3.12 too, were it not that it forgets a cancellation that comes
    at the moment of the event: the task that was told to stop then goes on for ever (python/cpython#86296).
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
