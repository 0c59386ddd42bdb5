"""Waiting for news ends with them, with its time, or with a cancellation at whatever moment."""

import asyncio

import pytest

from application.shared.waiting import wait_for_event


async def test_ends_when_the_event_is_set() -> None:
    event = asyncio.Event()
    waiting = asyncio.create_task(wait_for_event(event, 60))
    await asyncio.sleep(0)

    event.set()

    await asyncio.wait_for(waiting, 30)


@pytest.mark.parametrize("seconds", [-1, 0, 0.001])
async def test_ends_when_the_time_is_over(seconds: float) -> None:
    await asyncio.wait_for(wait_for_event(asyncio.Event(), seconds), 30)


@pytest.mark.parametrize("steps", range(6))
async def test_a_cancellation_beside_the_event_is_not_forgotten(steps: int) -> None:
    event = asyncio.Event()

    async def for_ever() -> None:
        while True:
            await wait_for_event(event, 60)
            event.clear()

    waiting = asyncio.create_task(for_ever())
    await asyncio.sleep(0)
    event.set()
    for _ in range(steps):
        await asyncio.sleep(0)

    waiting.cancel()
    await asyncio.wait([waiting], timeout=30)

    assert waiting.cancelled()
