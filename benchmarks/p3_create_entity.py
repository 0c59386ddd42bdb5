"""P3: creating an entity over HTTP, against the same rows written by the bare driver."""

import asyncio
import json
import time
from statistics import median
from uuid import UUID, uuid4

import asyncpg

from adapters.postgres.engine import driver_dsn
from adapters.system.ids import Uuid7Generator
from benchmarks.load import encode
from benchmarks.report import Finding
from benchmarks.system import System, drive, register

CONNECTIONS = 64
POOL = 10
BODY = {"type": "person", "confidence": 0.9, "source": "benchmark", "metadata": {"a": 1}}

ENTITY = """
insert into backend_entities.entities
    (user_id, id, name, type, confidence, source, metadata, created_at, updated_at)
values ($1, $2, $3, 'person', 0.9, 'benchmark', '{"a": 1}', now(), now())
"""
KEY = "insert into backend_entities.entity_keys (user_id, type, key, entity_id) values ($1, 'person', $2, $3)"
EVENT = """
insert into backend_operations.events (user_id, id, type, subject, data, occurred_at, request_id)
values ($1, $2, 'entity.created', $3, $4, now(), 'benchmark')
"""
AUDIT = """
insert into backend_operations.audit_logs
    (user_id, id, actor_id, action, resource_id, request_id, occurred_at)
values ($1, $2, $1, 'entity.created', $3, 'benchmark', now())
"""
IDEMPOTENCY = """
insert into backend_operations.idempotency_keys (user_id, key, fingerprint, resource_id)
values ($1, $2, $2, $3)
"""
DATA = (
    '{"id": "x", "name": "Entity", "type": "person", "confidence": 0.9, "metadata": {"a": 1}, "aliases": []}'
)


async def raw(dsn: str, user_id: UUID, seconds: float) -> float:
    """Creates per second by asyncpg alone: as many workers as the API has connections."""
    ids, done = Uuid7Generator(), 0
    until = time.perf_counter() + seconds

    async def work(pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        nonlocal done
        while time.perf_counter() < until:
            entity = ids.new()
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute("select set_config('app.user_id', $1, true)", str(user_id))
                await connection.execute(ENTITY, user_id, entity, f"Raw {entity}")
                await connection.execute(KEY, user_id, f"raw {entity}", entity)
                await connection.execute(EVENT, user_id, ids.new(), entity, DATA)
                await connection.execute(AUDIT, user_id, ids.new(), entity)
                await connection.execute(IDEMPOTENCY, user_id, uuid4().bytes * 2, entity)
            done += 1

    async with asyncpg.create_pool(driver_dsn(dsn), min_size=POOL, max_size=POOL) as pool:
        begun = time.perf_counter()
        await asyncio.gather(*(work(pool) for _ in range(CONNECTIONS)))
        return done / (time.perf_counter() - begun)


def requests(url: str, token: str, mark: str, count: int) -> list[bytes]:
    """Distinct creates, each with an Idempotency-Key of its own."""
    return [
        encode(
            "POST",
            f"{url}/api/v1/entities",
            [
                f"Authorization: Bearer {token}",
                "Content-Type: application/json",
                f"Idempotency-Key: {mark}-{number}",
            ],
            json.dumps({**BODY, "name": f"Posted {mark} {number}"}).encode(),
        )
        for number in range(count)
    ]


async def measure(system: System, *, seconds: float, rounds: int) -> list[Finding]:
    """Interleaved rounds; the relay does not run, so that both sides cost their own writes only."""
    process, url = await system.serve("p3-serve")
    user_id, token = await register(url, "p3@example.org")
    ours, bare = [], []
    for number in range(rounds + 1):
        length = seconds if number else 1.0
        created = await drive(
            requests(url, token, f"r{number}", int(4_000 * length)),
            url,
            connections=CONNECTIONS,
            seconds=length,
        )
        written = await raw(system.logins.runtime_url, UUID(user_id), length)
        if number:  # the first round warms up
            ours.append(created.rps)
            bare.append(written)
    process.stop()
    return [
        Finding(
            target="P3",
            what="POST /entities with row, audit, outbox and idempotency, against raw asyncpg",
            figure=median(ours) / median(bare),
            bound=0.35,
            parts={
                "POST /entities (requests/s)": median(ours),
                "the same rows by asyncpg, one transaction each (creates/s)": median(bare),
            },
        )
    ]
