"""Keeps a fixed number of connections busy over raw sockets, cheaply enough not to become what is measured.

`python -m benchmarks.load URL --connections 64 --seconds 5 --header 'Authorization: Bearer ...'` prints one
JSON object: rps, p50/p95/p99 in milliseconds, errors, requests by status.
"""

import argparse
import asyncio
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from time import perf_counter
from typing import cast
from urllib.parse import urlsplit

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """What came back; latencies in milliseconds.

    `broken` counts requests whose connection ended before their reply, `refused` connections that could
    not be made, `errors` both.
    """

    rps: float
    requests: int
    p50: float
    p95: float
    p99: float
    errors: int
    broken: int
    refused: int
    statuses: dict[str, int]
    seconds: float


@dataclass(slots=True)
class _Tally:
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    broken: int = 0
    refused: int = 0


class _Client(asyncio.Protocol):
    """Sends the next request the moment the last reply is whole, or, when paced, at its next turn."""

    def __init__(self, requests: Sequence[bytes], tally: _Tally, offset: int, interval: float) -> None:
        self._requests = requests
        self._tally = tally
        self._next = offset
        self._interval = interval
        self._buffer = b""
        self._status = ""
        self._missing = -1  # bytes of body to come; -1: head incomplete, -2: chunked
        self._close = False
        self._sent_at = 0.0
        self._stopped = False
        self.in_flight = False
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but inheritance
        self._send()

    def _send(self) -> None:
        if self._stopped or self._transport.is_closing():
            return
        self.in_flight = True
        self._sent_at = perf_counter()
        self._transport.write(self._requests[self._next % len(self._requests)])
        self._next += 1

    def data_received(self, data: bytes) -> None:
        if self._missing >= 0:
            self._missing -= len(data)
        else:
            self._buffer = self._buffer + data if self._buffer else data
            if self._missing == -1 and not self._read_head():
                return
            if self._missing == -2:
                if not self._buffer.endswith(b"0\r\n\r\n"):
                    return
                self._missing = 0
        if self._missing <= 0:
            self._reply_whole()

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = self._buffer[: end + 2]
        self._status = head[9:12].decode()
        self._close = _CLOSE.search(head) is not None
        length = _LENGTH.search(head)
        if length is not None:
            self._missing = int(length[1]) - (len(self._buffer) - end - 4)
            self._buffer = b""
        elif _CHUNKED.search(head) is not None:
            self._missing = -2
            self._buffer = self._buffer[end + 2 :]
        else:
            self._missing = 0
        return True

    def _reply_whole(self) -> None:
        took = perf_counter() - self._sent_at
        self._tally.latencies.append(took)
        self._tally.statuses[self._status] += 1
        self._buffer, self._missing, self.in_flight = b"", -1, False
        if self._close:
            self._transport.close()
        elif self._interval:
            asyncio.get_running_loop().call_later(max(0.0, self._interval - took), self._send)
        else:
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the loop's signature
        if self.in_flight and not self._stopped:
            self._tally.broken += 1
        if not self.lost.done():
            self.lost.set_result(None)

    def stop(self) -> None:
        self._stopped = True
        self._transport.abort()


async def _keep_open(host: str, port: int, make: Callable[[], _Client], tally: _Tally, until: float) -> None:
    loop = asyncio.get_running_loop()
    while perf_counter() < until:
        try:
            _, client = await loop.create_connection(make, host, port)
        except OSError:
            tally.refused += 1
            await asyncio.sleep(0.05)
            continue
        try:
            async with asyncio.timeout(max(0.0, until - perf_counter())):
                await client.lost
        except TimeoutError:
            client.stop()


def encode(method: str, url: str, headers: Sequence[str] = (), body: bytes = b"") -> bytes:
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"{method} {target} HTTP/1.1", f"Host: {parts.netloc}", *headers]
    if body or method in ("POST", "PUT", "PATCH"):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join((*lines, "", "")).encode() + body


async def load(
    host: str,
    port: int,
    requests: Sequence[bytes],
    *,
    connections: int = 64,
    seconds: float = 5.0,
    interval: float = 0.0,
) -> LoadResult:
    """Sends `requests` in turn, each connection starting elsewhere; `interval` paces each connection."""
    tally = _Tally()
    started = perf_counter()
    until = started + seconds
    step = max(1, len(requests) // connections)
    async with asyncio.TaskGroup() as group:
        for number in range(connections):
            make = partial(_Client, requests, tally, number * step, interval)
            group.create_task(_keep_open(host, port, make, tally, until))
    took = perf_counter() - started
    ordered = sorted(tally.latencies)

    def percentile(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000, 3) if ordered else 0.0

    return LoadResult(
        rps=round(len(ordered) / took, 1),
        requests=len(ordered),
        p50=percentile(0.50),
        p95=percentile(0.95),
        p99=percentile(0.99),
        errors=tally.broken + tally.refused,
        broken=tally.broken,
        refused=tally.refused,
        statuses=dict(sorted(tally.statuses.items())),
        seconds=round(took, 3),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("url", nargs="+", help="sent in turn; all on the first one's host and port")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument(
        "--interval", type=float, default=0.0, help="seconds between requests of a connection"
    )
    parser.add_argument("--method", default="GET")
    parser.add_argument("--header", action="append", default=[])
    parser.add_argument("--body", default="")
    options = parser.parse_args(arguments)
    parts = urlsplit(options.url[0])
    requests = [encode(options.method, url, options.header, options.body.encode()) for url in options.url]
    result = uvloop.run(
        load(
            parts.hostname or "127.0.0.1",
            parts.port or 80,
            requests,
            connections=options.connections,
            seconds=options.seconds,
            interval=options.interval,
        )
    )
    print(json.dumps(asdict(result)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
