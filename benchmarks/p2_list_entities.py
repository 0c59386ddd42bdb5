"""P2: a list of 50 entities, filtered and sorted by an index: the first and the 1,000th page."""

from statistics import median
from urllib.parse import urlencode
from uuid import UUID

import httpx

from adapters.postgres.engine import driver_dsn
from benchmarks import graphs
from benchmarks.load import encode
from benchmarks.report import Finding
from benchmarks.system import System, drive, free_port, register, until_answers

CONNECTIONS = 64
PAGE = 50
DEEP = 1_000
KINDS = len(graphs.KINDS)


async def cursor_before(url: str, token: str, query: dict[str, str | int], pages: int) -> str:
    """The cursor that leads past this many pages, read as a client would, in the largest steps."""
    headers = {"Authorization": f"Bearer {token}"}
    cursor, rows = "", pages * PAGE
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:
        while rows:
            limit = min(200, rows)
            asked = {**query, "limit": limit, **({"cursor": cursor} if cursor else {})}
            reply = await client.get("/api/v1/entities", params=asked)
            reply.raise_for_status()
            cursor = reply.json()["meta"]["next_cursor"]
            rows -= limit
    return cursor


async def measure(system: System, *, seconds: float, rounds: int) -> list[Finding]:
    """Interleaved rounds; medians."""
    process, url = await system.serve("p2-serve")
    user_id, token = await register(url, "p2@example.org")
    # A quarter of the entities passes the filter, and has to fill one page more than is measured.
    graph = graphs.power_law(KINDS * PAGE * (DEEP + 1), 1)
    await graphs.store(graph, UUID(user_id), driver_dsn(system.logins.owner_url))
    port = free_port()
    hello = system.start("p2-hello", "benchmarks.baselines.hello", str(port))
    hello_url = f"http://127.0.0.1:{port}"
    await until_answers(f"{hello_url}/", hello)
    query: dict[str, str | int] = {"type": graphs.KINDS[0], "sort": "created_at", "limit": PAGE}
    deep = {**query, "cursor": await cursor_before(url, token, query, DEEP - 1)}
    head = [f"Authorization: Bearer {token}"]
    loads = {
        "first": (url, encode("GET", f"{url}/api/v1/entities?{urlencode(query)}", head)),
        "deep": (url, encode("GET", f"{url}/api/v1/entities?{urlencode(deep)}", head)),
        "hello": (hello_url, encode("GET", f"{hello_url}/")),
    }
    rates: dict[str, list[float]] = {name: [] for name in loads}
    for number in range(rounds + 1):
        for name, (target, request) in loads.items():
            result = await drive(
                [request], target, connections=CONNECTIONS, seconds=seconds if number else 1.0
            )
            if number:  # the first round warms up
                rates[name].append(result.rps)
    process.stop()
    hello.stop()
    first, last, bare = (median(rates[name]) for name in ("first", "deep", "hello"))
    parts = {
        "first page of 50 (requests/s)": first,
        "1,000th page of 50 (requests/s)": last,
        "bare Quart, hello JSON (requests/s)": bare,
    }
    what = "GET /entities, 50 of a type in an index's order"
    return [
        Finding(
            target="P2",
            what=f"{what}: cost of page 1,000 against page 1",
            figure=first / last,
            bound=1.2,
            at_most=True,
            parts=parts,
        ),
        Finding(
            target="P2",
            what=f"{what}: slower page against bare Quart",
            figure=min(first, last) / bare,
            bound=0.40,
            parts=parts,
        ),
    ]
