"""What every transport does alike with one delivery: run its handler and decide what follows."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from application.shared.messages import Handler, Message, Rejected, RetryPolicy
from domain.shared.errors import Unavailable

LONGEST_ERROR = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """The message is to be delivered again after `delay`, as one that failed `failures` times."""

    failures: int
    delay: timedelta
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """The message is to be set aside for an operator."""

    failures: int
    error: str


def describe(error: BaseException) -> str:
    """An error in one text that fits a header and a column."""
    return f"{type(error).__name__}: {error}".replace("\x00", "")[:LONGEST_ERROR]


def after_failure(policy: RetryPolicy, failures: int, error: BaseException) -> Retry | DeadLetter:
    """What follows when a message that had failed `failures` times fails with `error`."""
    if isinstance(error, Unavailable):
        return Retry(failures=failures, delay=policy.outage_delay, error=describe(error))
    failures += 1
    if isinstance(error, Rejected) or failures >= policy.attempts:
        return DeadLetter(failures=failures, error=describe(error))
    return Retry(failures=failures, delay=policy.delay(failures), error=describe(error))


class Delivery(Protocol):
    """One message in a consumer's hands; exactly one of the methods ends it.

    A method that cannot reach the transport says so in the log and returns: the transport then delivers
    the message again, which is what at-least-once promises.
    """

    @property
    def message(self) -> Message: ...

    @property
    def failures(self) -> int:
        """How often the message failed before this delivery."""
        ...

    async def done(self) -> None: ...

    async def retry(self, outcome: Retry) -> None: ...

    async def bury(self, outcome: DeadLetter) -> None: ...

    async def give_back(self) -> None:
        """Returns the message as if it had not been handled."""
        ...


def cancellations() -> int:
    """How often the running task was asked to stop.

    The task alone knows: libraries raise `CancelledError` for reasons of their own, and turn one they get
    into another error, or into none when what they waited for came at that moment.
    """
    task = asyncio.current_task()
    return task.cancelling() if task is not None else 0


async def deliver(delivery: Delivery, handler: Handler, policy: RetryPolicy) -> None:
    """Runs the handler and ends the delivery by what came of it."""
    try:
        await handler(delivery.message)
    except asyncio.CancelledError as error:
        if cancellations():
            await delivery.give_back()
            raise
        outcome = after_failure(policy, delivery.failures, error)
    except Exception as error:
        outcome = after_failure(policy, delivery.failures, error)
    else:
        await delivery.done()
        return
    if isinstance(outcome, Retry):
        await delivery.retry(outcome)
    else:
        await delivery.bury(outcome)


class HandlerPool:
    """Runs at most `concurrency` deliveries at a time, and ends them in an orderly way."""

    def __init__(self, concurrency: int, on_crash: Callable[[BaseException], None]) -> None:
        if concurrency < 1:
            raise ValueError("a consumer needs a concurrency of at least 1")
        self._free = asyncio.Semaphore(concurrency)
        self._tasks: set[asyncio.Task[None]] = set()
        self._on_crash = on_crash
        self.closing = False

    async def slot(self) -> None:
        """Waits, first come first served, until one more may run; then `start` or `release` must follow."""
        await self._free.acquire()

    async def slots(self) -> int:
        """Waits for a slot like `slot`, and takes all others that are free too; returns how many."""
        await self.slot()
        taken = 1
        while not self._free.locked():
            await self._free.acquire()
            taken += 1
        return taken

    def release(self) -> None:
        """Gives back a slot that turned out not to be needed."""
        self._free.release()

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Runs the delivery in the slot waited for."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def drain(self) -> None:
        """Waits for what runs. When cancelled meanwhile, cancels it too and waits for it to give back."""
        self.closing = True
        try:
            while self._tasks:
                await asyncio.wait(self._tasks)
        except asyncio.CancelledError:
            for task in self._tasks:
                task.cancel()
            while self._tasks:
                await asyncio.wait(self._tasks)
            raise

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._free.release()
        if not task.cancelled() and (error := task.exception()) is not None:
            self._on_crash(error)
