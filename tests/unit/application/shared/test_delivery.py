"""Decisions about failed messages, and the bounded pool that handlers run in."""

import asyncio
from datetime import timedelta

import pytest

from application.shared.delivery import DeadLetter, HandlerPool, Retry, after_failure
from application.shared.messages import Rejected, RetryPolicy

POLICY = RetryPolicy(attempts=5, first_delay=timedelta(seconds=1), longest_delay=timedelta(seconds=5))


def test_each_failure_doubles_the_wait_up_to_the_longest() -> None:
    waits = [after_failure(POLICY, failures, RuntimeError("no")) for failures in range(4)]
    assert [wait.delay.total_seconds() for wait in waits if isinstance(wait, Retry)] == [1, 2, 4, 5]
    assert [wait.failures for wait in waits] == [1, 2, 3, 4]


def test_the_last_attempt_is_not_followed_by_a_retry() -> None:
    assert after_failure(POLICY, 4, KeyError("x")) == DeadLetter(failures=5, error="KeyError: 'x'")


def test_a_rejection_is_final() -> None:
    assert after_failure(POLICY, 0, Rejected("no text")) == DeadLetter(failures=1, error="Rejected: no text")


def test_an_error_text_fits_everywhere_it_is_kept() -> None:
    outcome = after_failure(POLICY, 4, RuntimeError("a\x00b" * 10_000))
    assert len(outcome.error) == 1000
    assert "\x00" not in outcome.error


async def test_a_pool_tells_of_work_that_crashed_and_frees_its_slot() -> None:
    crashes: list[BaseException] = []
    pool = HandlerPool(1, crashes.append)

    async def crash() -> None:
        raise ZeroDivisionError

    await pool.slot()
    pool.start(crash())
    await asyncio.wait_for(pool.slot(), timeout=30)

    assert [type(error) for error in crashes] == [ZeroDivisionError]


async def test_a_pool_gives_all_its_free_slots_at_once() -> None:
    pool = HandlerPool(3, lambda _: None)
    assert await pool.slots() == 3
    pool.release()
    assert await pool.slots() == 1


def test_a_pool_needs_room_for_one() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        HandlerPool(0, lambda _: None)
