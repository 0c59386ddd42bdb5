"""Quart's WebSocket connection with an end to what one client can make it remember."""

import asyncio
from collections import deque
from typing import cast

from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, WebsocketCloseEvent, WebsocketScope
from quart import Quart
from quart.asgi import ASGIWebsocketConnection
from quart.signals import websocket_received

MAX_FRAMES = 64
MAX_BYTES = 256 * 1024
STALL_SECONDS = 10.0


class ReceiveBuffer:
    """A queue bounded by frames and by bytes; one reader, one writer."""

    def __init__(self, max_frames: int = MAX_FRAMES, max_bytes: int = MAX_BYTES) -> None:
        self._frames: deque[str | bytes] = deque()
        self._bytes = 0
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._changed = asyncio.Event()

    @property
    def full(self) -> bool:
        return len(self._frames) >= self._max_frames or self._bytes >= self._max_bytes

    async def put(self, frame: str | bytes) -> None:
        """Waits while the buffer is full: not reading on is what slows the sender down."""
        while self.full:
            self._changed.clear()
            await self._changed.wait()
        self._frames.append(frame)
        self._bytes += len(frame)
        self._changed.set()

    async def get(self) -> str | bytes:
        while not self._frames:
            self._changed.clear()
            await self._changed.wait()
        frame = self._frames.popleft()
        self._bytes -= len(frame)
        self._changed.set()
        return frame


class BoundedWebsocketConnection(ASGIWebsocketConnection):
    """Set as `asgi_websocket_class`. A handler that reads nothing for `stall_seconds` is ended with 1008."""

    stall_seconds = STALL_SECONDS

    def __init__(self, app: Quart, scope: WebsocketScope) -> None:
        super().__init__(app, scope)
        self.buffer = ReceiveBuffer()
        self.queue = cast("asyncio.Queue[str | bytes]", self.buffer)  # Quart calls its get(), we its put()

    async def __call__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        websocket = self._create_websocket_from_scope(send)
        receiver = asyncio.ensure_future(self._receive(receive, send))
        handler = asyncio.ensure_future(self.handle_websocket(websocket, send))
        try:
            await asyncio.wait((handler, receiver), return_when=asyncio.FIRST_COMPLETED)
        finally:
            # Stock Quart leaves both running when it is itself cancelled, and the handler's clean-up undone.
            unfinished = [task for task in (handler, receiver) if not task.done()]
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)
        for task in (handler, receiver):
            if not task.cancelled():
                task.result()

    async def _receive(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        while True:
            event = await receive()
            if event["type"] == "websocket.receive":
                data, text = event.get("bytes"), event.get("text")
                frame = data if data is not None else text or ""
                await websocket_received.send_async(frame)
                if not self.buffer.full:
                    await self.buffer.put(frame)
                    continue
                try:
                    async with asyncio.timeout(self.stall_seconds):
                        await self.buffer.put(frame)
                except TimeoutError:
                    await self._refuse_flood(send)
                    return
            elif event["type"] == "websocket.disconnect":
                return

    async def _refuse_flood(self, send: ASGISendCallable) -> None:
        if self._accepted and not self._closed:
            self._closed = True
            close: WebsocketCloseEvent = {
                "type": "websocket.close",
                "code": 1008,
                "reason": "too many messages",
            }
            await send(close)
