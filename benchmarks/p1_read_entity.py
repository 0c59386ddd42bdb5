"""P1: one authenticated read of an entity, against a bare Quart and against stock Quart with an ORM."""

import asyncio
from statistics import median

import httpx

from benchmarks.load import encode
from benchmarks.report import Finding
from benchmarks.system import System, drive, free_port, register, until_answers

CONNECTIONS = 64
ENTITIES = 1_000


async def create_entities(url: str, token: str, count: int) -> list[str]:
    """Ids of fresh entities, made over HTTP."""
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"}) as client:

        async def create(number: int) -> str:
            body = {
                "name": f"Entity {number}",
                "type": "person",
                "confidence": 0.9,
                "source": "benchmark",
                "metadata": {"number": number, "tags": ["a", "b"]},
                "aliases": [f"E{number}"],
            }
            reply = await client.post("/api/v1/entities", json=body)
            reply.raise_for_status()
            return str(reply.json()["data"]["id"])

        ids: list[str] = []
        for start in range(0, count, 20):
            ids += await asyncio.gather(*(create(n) for n in range(start, min(start + 20, count))))
    return ids


async def measure(system: System, *, seconds: float, rounds: int) -> list[Finding]:
    """Interleaved rounds; medians; all three servers on uvloop, one process each."""
    process, url = await system.serve("p1-serve")
    user_id, token = await register(url, "p1@example.org")
    ids = await create_entities(url, token, ENTITIES)
    hello_port, orm_port = free_port(), free_port()
    hello = system.start("p1-hello", "benchmarks.baselines.hello", str(hello_port))
    orm = system.start("p1-orm", "benchmarks.baselines.orm", str(orm_port), system.logins.runtime_url)
    hello_url, orm_url = f"http://127.0.0.1:{hello_port}", f"http://127.0.0.1:{orm_port}"
    await until_answers(f"{hello_url}/", hello)
    for ending in ("/entities/" + ids[0],):
        async with httpx.AsyncClient(headers={"X-User": user_id}) as client:
            for _ in range(100):
                try:
                    if (await client.get(orm_url + ending)).status_code == 200:
                        break
                except httpx.HTTPError:
                    await asyncio.sleep(0.05)
    authorization = f"Authorization: Bearer {token}"
    loads = {
        "ours": (url, [encode("GET", f"{url}/api/v1/entities/{i}", [authorization]) for i in ids]),
        "hello": (hello_url, [encode("GET", f"{hello_url}/")]),
        "orm": (orm_url, [encode("GET", f"{orm_url}/entities/{i}", [f"X-User: {user_id}"]) for i in ids]),
    }
    rates: dict[str, list[float]] = {name: [] for name in loads}
    for number in range(rounds + 1):
        for name, (target, requests) in loads.items():
            result = await drive(
                requests, target, connections=CONNECTIONS, seconds=seconds if number else 1.0
            )
            if number:  # the first round warms up
                rates[name].append(result.rps)
    for used in (process, hello, orm):
        used.stop()
    ours, bare, stock = (median(rates[name]) for name in ("ours", "hello", "orm"))
    parts = {
        "GET /entities/{id}, authenticated (requests/s)": ours,
        "bare Quart, hello JSON (requests/s)": bare,
        "stock Quart with ORM, the same read (requests/s)": stock,
    }
    what = "GET /entities/{id}, 64 connections"
    return [
        Finding(target="P1", what=f"{what}, against bare Quart", figure=ours / bare, bound=0.60, parts=parts),
        Finding(
            target="P1", what=f"{what}, against Quart + ORM", figure=ours / stock, bound=2.5, parts=parts
        ),
    ]
