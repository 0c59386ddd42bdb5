"""The socket at /api/v1/ws: who may open it, and how all of them end when the server does."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Set

import structlog
from quart import Quart, Response, Websocket, websocket

from application.live.feed import Feed
from domain.shared.errors import NotPermitted, Unavailable
from entrypoints.http.dispatch import refusal
from entrypoints.http.errors import TooManyRequests
from entrypoints.http.rate_limits import RateLimits
from entrypoints.http.tracing import trace_of
from entrypoints.websocket.origin import origin_allowed
from entrypoints.websocket.protocol import CloseCode
from entrypoints.websocket.refusals import note
from entrypoints.websocket.session import SocketServices, SocketSession

PATH = "/api/v1/ws"

log = structlog.get_logger()


class Sockets:
    """The open sockets of this process."""

    def __init__(
        self,
        services: SocketServices,
        allowed_origins: Set[str] = frozenset(),
        limits: RateLimits | None = None,
    ) -> None:
        self._services = services
        self._allowed_origins = allowed_origins
        self._limits = limits
        self._sessions: set[SocketSession] = set()
        self._gone = asyncio.Event()
        self._draining = False

    def __len__(self) -> int:
        return len(self._sessions)

    async def serve(self) -> Response | None:
        """The endpoint."""
        connection: Websocket = websocket._get_current_object()  # type: ignore[attr-defined]  # the proxy has it
        trace = trace_of(connection)
        if self._limits is not None:
            try:
                await self._limits.socket(connection.scope, trace.address)
            except TooManyRequests as too_many:
                return refusal(too_many, connection, trace)
        if not origin_allowed(
            connection.headers.get("Origin"), connection.headers.get("Host", ""), self._allowed_origins
        ):
            error = NotPermitted("pages of this origin may not open a socket here", reason="foreign_origin")
            note(self._services.refusals, trace, CloseCode.NOT_PERMITTED, error, None)
            return refusal(error, connection, trace)
        if self._draining or not self._services.feed.open:
            return refusal(Unavailable("the server is starting or stopping"), connection, trace)
        await connection.accept()
        session = SocketSession(connection, trace, self._services, connection.args.get("ticket"))
        self._sessions.add(session)
        try:
            code = await session.run()
            log.debug("socket_closed", code=int(code))
        finally:
            # Runs for a client that left, too: its handler is cancelled.
            self._sessions.discard(session)
            if session.principal is not None:
                connection.scope["kgl.caller"] = session.principal  # type: ignore[typeddict-unknown-key]  # for the access log
            if not self._sessions:
                self._gone.set()
        return None

    async def close_all(self, within: float = 1.5) -> None:
        """Closes every socket with 1012, ends every stream, and lets no new one in.

        Returns when the sockets are gone, or after `within` seconds: a client that takes nothing is left to
        the server.
        """
        self._draining = True
        self._services.feed.drain()
        for session in list(self._sessions):
            session.drain()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while self._sessions:
                    self._gone.clear()
                    await self._gone.wait()


def register(app: Quart, sockets: Sockets) -> None:
    """Adds the endpoint to the application."""

    async def live() -> Response | None:
        return await sockets.serve()

    app.add_websocket(PATH, endpoint="websocket", view_func=live)


@contextlib.asynccontextmanager
async def running(feed: Feed, start_within: float = 10.0) -> AsyncIterator[None]:
    """Keeps the feed running, for the application's own lifetime (`while_serving`)."""
    task = asyncio.get_running_loop().create_task(_supervise(feed))
    try:
        with contextlib.suppress(TimeoutError):  # the log may come later: until then sockets get 503
            async with asyncio.timeout(start_within):
                await feed.started()
        yield
    finally:
        feed.drain()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _supervise(feed: Feed) -> None:
    while True:
        try:
            await feed.run()
        except Exception:
            log.exception("feed_failed")
        await asyncio.sleep(1.0)
