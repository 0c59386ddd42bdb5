"""Files of any size go into a graph and out of it in bounded memory: what is held at a time is counted."""

import json
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from adapters.formats.registry import READERS, WRITERS
from adapters.postgres.graph_export import PostgresGraphSnapshots
from adapters.postgres.provision import Logins
from application.graph.exports import ExportFilter, written
from application.graph.file_rows import BATCH_BYTES, BATCH_ROWS, FileRows
from application.graph.imports import Phase
from tests.contract.graph.importing import Importing
from tests.contract.graph.stores import GraphStore, postgres_store
from tests.contract.systems import PostgresSystem

MB = 1024 * 1024
PART = MB
TEXT = "läßt 'x\"\\\n " + "y" * 40_000


def lines(count: int) -> Iterator[bytes]:
    """Entities of about forty kilobytes each: a file of few of them is large."""
    for number in range(count):
        row = {"kind": "entity", "name": f"Thing {number}", "type": "thing", "metadata": {"text": TEXT}}
        yield json.dumps(row).encode() + b"\n"


def parts(count: int) -> Iterator[bytes]:
    """The file in parts as they are stored."""
    waiting = bytearray()
    for line in lines(count):
        waiting += line
        if len(waiting) >= PART:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting)


async def most_held(act: Callable[[], Awaitable[None]]) -> int:
    """The most bytes that were held at a time meanwhile, but for those held before."""
    tracemalloc.start()
    try:
        await act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def test_a_file_is_read_some_rows_at_a_time() -> None:
    rows, size = 0, 0
    file = parts(1_500)

    async def fetch(_: int) -> bytes | None:
        nonlocal size
        part = next(file, None)
        size += len(part or b"")
        return part

    async def read() -> None:
        nonlocal rows
        async with FileRows(reader=READERS["jsonl"], fetch=fetch).batches(Phase.ENTITIES, 0) as batches:
            async for batch in batches:
                assert len(batch.entities) <= BATCH_ROWS
                assert len(batch.entities) * len(TEXT) < BATCH_BYTES + len(TEXT)
                rows += len(batch.entities)

    held = await most_held(read)
    assert (rows, size > 50 * MB) == (1_500, True)
    assert held < 20 * MB


@pytest.fixture
async def store(migrated_database: Logins) -> AsyncIterator[GraphStore]:
    async with postgres_store(migrated_database) as real:
        yield real


async def test_an_import_and_an_export_hold_some_rows_at_a_time(store: GraphStore) -> None:
    assert isinstance(store.system, PostgresSystem)
    importing, count = Importing(store, await store.system.new_user()), 1_200
    job = await importing.accept(b"".join(lines(count)))

    async def work_in() -> None:
        outcome = await importing.run(job)
        assert outcome.result["entities"] == {"created": count, "updated": 0, "unchanged": 0}

    size = 0
    snapshots = PostgresGraphSnapshots(store.system.database)

    async def send() -> None:
        nonlocal size
        async for piece in written(snapshots, importing.user, ExportFilter(), WRITERS["jsonl"]()):
            size += len(piece)

    held = await most_held(work_in)
    sent = await most_held(send)
    assert size > 40 * MB
    assert held < 40 * MB
    assert sent < 20 * MB
