"""bcrypt in threads of its own: the event loop never waits for it, and no endless line forms before it."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import os
import sys
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

import bcrypt

from application.identity.ports import PasswordHasher
from domain.identity.errors import TooBusy

Result = TypeVar("Result")

# Parts these digests from every other use of the password. It is no secret: the salt is bcrypt's.
_LABEL = b"kgl password v1"


# Half of the cores at most: a flood of logins leaves the others to everybody else.
THREADS: Final = max(1, (os.cpu_count() or 2) // 2)


class BcryptPasswordHasher(PasswordHasher):
    """`threads` hash at a time, at most `waiting` more stand in line. Call `close` at the end."""

    def __init__(self, *, cost: int = 12, threads: int = THREADS, waiting: int = 32) -> None:
        self._cost = cost
        self._room = threads + waiting
        self._pending = 0
        self._executor = ThreadPoolExecutor(threads, "password", initializer=_yield_to_others)
        # A hash of this cost that nothing matches: an unknown account takes as long as a known one.
        self._nobody = f"$2b${cost:02d}$" + "." * 53

    async def hash(self, password: str) -> str:
        return await self._run(lambda: _hash(password, self._cost))

    async def verify(self, password: str, password_hash: str | None) -> bool:
        expected = password_hash or self._nobody
        matches = await self._run(lambda: _matches(password, expected))
        return matches and password_hash is not None

    def close(self) -> None:
        """Lets the running hashes end, and no other begin."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._pending >= self._room:
            raise TooBusy
        loop = asyncio.get_running_loop()
        self._pending += 1
        try:
            future = self._executor.submit(work)
        except BaseException:
            self._pending -= 1
            raise
        # Counted down when the thread is done with it, not when the caller has lost patience.
        future.add_done_callback(lambda done: self._leave(loop, done))
        return await asyncio.wrap_future(future, loop=loop)

    def _leave(self, loop: asyncio.AbstractEventLoop, _: Future[Result]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop closed before the thread was done
            loop.call_soon_threadsafe(self._count_down)

    def _count_down(self) -> None:
        self._pending -= 1


def _prepared(password: str) -> bytes:
    """44 bytes of base64, whatever its length: bcrypt takes at most 72 and stops at a zero byte."""
    text = unicodedata.normalize("NFKC", password)
    digest = hmac.digest(_LABEL, text.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return base64.b64encode(digest)


def _hash(password: str, cost: int) -> str:
    return bcrypt.hashpw(_prepared(password), bcrypt.gensalt(cost)).decode("ascii")


def _matches(password: str, password_hash: str) -> bool:
    return bcrypt.checkpw(_prepared(password), password_hash.encode("ascii"))


def _yield_to_others() -> None:
    """On Linux each thread has a priority of its own: a flood of logins gives way to other requests."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 15)
