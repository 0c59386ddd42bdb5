"""HTTP/2 with prior knowledge, on Hypercorn's own protocol: rare behind a proxy, so not worth a path."""

import asyncio
from math import inf
from typing import cast

from hypercorn.asyncio.task_group import TaskGroup
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol import ProtocolWrapper
from hypercorn.typing import AppWrapper, ASGIFramework, ConnectionState
from hypercorn.utils import wrap_app

from entrypoints.http.hypercorn_protocol.state import Receive, Scope, Send, ServerState, logger

_HIGH_WATER = 64 * 1024


class Http2Connection(asyncio.Protocol):
    """The part Hypercorn's TCPServer plays towards ProtocolWrapper, on a transport that is already open."""

    def __init__(
        self,
        state: ServerState,
        transport: asyncio.Transport,
        client: tuple[str, int] | None,
        server: tuple[str, int] | None,
    ) -> None:
        self.state = state
        self.deadline = state.loop.time() + state.limits.idle_seconds
        self._transport = transport
        self._client = client
        self._server = server
        self._inbox = bytearray()
        self._arrived = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._lost = False
        self._idle = True

    def start(self, data: bytes) -> None:
        self._transport.set_protocol(self)
        self.state.connections.add(self)
        self.data_received(data)
        task = self.state.loop.create_task(self._run())
        self.state.tasks.add(task)
        task.add_done_callback(self.state.tasks.discard)

    async def _run(self) -> None:
        try:
            async with TaskGroup(self.state.loop) as group:
                protocol = ProtocolWrapper(
                    _wrap(self.state),
                    self.state.hypercorn,
                    self.state.context,
                    group,
                    ConnectionState(self.state.lifespan_state),
                    False,
                    self._client,
                    self._server,
                    self._send,
                    "h2",
                )
                await protocol.initiate()
                while not self._lost:
                    await self._arrived.wait()
                    self._arrived.clear()
                    data = bytes(self._inbox)
                    self._inbox.clear()
                    self._transport.resume_reading()
                    if data:
                        await protocol.handle(RawData(data))
                await protocol.handle(Closed())
        except asyncio.CancelledError:
            pass  # the end of the grace time
        except Exception:
            logger.exception("an HTTP/2 connection failed")
        finally:
            self._transport.close()

    async def _send(self, event: Event) -> None:
        if isinstance(event, RawData):
            if not self._transport.is_closing():
                self._transport.write(event.data)
            await self._writable.wait()
        elif isinstance(event, Closed):
            self._transport.close()
            self._stop()
        elif isinstance(event, Updated):
            self._idle = event.idle
            now = self.state.loop.time()
            self.deadline = now + self.state.limits.idle_seconds if event.idle else inf
            if event.idle and self.state.draining:
                self._transport.close()

    def _stop(self) -> None:
        self._lost = True
        self._arrived.set()
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        self._inbox += data
        if len(self._inbox) > _HIGH_WATER:
            self._transport.pause_reading()
        self._arrived.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the signature is the loop's
        self.state.connections.discard(self)
        self._stop()

    def pause_writing(self) -> None:
        self._writable.clear()
        self.deadline = self.state.loop.time() + self.state.limits.stall_seconds

    def resume_writing(self) -> None:
        self._writable.set()
        self.deadline = self.state.loop.time() + self.state.limits.idle_seconds if self._idle else inf

    def expire(self, now: float) -> None:  # noqa: ARG002 - one deadline at a time, it has passed
        self._transport.abort()

    def drain(self) -> None:
        """New streams are refused by the protocol once the context is terminated."""

    def hang_up_if_idle(self, now: float) -> None:  # noqa: ARG002 - streams say when they end
        if self._idle:
            self._transport.close()

    def abort(self) -> None:
        self._transport.abort()


def _wrap(state: ServerState) -> AppWrapper:
    async def without_sockets(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":  # RFC 8441: Hypercorn's stream has no bound on what it buffers
            await send({"type": "websocket.close", "code": 1000})
        else:
            await state.app(scope, receive, send)

    return wrap_app(cast(ASGIFramework, without_sockets), 0, "asgi")
