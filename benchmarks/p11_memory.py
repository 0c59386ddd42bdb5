"""P11: what an API process weighs, idle and after 100,000 mixed requests."""

from benchmarks.load import encode
from benchmarks.p1_read_entity import create_entities
from benchmarks.p3_create_entity import requests as creates
from benchmarks.report import Finding
from benchmarks.system import System, drive, register

REQUESTS = 100_000
MIB = 1024 * 1024


async def measure(system: System) -> list[Finding]:
    """80 % reads by id, 10 % lists and searches, 10 % creates; growth counts after two seconds of them."""
    process, url = await system.serve("p11-serve")
    consumer = system.consume("p11-consume")
    _, token = await register(url, "p11@example.org")
    idle = process.rss()
    ids = await create_entities(url, token, 200)
    authorization = [f"Authorization: Bearer {token}"]
    mixed = []
    for number, create in enumerate(creates(url, token, "p11", 2_000)):
        mixed += [
            encode("GET", f"{url}/api/v1/entities/{ids[(number * 8 + n) % 200]}", authorization)
            for n in range(8)
        ]
        search = "entities?limit=20" if number % 2 else "entities?q=Entity&limit=10"
        mixed += [encode("GET", f"{url}/api/v1/{search}", authorization), create]
    done = (await drive(mixed, url, connections=64, seconds=2)).requests
    warm = process.rss()
    total = 0
    while total < REQUESTS:
        total += (await drive(mixed, url, connections=64, seconds=10)).requests
    after = process.rss()
    for used in (process, consumer):
        used.stop()
    parts = {
        "idle (MiB)": idle / MIB,
        f"after {done:,} requests (MiB)": warm / MIB,
        f"after {total:,} more (MiB)": after / MIB,
    }
    return [
        Finding(
            target="P11",
            what="API process, idle",
            figure=idle / MIB,
            bound=120,
            at_most=True,
            unit="MiB",
            parts=parts,
        ),
        Finding(
            target="P11",
            what="API process, growth over 100,000 mixed requests",
            figure=(after - warm) / MIB,
            bound=20,
            at_most=True,
            unit="MiB",
            parts=parts,
        ),
    ]
