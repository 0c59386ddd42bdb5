"""Holds senders back while the transport's buffer is above its high-water mark."""

import asyncio


class WriteGate:
    """Opened and closed by a protocol's resume_writing and pause_writing."""

    __slots__ = ("_loop", "_opening", "closed")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.closed = False
        self._loop = loop
        self._opening: asyncio.Future[None] | None = None

    def close(self) -> None:
        self.closed = True

    def open(self) -> None:
        self.closed = False
        if self._opening is not None:
            self._opening.set_result(None)
            self._opening = None

    async def passed(self) -> None:
        """Returns when the gate opens; also when the connection is lost, for its protocol opens it then."""
        if self.closed:
            if self._opening is None:
                self._opening = self._loop.create_future()
            await asyncio.shield(self._opening)  # one sender cancelled must not cancel the others' wait
