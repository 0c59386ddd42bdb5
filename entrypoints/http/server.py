"""Serves an ASGI application until told to stop, and then stops without losing a request it has accepted."""

import asyncio
import contextlib
import ctypes
import errno
import socket
import struct
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import cast

from hypercorn.asyncio.lifespan import Lifespan
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.typing import ASGIFramework
from hypercorn.utils import wrap_app

from entrypoints.http.hypercorn_protocol.connection import HttpConnection
from entrypoints.http.hypercorn_protocol.state import (
    Application,
    Limits,
    OnResponse,
    ServerState,
    logger,
    problem,
)

__all__ = ["AddressInUse", "CannotBind", "Limits", "ServerConfig", "serve"]

_SO_ATTACH_FILTER = 26  # the socket module does not name it
# A classic BPF program, (code, jump if true, jump if false, operand): the flags of the TCP header at byte 13;
# of them SYN and ACK; a segment with SYN alone is dropped, anything else taken whole.
_NO_SYN = (
    (0x30, 0, 0, 13),
    (0x54, 0, 0, 0x12),
    (0x15, 0, 1, 0x02),
    (0x06, 0, 0, 0),
    (0x06, 0, 0, 0xFFFFFFFF),
)
_HANDSHAKE_SECONDS = 0.1
_SWEEP_SECONDS = 0.5
_ON_DRAIN_SECONDS = 2.0


class CannotBind(OSError):
    """The address cannot be listened on; the message is fit to be shown as it is."""

    def __init__(self, host: str, port: int, reason: str, number: int) -> None:
        super().__init__(number, f"cannot listen on {host}:{port}: {reason}")
        self.host, self.port = host, port

    def __str__(self) -> str:
        return str(self.strerror)


class AddressInUse(CannotBind):
    """Somebody else listens there already."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port, "the address is in use", errno.EADDRINUSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """Where to listen, what to allow, whom to tell.

    `on_bound` gets host and port once connections are accepted (port 0 asks for any free one). `on_drain` is
    awaited first when stopping, for at most two seconds: readiness turns to 503 and live feeds end in there.
    `grace_seconds` is all the time requests in flight get, `linger_seconds` the part of it during which new
    connections are still taken, for the balancers that have not heard yet. Stopping takes no longer than
    `grace_seconds` + `shutdown_seconds`.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    backlog: int = 2048
    http2: bool = True
    limits: Limits = field(default_factory=Limits)
    grace_seconds: float = 8.0
    linger_seconds: float = 0.5
    shutdown_seconds: float = 1.5
    startup_seconds: float = 60.0
    on_bound: Callable[[str, int], None] | None = None
    on_drain: Callable[[], Awaitable[None]] | None = None
    on_response: OnResponse | None = None
    problem: Callable[[int, str], bytes] = problem


async def serve(app: Application, config: ServerConfig, *, stop: asyncio.Event) -> None:
    """Returns once `stop` is set and all is wound down; raises CannotBind, or what the start-up raised."""
    loop = asyncio.get_running_loop()
    listener = _bind(config)
    try:
        context = WorkerContext(None)
        state = ServerState(
            app=app,
            loop=loop,
            limits=config.limits,
            hypercorn=_hypercorn_config(config),
            context=context,
            problem=config.problem,
            on_response=config.on_response,
            http2=config.http2,
        )
        async with _lifespan(state):
            try:
                listener.listen(config.backlog)
            except OSError as error:
                raise _cannot_bind(config, error) from error
            await _serve_connections(state, config, listener, stop)
    finally:
        listener.close()


async def _serve_connections(
    state: ServerState, config: ServerConfig, listener: socket.socket, stop: asyncio.Event
) -> None:
    def accept() -> HttpConnection:
        return HttpConnection(state)

    server = await state.loop.create_server(accept, sock=listener.dup(), backlog=config.backlog)
    sweeper = state.loop.create_task(_sweep(state))
    try:
        if config.on_bound is not None:
            name = listener.getsockname()
            config.on_bound(name[0], name[1])
        await stop.wait()
        deadline = state.loop.time() + config.grace_seconds
        await _announce(state, config)
        await asyncio.sleep(min(config.linger_seconds, config.grace_seconds))
        _deafen(listener)
        server.close()
        await asyncio.sleep(min(_HANDSHAKE_SECONDS, config.grace_seconds))
        await _take_the_last(state, listener, accept, config.backlog)
        await _wind_down(state, deadline)
    finally:
        sweeper.cancel()
        server.close()
        await _cut_off(state)


async def _announce(state: ServerState, config: ServerConfig) -> None:
    state.draining = True
    if config.on_drain is not None:
        try:
            async with asyncio.timeout(min(_ON_DRAIN_SECONDS, config.grace_seconds)):
                await config.on_drain()
        except Exception:
            logger.exception("the drain hook failed; stopping all the same")
    await state.context.terminated.set()
    for connection in list(state.connections):
        connection.drain()


def _deafen(listener: socket.socket) -> None:
    """Drops attempts to connect from now on, by a packet filter that takes no SYN (socket(7), RFC 9293).

    Otherwise a client could connect between our last look at the queue and the end of the listener, send its
    request and be reset. Its attempt is repeated by its kernel instead, and refused. Who has had an answer to
    its SYN takes itself for connected: what completes its handshake is let through.
    """
    if sys.platform != "linux":
        return
    program = b"".join(struct.pack("HBBI", *instruction) for instruction in _NO_SYN)
    kept = ctypes.create_string_buffer(program)
    with contextlib.suppress(OSError):  # forbidden here: what remains is a window of microseconds
        listener.setsockopt(
            socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HL", len(_NO_SYN), ctypes.addressof(kept))
        )


async def _take_the_last(
    state: ServerState, listener: socket.socket, accept: Callable[[], HttpConnection], backlog: int
) -> None:
    """Serves who has connected but was not accepted yet: closing the listener would reset them unanswered."""
    for _ in range(backlog):
        try:
            sock, _ = listener.accept()
        except OSError:  # BlockingIOError: the queue is empty
            break
        sock.setblocking(False)
        await state.loop.connect_accepted_socket(accept, sock)
    listener.close()


async def _wind_down(state: ServerState, deadline: float) -> None:
    # Two sets that empty themselves: an event for it would cost every request to save one poll per process.
    while (state.tasks or state.connections) and state.loop.time() < deadline:
        now = state.loop.time()
        for connection in list(state.connections):
            connection.hang_up_if_idle(now)
        await asyncio.sleep(0.02)


async def _cut_off(state: ServerState) -> None:
    tasks = list(state.tasks)
    for task in tasks:
        task.cancel()
    if tasks:
        logger.warning("%d requests did not end within the grace time", len(tasks))
        await asyncio.wait(tasks, timeout=0.25)
    for connection in list(state.connections):
        connection.abort()
    await asyncio.sleep(0)


async def _sweep(state: ServerState) -> None:
    """One timer for all deadlines: a timer per request costs more than the request's parsing."""
    while True:
        await asyncio.sleep(_SWEEP_SECONDS)
        now = state.loop.time()
        for connection in list(state.connections):
            if connection.deadline <= now:
                try:
                    connection.expire(now)
                except Exception:
                    logger.exception("a connection could not be ended in good order")
                    connection.abort()


@contextlib.asynccontextmanager
async def _lifespan(state: ServerState) -> AsyncIterator[None]:
    lifespan = Lifespan(
        wrap_app(cast(ASGIFramework, state.app), 0, "asgi"),
        state.hypercorn,
        state.loop,
        state.lifespan_state,
    )
    task = state.loop.create_task(lifespan.handle_lifespan())
    try:
        await lifespan.wait_for_startup()
        if task.done():
            task.result()
        try:
            yield
        finally:
            await lifespan.wait_for_shutdown()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _hypercorn_config(config: ServerConfig) -> Config:
    hypercorn = Config()
    hypercorn.bind = [
        f"[{config.host}]:{config.port}" if ":" in config.host else f"{config.host}:{config.port}"
    ]
    hypercorn.backlog = config.backlog
    hypercorn.errorlog = logger
    hypercorn.include_server_header = False
    hypercorn.startup_timeout = config.startup_seconds
    hypercorn.shutdown_timeout = config.shutdown_seconds
    hypercorn.keep_alive_timeout = config.limits.idle_seconds
    hypercorn.h2_max_header_list_size = config.limits.head_bytes
    return hypercorn


def _bind(config: ServerConfig) -> socket.socket:
    """Hypercorn's own binding leaks the socket when it fails, and knows no host names."""
    try:
        found = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise _cannot_bind(config, error) from error
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.setblocking(False)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise _cannot_bind(config, error) from error
    return listener


def _cannot_bind(config: ServerConfig, error: OSError) -> CannotBind:
    if error.errno == errno.EADDRINUSE:
        return AddressInUse(config.host, config.port)
    return CannotBind(config.host, config.port, error.strerror or str(error), error.errno or 0)
