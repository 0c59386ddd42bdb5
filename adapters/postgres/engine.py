"""The pool of driver connections; nothing is opened before it is entered."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
from asyncpg.pool import Pool, PoolConnectionProxy
from sqlalchemy.engine import make_url

from adapters.postgres.statements import DriverConnection
from domain.shared.errors import Unavailable

CONNECTION_LOST = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    # A server that goes says so first: for a moment the driver thinks of that as an unfinished operation.
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSettings:
    """`acquire_timeout` is in seconds; `statement_cache_size` 0 suits a pooler in transaction mode."""

    min_size: int = 1
    max_size: int = 10
    acquire_timeout: float = 10.0
    statement_cache_size: int = 200


def driver_dsn(url: str) -> str:
    """The URL as asyncpg reads it: without SQLAlchemy's driver name."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


async def reset(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """What a connection needs before its next use: no session state is ever set, so only an open
    transaction (left by a cancelled or refused request) has to end."""
    if connection.is_in_transaction():
        await connection.execute("rollback")


# How long, in seconds, connections go from hand to hand before the driver's pool sees them again.
KEPT = 30.0


class Database:
    """A pool for one process. `async with Database(url, settings) as database`.

    A connection whose use ended well is kept for the next one: giving it back to the driver's pool and taking
    it out again costs a task, a timer and a check of its state, a tenth of what a short request takes. Those
    who wait for a connection wait at the driver's pool, so nothing is kept while anybody does. Now and then
    all of them are given back, so that the pool replaces what is old and closes what is not needed.
    """

    def __init__(self, url: str, settings: PoolSettings) -> None:
        self._dsn = driver_dsn(url)
        self._settings = settings
        self._pool: Pool[asyncpg.Record] | None = None
        self._kept: list[PoolConnectionProxy[asyncpg.Record]] = []
        self._given_back_at = 0.0
        self._waiting = 0

    async def __aenter__(self) -> "Database":
        try:
            self._pool = await asyncpg.create_pool(
                self._dsn,
                min_size=self._settings.min_size,
                max_size=self._settings.max_size,
                statement_cache_size=self._settings.statement_cache_size,
                max_inactive_connection_lifetime=300,
                reset=reset,
                # Short statements by the thousand: compiling them to machine code costs more than it saves.
                server_settings={"jit": "off", "application_name": "kgl"},
            )
        except CONNECTION_LOST as error:
            raise Unavailable(f"the database does not answer: {error}") from error
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._pool is None:
            return
        pool, self._pool = self._pool, None
        try:
            async with asyncio.timeout(5):
                await self._give_back(pool)
                await pool.close()
        except TimeoutError:
            pool.terminate()

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[DriverConnection]:
        """A connection in autocommit. Raises `Unavailable` when there is none to be had in time, or it
        is lost on the way."""
        if self._pool is None:
            raise RuntimeError("the database is not open")
        try:
            pool, connection = self._pool, await self._taken(self._pool)
            try:
                yield connection
            except BaseException:
                await pool.release(connection)
                raise
            await self._keep(pool, connection)
        except TimeoutError as error:  # which is an OSError, too
            raise Unavailable("the database is too busy") from error
        except CONNECTION_LOST as error:
            raise Unavailable(f"the database does not answer: {error}") from error

    async def _taken(self, pool: "Pool[asyncpg.Record]") -> "PoolConnectionProxy[asyncpg.Record]":
        while self._kept:
            connection = self._kept.pop()
            if not connection.is_closed():
                return connection
            await pool.release(connection)
        self._waiting += 1
        try:
            return await pool.acquire(timeout=self._settings.acquire_timeout)
        finally:
            self._waiting -= 1

    async def _keep(
        self, pool: "Pool[asyncpg.Record]", connection: "PoolConnectionProxy[asyncpg.Record]"
    ) -> None:
        if self._waiting or self._pool is None or connection.is_closed() or connection.is_in_transaction():
            await pool.release(connection)
            return
        self._kept.append(connection)
        now = asyncio.get_running_loop().time()
        if now - self._given_back_at > KEPT:
            self._given_back_at = now
            await self._give_back(pool)

    async def _give_back(self, pool: "Pool[asyncpg.Record]") -> None:
        while self._kept:
            await pool.release(self._kept.pop())

    async def dedicated(self) -> "asyncpg.Connection[asyncpg.Record]":
        """A connection outside the pool, for listening; the caller closes it."""
        try:
            return await asyncpg.connect(self._dsn, server_settings={"application_name": "kgl-listen"})
        except CONNECTION_LOST as error:
            raise Unavailable(f"the database does not answer: {error}") from error
