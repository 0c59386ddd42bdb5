"""Waits for what other processes do: by asking again until a deadline, since nothing tells us."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Final

POLL_SECONDS: Final = 0.01


async def eventually(
    holds: Callable[[], bool | Awaitable[bool]],
    what: str,
    *,
    within: float = 60.0,
    poll: float = POLL_SECONDS,
) -> None:
    """Returns when the condition holds; fails, saying what was waited for, when it does not in time."""
    deadline = time.monotonic() + within
    while True:
        answer = holds()
        if await answer if inspect.isawaitable(answer) else answer:
            return
        assert time.monotonic() < deadline, f"within {within:.0f} s not: {what}"
        await asyncio.sleep(poll)
