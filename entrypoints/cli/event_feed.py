"""The live feed as one endless stream: whenever the connection breaks, it is resumed where it broke."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Final

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from entrypoints.cli.console import notices
from entrypoints.cli.errors import CommandError

Event = dict[str, object]

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 15.0
NOT_AUTHENTICATED: Final = 4401
GIVE_UP: Final = (1003, 1008, 4403)


class EventFeed:
    """`token(fresh=...)` gives an access token; `position` is that of the last event given out."""

    def __init__(
        self,
        url: str,
        token: Callable[..., Awaitable[str]],
        topics: list[str],
        position: int | None,
        first_pause: float = FIRST_PAUSE,
    ) -> None:
        self._url = "ws" + url.removeprefix("http") + "/api/v1/ws"
        self._token = token
        self._topics = topics
        self._first_pause = first_pause
        self.position = position

    async def events(self) -> AsyncGenerator[Event, None]:
        """Never ends by itself; raises `CommandError` when the server will not have us."""
        pause, fresh = self._first_pause, False
        while True:
            try:
                async with aclosing(self._connection(fresh)) as connection:
                    async for event in connection:
                        yield event
                        pause, fresh = self._first_pause, False
                reason = "the server closed the connection"
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else 1006
                reason = f"the connection was closed ({code})"
                if code in GIVE_UP or (code == NOT_AUTHENTICATED and fresh):
                    raise CommandError(
                        f"the server refuses: {closed.rcvd.reason if closed.rcvd else code}"
                    ) from closed
                fresh = code == NOT_AUTHENTICATED
            except (OSError, InvalidHandshake) as error:
                reason = str(error) or type(error).__name__
            notices().print(f"{reason}, connecting again in {pause:g} s", markup=False, style="yellow")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _connection(self, fresh: bool) -> AsyncGenerator[Event, None]:
        token = await self._token(fresh=fresh)
        # Who leaves does not wait until all that it will not read has come.
        async with connect(self._url, max_size=16 * 1024 * 1024, close_timeout=1, proxy=None) as socket:
            await socket.send(json.dumps({"type": "authenticate", "token": token}))
            subscribe: dict[str, object] = {"type": "subscribe", "topics": self._topics}
            if self.position is not None:
                subscribe["since"] = self.position
            await socket.send(json.dumps(subscribe))
            async for frame in socket:
                message = json.loads(frame)
                if "specversion" in message:
                    self.position = message["position"]
                    yield message
                elif message.get("type") == "subscribed" or message.get("type") == "heartbeat":
                    # Where reading stands even when nothing of ours happened: resuming there misses nothing.
                    self.position = message.get("position", self.position)
                elif message.get("type") == "token_expiring":
                    token = await self._token(fresh=True)
                    await socket.send(json.dumps({"type": "authenticate", "token": token}))
                elif message.get("type") == "error":
                    details = [each.get("detail", "") for each in message.get("errors", [])]
                    raise CommandError("; ".join([message.get("detail", "refused"), *details]))
