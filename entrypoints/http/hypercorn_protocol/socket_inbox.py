"""Puts WebSocket frames together to messages and keeps the few the application has not asked for yet."""

import asyncio
from collections import deque

from websockets.frames import CloseCode, Frame, Opcode

from entrypoints.http.hypercorn_protocol.state import Message

_MESSAGES = 16
_FRAGMENTS = 1024


class SocketInbox:
    """Its owner stops reading from the network while it is `full`; it refuses nothing itself."""

    def __init__(self) -> None:
        self._messages: deque[Message] = deque([{"type": "websocket.connect"}])
        self._fragments: list[bytes] = []
        self._is_text = False
        self._wakeup: asyncio.Future[None] | None = None
        self._end: Message | None = None

    @property
    def full(self) -> bool:
        return len(self._messages) >= _MESSAGES

    @property
    def drained(self) -> bool:
        return len(self._messages) <= _MESSAGES // 2

    def take(self, frame: Frame) -> tuple[CloseCode, str] | None:
        """Adds a frame, or says why the connection has to be closed."""
        if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return None
        if frame.opcode is not Opcode.CONT:
            self._is_text = frame.opcode is Opcode.TEXT
        if not frame.fin:
            self._fragments.append(bytes(frame.data))
            # Empty ones add nothing to the size, which is limited elsewhere, but work and memory they do.
            too_many = len(self._fragments) > _FRAGMENTS
            return (CloseCode.POLICY_VIOLATION, "too many fragments") if too_many else None
        payload = b"".join((*self._fragments, frame.data))
        self._fragments.clear()
        text: str | None = None
        if self._is_text:
            try:
                text = payload.decode()
            except UnicodeDecodeError:
                return CloseCode.INVALID_DATA, "text must be UTF-8"
        binary = None if self._is_text else payload
        self._messages.append({"type": "websocket.receive", "bytes": binary, "text": text})
        self._wake()
        return None

    def forget(self) -> None:
        self._messages.clear()
        self._fragments.clear()

    def end(self, code: int) -> None:
        """What is received last, and from then on; the first reason given counts."""
        if self._end is None:
            self._end = {"type": "websocket.disconnect", "code": int(code), "reason": ""}
        self._wake()

    def _wake(self) -> None:
        if self._wakeup is not None and not self._wakeup.done():
            self._wakeup.set_result(None)

    async def get(self) -> Message:
        while not self._messages:
            if self._end is not None:
                return self._end
            self._wakeup = asyncio.get_running_loop().create_future()
            await self._wakeup
        return self._messages.popleft()
