"""A client of the socket, as a program would write one."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from domain.shared.ids import UserId
from tests.integration.live.servers import LiveServer


class Client:
    """Says and hears JSON."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, **message: object) -> None:
        await self.connection.send(msgspec.json.encode(message).decode())

    async def hear(self, within: float = 30) -> dict[str, Any]:
        raw = await asyncio.wait_for(self.connection.recv(), within)
        message: dict[str, Any] = msgspec.json.decode(raw)
        return message

    async def ask(self, **message: object) -> dict[str, Any]:
        await self.say(**message)
        return await self.hear()

    async def words(self, count: int) -> list[str]:
        return [(await self.hear())["data"]["word"] for _ in range(count)]

    async def closed(self, within: float = 30) -> int:
        """The code the server closes with, after whatever it still sends."""
        with contextlib.suppress(ConnectionClosed):
            async with asyncio.timeout(within):
                while True:
                    await self.connection.recv()
        code = self.connection.close_code
        assert code is not None
        return code


@contextlib.asynccontextmanager
async def connected(server: LiveServer, token: str | None = None, **options: object) -> AsyncIterator[Client]:
    async with server.connect(**options) as connection:
        client = Client(connection)
        if token is not None:
            assert (await client.ask(type="authenticate", token=token))["type"] == "authenticated"
        yield client


@contextlib.asynccontextmanager
async def reading(
    server: LiveServer, user: UserId, *topics: str, since: int | None = None
) -> AsyncIterator[Client]:
    async with connected(server, server.tokens.issue(user)) as client:
        wanted: dict[str, object] = {"topics": list(topics) or ["#"]}
        if since is not None:
            wanted["since"] = since
        assert (await client.ask(type="subscribe", **wanted))["type"] == "subscribed"
        yield client


async def status_of_handshake(server: LiveServer, origin: str | None, path: str = "/api/v1/ws") -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        *([f"Origin: {origin}"] if origin else []),
    ]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    status = int((await reader.readline()).split()[1])
    writer.close()
    await writer.wait_closed()
    return status
