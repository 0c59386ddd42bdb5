"""Counts that several processes share, and that go on in memory whenever Redis does not answer."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self

import structlog
from limits.aio.storage import RedisStorage
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from application.shared.rate_counter import RateCounter

log = structlog.get_logger()
CONNECTIONS = 16


class RedisRateCounter(RateCounter):
    """`async with RedisRateCounter(url, standby)`: looked for at once, and watched while it is away.

    The first request to notice waits at most `patience` seconds; all others are counted by `standby` until a
    look, every `pause` seconds, finds Redis back. Each change is one line in the log.
    """

    def __init__(
        self,
        url: str,
        standby: RateCounter,
        *,
        prefix: str = "kgl",
        patience: float = 0.5,
        pause: float = 1.0,
    ) -> None:
        self._standby = standby
        self._patience = patience
        self._pause = pause
        # One attempt: whoever waits is a request, and memory serves it as well.
        self._pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=patience,
            socket_timeout=patience,
            socket_connect_timeout=patience,
            retry=Retry(NoBackoff(), 0),
        )
        self._storage = RedisStorage(
            "async+" + url,
            implementation="redispy",
            key_prefix=f"{prefix}:limits",
            connection_pool=self._pool,  # type: ignore[arg-type]  # the library documents it, its signature forgot
        )
        self._watching: asyncio.Task[None] | None = None

    @property
    def lost(self) -> bool:
        """Whether counts are kept in memory at the moment."""
        return self._watching is not None

    async def __aenter__(self) -> Self:
        if (reason := await self._refusal()) is not None:
            self._lose(reason)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        with contextlib.suppress(RedisError, OSError):  # a timeout is an OSError, too
            async with asyncio.timeout(self._patience):
                await self._pool.disconnect()

    async def add(self, key: str, seconds: int) -> int:
        if self._watching is None:
            try:
                async with asyncio.timeout(self._patience):
                    return await self._storage.incr(key, seconds)
            except Exception as error:  # gone, hanging, loading, full, read only, or no Redis at all
                self._lose(error)
        return await self._standby.add(key, seconds)

    def _lose(self, reason: BaseException) -> None:
        if self._watching is None:  # those that were under way with the first notice, too
            log.warning("rate_limit_store_lost", reason=str(reason) or type(reason).__name__)
            self._watching = asyncio.get_running_loop().create_task(self._watch())

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._pause)
            if await self._refusal() is None:
                break
        self._watching = None
        log.info("rate_limit_store_back")

    async def _refusal(self) -> BaseException | None:
        """Why nothing can be counted, None when it can: one that answers a ping may still refuse to write."""
        try:
            async with asyncio.timeout(self._patience):
                await self._storage.incr("probe", 1)
        except Exception as error:
            return error
        return None
