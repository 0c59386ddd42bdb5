"""A proxy in front of Postgres that counts how often the server says it is ready for the next query."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit, urlunsplit

READY_FOR_QUERY = ord("Z")


@dataclass(slots=True)
class CountingProxy:
    """`url` leads through the proxy; `round_trips` rises by one with each ReadyForQuery.

    Every exchange of the simple and of the extended protocol ends with that message, and the client waits
    for it: it is what a round trip is (PostgreSQL documentation, 55.2).
    """

    url: str = ""
    round_trips: int = 0

    async def count(self, server: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        """Passes the server's messages on, one by one."""
        while True:
            header = await server.readexactly(5)
            body = await server.readexactly(int.from_bytes(header[1:]) - 4)
            self.round_trips += header[0] == READY_FOR_QUERY
            client.write(header + body)
            await client.drain()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


@contextlib.asynccontextmanager
async def counting_proxy(url: str) -> AsyncIterator[CountingProxy]:
    """A proxy on a free loopback port in front of the server that `url` names."""
    proxy = CountingProxy()
    parts = urlsplit(url)
    socket_directory = parse_qs(parts.query).get("host")

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if socket_directory:
            upstream = await asyncio.open_unix_connection(
                f"{socket_directory[0]}/.s.PGSQL.{parts.port or 5432}"
            )
        else:
            upstream = await asyncio.open_connection(parts.hostname, parts.port or 5432)
        server, server_writer = upstream
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                await asyncio.gather(pump(reader, server_writer), proxy.count(server, writer))
        finally:
            server_writer.close()
            writer.close()

    listener = await asyncio.start_server(accept, "127.0.0.1", 0)
    host, port = listener.sockets[0].getsockname()
    login = parts.netloc.rpartition("@")[0]
    proxy.url = urlunsplit(parts._replace(netloc=f"{login}@{host}:{port}", query="sslmode=disable"))
    try:
        yield proxy
    finally:
        listener.close()
