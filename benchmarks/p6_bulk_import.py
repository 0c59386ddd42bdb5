"""P6: edges imported over HTTP by the consumer, against `psql \\copy` of the same rows and tables."""

import asyncio
import json
import random
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx

from adapters.postgres.embedded_files import binaries
from adapters.postgres.engine import driver_dsn
from adapters.system.ids import Uuid7Generator
from benchmarks.report import Finding
from benchmarks.system import Process, System, register

IDS = Uuid7Generator()
RELATIONSHIPS = (
    "user_id, id, source_entity_id, target_entity_id, type, confidence, source, metadata, created_at, "
    "updated_at"
)
EVENTS = "user_id, id, type, subject, data, occurred_at, request_id"
CHUNK = 1024 * 1024


def files(folder: Path, edges: int, owner: UUID) -> dict[str, Path]:
    """The graph as JSON Lines for the import, and as the rows of its tables for COPY."""
    chance = random.Random(6)
    nodes = max(edges // 10, 100)
    ids = [IDS.new() for _ in range(nodes)]
    paths = {name: folder / f"{name}.txt" for name in ("entities", "edges", "relationships", "events")}
    with paths["entities"].open("w") as out:
        for number, node in enumerate(ids):
            node_row = {"kind": "entity", "id": str(node), "name": f"Node {number}", "type": "thing"}
            out.write(json.dumps(node_row) + "\n")
    now = "2026-01-01 00:00:00+00"
    with (
        paths["edges"].open("w") as out,
        paths["relationships"].open("w") as rows,
        paths["events"].open("w") as told,
    ):
        seen: set[tuple[int, int]] = set()
        while len(seen) < edges:
            # A power law: some nodes have very many edges.
            ends = (int(nodes * chance.random() ** 3), chance.randrange(nodes))
            if ends in seen:
                continue
            seen.add(ends)
            source, target = ids[ends[0]], ids[ends[1]]
            confidence, metadata = round(chance.random(), 3), {"weight": len(seen)}
            row: dict[str, object] = {
                "kind": "relationship",
                "source_entity_id": str(source),
                "target_entity_id": str(target),
                "relationship_type": "links_to",
                "confidence": confidence,
                "source": "benchmark",
                "metadata": metadata,
            }
            line = json.dumps(row)
            out.write(line + "\n")
            edge = IDS.new()
            rows.write(
                f"{owner}\t{edge}\t{source}\t{target}\tlinks_to\t{confidence}\tbenchmark\t"
                f"{json.dumps(metadata)}\t{now}\t{now}\n"
            )
            data = json.dumps({"id": str(edge), **row, "version": 1, "created_at": now, "updated_at": now})
            told.write(f"{owner}\t{IDS.new()}\trelationship.created\t{edge}\t{data}\t{now}\tbenchmark\n")
    return paths


async def imported(client: httpx.AsyncClient, path: Path, consumer: Process) -> tuple[float, float]:
    """Seconds from the first byte sent to the end of the job, and the consumer's largest memory in MB."""

    async def chunks() -> AsyncIterator[bytes]:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk

    begun = time.perf_counter()
    reply = await client.post("/graph/import", content=chunks())
    reply.raise_for_status()
    job, largest = reply.json()["data"]["id"], 0
    while True:
        shown = (await client.get(f"/graph/jobs/{job}")).json()["data"]
        largest = max(largest, consumer.rss())
        if shown["finished_at"] is not None:
            break
        await asyncio.sleep(0.2)
    if shown["status"] != "succeeded":
        raise RuntimeError(f"the import did not succeed: {shown}")
    return time.perf_counter() - begun, largest / 1e6


def copied(system: System, table: str, columns: str, path: Path) -> float:
    """Seconds of `\\copy`, by a superuser: COPY is not for tables with row level security."""
    name = driver_dsn(system.logins.owner_url).rpartition("/")[2].partition("?")
    dsn = driver_dsn(system.admin_url)
    head, _, query = dsn.partition("?")
    dsn = f"{head.rpartition('/')[0]}/{name[0]}" + (f"?{query}" if query else "")
    begun = time.perf_counter()
    subprocess.run(
        [binaries() / "psql", dsn, "-qXc", f"\\copy {table} ({columns}) from '{path}'"], check=True
    )
    return time.perf_counter() - begun


async def exported(url: str, token: str, api: Process) -> tuple[float, float, int]:
    """Seconds, the API's largest memory in MB, and bytes of a whole export."""
    begun, largest, size = time.perf_counter(), 0, 0
    async with httpx.AsyncClient(base_url=f"{url}/api/v1", timeout=600) as client:
        headers = {"Authorization": f"Bearer {token}"}
        async with client.stream("GET", "/graph/export", headers=headers) as reply:
            async for chunk in reply.aiter_bytes(CHUNK):
                size += len(chunk)
                largest = max(largest, api.rss())
    return time.perf_counter() - begun, largest / 1e6, size


async def measure(system: System, *, edges: int) -> list[Finding]:
    """One run: the import, then COPY of the same rows for another account."""
    api, url = await system.serve("p6-serve")
    consumer = system.consume("p6-consume")
    _, token = await register(url, "p6@example.org")
    other, other_token = await register(url, "p6-copy@example.org")
    paths = files(system.directory, edges, UUID(other))
    for path in (system.directory, *paths.values()):
        path.chmod(0o755)
    async with httpx.AsyncClient(
        base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=600
    ) as client:
        await imported(client, paths["entities"], consumer)
        ours, memory = await imported(client, paths["edges"], consumer)
        client.headers["Authorization"] = f"Bearer {other_token}"
        await imported(client, paths["entities"], consumer)
    rows = await asyncio.to_thread(
        copied, system, "backend_entities.relationships", RELATIONSHIPS, paths["relationships"]
    )
    seconds, api_memory, size = await exported(url, token, api)
    told = await asyncio.to_thread(copied, system, "backend_operations.events", EVENTS, paths["events"])
    parts: dict[str, float | str] = {
        "edges": float(edges),
        "import: upload, validation, edges, events, audit (rows/s)": edges / ours,
        "\\copy of the edges alone (rows/s)": edges / rows,
        "\\copy of the edges and their events (rows/s)": edges / (rows + told),
        "ratio against the edges alone": f"{rows / ours:.2f}",
        "consumer, largest memory (MB)": memory,
        "export of the whole graph (MB/s)": size / 1e6 / seconds,
        "API process during the export, largest memory (MB)": api_memory,
    }
    return [
        Finding(
            target="P6",
            what="bulk import with validation, events and audit, against \\copy into the same tables",
            figure=(rows + told) / ours,
            bound=0.30,
            parts=parts,
        ),
        Finding(
            target="P6",
            what="memory of the consumer during the import",
            figure=memory,
            bound=300,
            at_most=True,
            unit="MB",
            parts={},
        ),
    ]
