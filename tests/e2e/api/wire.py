"""Keep-alive connections cheap enough to put a server under load from the same machine."""

import asyncio
import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """One whole reply. `closes` tells that the server takes no further request on this connection."""

    status: int
    body: bytes
    closes: bool


class Unanswered(Exception):
    """The connection ended instead of a reply; `begun` tells that a part of one had arrived."""

    def __init__(self, begun: bool) -> None:
        super().__init__()
        self.begun = begun


def request(method: str, path: str, token: str, body: object = None) -> bytes:
    """The bytes of a request."""
    content = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\n"
    if body is not None:
        head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
    return head.encode() + b"\r\n" + content


class Connection:
    """`async with Connection(port) as connection`."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> "Connection":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def ask(self, sent: bytes) -> Answer:
        """Raises `Unanswered` when no whole reply comes, `OSError` when the request cannot be sent."""
        self._writer.write(sent)
        await self._writer.drain()
        try:
            head = await self._reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            raise Unanswered(bool(error.partial)) from error
        except ConnectionError as error:
            raise Unanswered(False) from error
        status, lowered = int(head[9:12]), head.lower()
        _, found, rest = lowered.partition(b"content-length: ")
        size = int(rest.partition(b"\r\n")[0]) if found else 0
        try:
            body = await self._reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise Unanswered(True) from error
        return Answer(status, body, b"connection: close" in lowered)
