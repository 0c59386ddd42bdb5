"""Waits for what other processes do: by asking again until a deadline, since nothing tells us."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Final

POLL_SECONDS: Final = 0.01


async def eventually(
    holds: Callable[[], bool | Awaitable[bool]],
    what: str | Callable[[], str],
    *,
    within: float = 180.0,
    poll: float = POLL_SECONDS,
) -> None:
    """Returns when the condition holds; fails, saying what was waited for, when it does not in time. A `what`
    that is called says how things stand by then."""
    deadline = time.monotonic() + within
    while True:
        answer = holds()
        if await answer if inspect.isawaitable(answer) else answer:
            return
        if time.monotonic() >= deadline:
            raise AssertionError(f"within {within:.0f} s not: {what if isinstance(what, str) else what()}")
        await asyncio.sleep(poll)
