"""A request body that is read as it arrives: no more of it is held than its reader has yet to take."""

import asyncio

from quart.wrappers.request import Body
from werkzeug.exceptions import RequestEntityTooLarge

HELD_BYTES = 256 * 1024


class StreamedBody(Body):
    """Only to be iterated over. Whoever receives waits for `room` before each message."""

    def __init__(self, expected_content_length: int | None, largest: int) -> None:
        super().__init__(expected_content_length, largest)
        self._largest = largest
        self._received = 0
        self._room = asyncio.Event()
        self._room.set()

    async def room(self) -> None:
        """Returns when little enough is held."""
        await self._room.wait()

    def append(self, data: bytes) -> None:
        self._received += len(data)
        if self._received > self._largest:
            self._must_raise = RequestEntityTooLarge()
            self.set_complete()
            return
        super().append(data)
        if len(self._data) >= HELD_BYTES:
            self._room.clear()

    async def __anext__(self) -> bytes:
        data = b""
        while not data:
            try:
                data = await super().__anext__()
            except StopAsyncIteration:
                if self._must_raise is not None:  # what came last was too much
                    raise self._must_raise from None
                raise
            self._room.set()
        return data
