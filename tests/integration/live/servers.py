"""A real server with the socket and the event operations on it, over any log, for tests to talk to."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import cast

from hypercorn.asyncio import serve as serve_stock
from hypercorn.config import Config
from websockets.asyncio.client import ClientConnection, connect

from adapters.memory.event_log import InMemoryEventLog
from adapters.system.clock import SystemClock
from application.live.feed import Feed
from application.live.ports import EventLog
from application.live.subscriber import SubscriberLimits
from application.shared.principal import Principal, Trace
from domain.shared.errors import NotAuthenticated
from domain.shared.events import DomainEvent
from domain.shared.ids import SessionId, UserId
from entrypoints.http import asyncapi, events
from entrypoints.http.app import create_app
from entrypoints.http.cursors import Cursors
from entrypoints.http.dispatch import Dispatcher
from entrypoints.http.hypercorn_protocol.state import Application, Limits
from entrypoints.http.server import ServerConfig, serve
from entrypoints.websocket.cloudevent import encode_cloud_event
from entrypoints.websocket.endpoint import Sockets, register, running
from entrypoints.websocket.session import SocketLimits, SocketServices
from tests.contract.systems import IDS, MemorySystem, System, principal
from tests.unit.application.live.live_system import eventually


@dataclass(slots=True)
class Tokens:
    """Knows whom a token stands for, and until when."""

    known: dict[str, tuple[Principal, datetime]] = field(default_factory=dict)

    def issue(self, user_id: UserId, lifetime: float = 600, session_id: SessionId | None = None) -> str:
        token = f"token-{len(self.known)}"
        caller = replace(principal(user_id), session_id=session_id)
        self.known[token] = (caller, datetime.now(UTC) + timedelta(seconds=lifetime))
        return token

    async def socket(self, token: str, trace: Trace) -> Principal:
        return self(token, trace)

    async def ticket(self, ticket: str, trace: Trace) -> Principal:
        """Tokens that begin so are good once."""
        if not ticket.startswith("ticket"):
            raise NotAuthenticated
        found = self(ticket, trace)
        del self.known[ticket]
        return found

    def __call__(self, token: str, trace: Trace) -> Principal:
        if token not in self.known:
            raise NotAuthenticated
        caller, expires_at = self.known[token]
        return replace(caller, trace=trace, expires_at=expires_at)


@dataclass(slots=True)
class LiveServer:
    """A server that runs, and what is behind it."""

    port: int
    system: System
    log: EventLog
    feed: Feed
    sockets: Sockets
    tokens: Tokens
    stop: asyncio.Event
    served: "asyncio.Task[None]"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v1"

    def connect(self, **options: object) -> connect:
        options = {"proxy": None, "open_timeout": 60, **options}
        return connect(f"ws://127.0.0.1:{self.port}/api/v1/ws", **options)  # type: ignore[arg-type]  # its own options

    async def happen(self, *events_: DomainEvent) -> None:
        async with self.system.start_work(principal(events_[0].user_id)) as work:
            for each in events_:
                work.record(each)
            await work.commit()
        async with self.system.outbox.lead() as lease:
            await lease.assign_positions(100_000)

    async def announced(self) -> None:
        head = await self.log.head()
        await eventually(lambda: self.feed.position == head)

    async def quiet(self) -> None:
        """Nobody is connected any more."""
        await eventually(lambda: len(self.sockets) == 0 and len(self.feed) == 0)


@contextlib.asynccontextmanager
async def live_server(
    *,
    system: System | None = None,
    log: EventLog | None = None,
    limits: SocketLimits | None = None,
    subscribers: SubscriberLimits | None = None,
    heartbeat: float = 20,
    origins: frozenset[str] = frozenset(),
    tokens: Tokens | None = None,
    stock: bool = False,
    http: Limits | None = None,
) -> AsyncIterator[LiveServer]:
    """Over the memory store unless told otherwise; `stock` serves it by Hypercorn's own protocols."""
    if system is None or log is None:
        memory = MemorySystem()
        system, log = memory, InMemoryEventLog(memory.store, "test")
    tokens = tokens or Tokens()
    feed = Feed(log, encode_cloud_event, lambda *_: None, limits=subscribers)
    clock = SystemClock()
    limits = limits or SocketLimits(heartbeat=heartbeat)
    services = SocketServices(
        feed=feed, authenticate=tokens.socket, take_ticket=tokens.ticket, clock=clock, limits=limits
    )
    sockets = Sockets(services, origins)
    over_http = events.LiveOverHttp(
        log=log, feed=feed, authenticate=tokens.socket, clock=clock, heartbeat=heartbeat
    )
    dispatcher = Dispatcher(authenticate=tokens, cursors=Cursors(b"x" * 32), clock=clock)
    operations = [*events.operations(over_http), *asyncapi.operations("1")]
    app = create_app(dispatcher, operations, version="1", max_body=1 << 20)
    register(app, sockets)

    @app.while_serving
    async def follow() -> AsyncGenerator[None, None]:
        async with running(feed):
            yield

    stop = asyncio.Event()
    bound: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    if stock:
        config = Config()
        listener = socket.create_server(("127.0.0.1", 0))  # who connects too soon waits there
        bound.set_result(listener.getsockname()[1])
        config.bind, config.websocket_max_message_size = [f"fd://{listener.detach()}"], 65536
        config.keep_alive_timeout = config.graceful_timeout = 60
        work = serve_stock(app, config, shutdown_trigger=stop.wait)
    else:
        work = serve(
            cast(Application, app),
            ServerConfig(
                port=0,
                limits=http or Limits(),
                grace_seconds=60,
                linger_seconds=0,
                shutdown_seconds=30,
                on_bound=lambda _, port: bound.set_result(port),
                on_drain=sockets.close_all,
            ),
            stop=stop,
        )
    served = asyncio.create_task(work)
    try:
        port = await asyncio.wait_for(bound, 60)
        await eventually(lambda: feed.open)
        yield LiveServer(port, system, log, feed, sockets, tokens, stop, served)
    finally:
        stop.set()
        await asyncio.wait_for(served, 90)


def new_user() -> UserId:
    return UserId(IDS.new())


__all__ = ["ClientConnection", "LiveServer", "Tokens", "live_server", "new_user"]
