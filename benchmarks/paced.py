"""Sends requests at a steady rate, whether or not replies keep up: latencies count from when each was due.

`python -m benchmarks.paced REQUESTS.json URL RATE SECONDS` prints one JSON object. A closed loop would ask
less of a server that is slow, and so hide what a flood does to others.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter

from benchmarks.elsewhere import run_here

PATIENCE = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PacedResult:
    """Latencies in milliseconds, from when a request was due; `late` requests had no reply within 10 s."""

    requests: int
    p50: float
    p95: float
    p99: float
    late: int
    statuses: dict[str, int]


@dataclass(slots=True)
class _Pacer:
    host: str
    port: int
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    late: int = 0

    async def send(self, request: bytes, due: float) -> None:
        """One request, on a connection that is free or a new one."""
        try:
            async with asyncio.timeout(PATIENCE):
                connection = self.idle.pop() if self.idle else None
                reader, writer = connection or await asyncio.open_connection(self.host, self.port)
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (
                        line.partition(b":")[2]
                        for line in head.lower().split(b"\r\n")
                        if b"content-length" in line
                    ),
                    b"0",
                )
                await reader.readexactly(int(length))
        except (OSError, asyncio.IncompleteReadError):  # a timeout is an OSError, too
            self.late += 1
            return
        self.latencies.append(perf_counter() - due)
        self.statuses[head[9:12].decode()] += 1
        if b"\r\nconnection: close" in head.lower():
            writer.close()
        else:
            self.idle.append((reader, writer))


async def paced(
    host: str, port: int, requests: Sequence[bytes], *, rate: float, seconds: float
) -> PacedResult:
    """Sends `requests` in turn, `rate` a second."""
    pacer = _Pacer(host, port)
    begun = perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * seconds)):
            due = begun + number / rate
            await asyncio.sleep(max(0.0, due - perf_counter()))
            group.create_task(pacer.send(requests[number % len(requests)], due))
    for _, writer in pacer.idle:
        writer.close()
    ordered = sorted(pacer.latencies)

    def percentile(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000, 3) if ordered else 0.0

    return PacedResult(
        requests=len(ordered),
        p50=percentile(0.50),
        p95=percentile(0.95),
        p99=percentile(0.99),
        late=pacer.late,
        statuses=dict(sorted(pacer.statuses.items())),
    )


if __name__ == "__main__":
    run_here(
        lambda host, port, requests, rate, seconds: paced(host, port, requests, rate=rate, seconds=seconds)
    )
