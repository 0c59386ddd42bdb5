"""Takes a file in, part by part as it arrives, and queues the job that works it into the graph."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace

from application.graph.imports import ImportUnitOfWork
from application.graph.jobs import queue
from application.shared.ports import Clock, IdGenerator, StartWork
from application.shared.principal import IdempotencyKey, Principal
from domain.graph.bulk import BulkMode
from domain.graph.job import GraphJob, GraphJobKind
from domain.shared.checks import Checks
from domain.shared.errors import InvalidInput, Violation
from domain.shared.ids import GraphJobId

PART_BYTES = 1024 * 1024
SOURCE_LENGTH = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptImportCommand:
    """`chunks` are the file as it arrives; `idempotency` is asked for once all of it is here, since the key
    stands for this very file. `all_or_nothing`: a row that is refused refuses the file."""

    principal: Principal
    format: str
    mode: BulkMode
    all_or_nothing: bool
    source: str | None
    chunks: AsyncIterator[bytes]
    idempotency: Callable[[], IdempotencyKey | None]


class AcceptImport:
    """Nothing is accepted before all of the file is stored. What an upload that breaks off has left is
    removed at once where that is possible, else by the sweep. Raises `InvalidInput` for an empty file."""

    def __init__(self, start_work: StartWork[ImportUnitOfWork], clock: Clock, ids: IdGenerator) -> None:
        self._start_work = start_work
        self._clock = clock
        self._ids = ids

    async def __call__(self, command: AcceptImportCommand) -> GraphJob:
        checks = Checks()
        source = checks.optional_text("/source", command.source, longest=SOURCE_LENGTH)
        checks.finish()
        import_id = GraphJobId(self._ids.new())
        try:
            size = await self._store(command, import_id)
            if not size:
                raise InvalidInput([Violation(pointer="", code="empty", detail="the file is empty")])
            return await self._queue(command, import_id, source, size)
        except BaseException:
            # Also when the client has left: it does not wait for this, and the database is quick.
            await asyncio.shield(self._remove(command.principal, import_id))
            raise

    async def _store(self, command: AcceptImportCommand, import_id: GraphJobId) -> int:
        """A short transaction for each part: a slow upload holds no connection while it waits."""
        user_id, ordinal, size = command.principal.user_id, 0, 0
        async for part in parts(command.chunks):
            async with self._start_work(command.principal) as work:
                if ordinal == 0:
                    await work.imports.open(user_id, import_id, self._clock.now())
                await work.imports.append(user_id, import_id, ordinal, part)
                await work.commit()
            ordinal, size = ordinal + 1, size + len(part)
        return size

    async def _queue(
        self, command: AcceptImportCommand, import_id: GraphJobId, source: str | None, size: int
    ) -> GraphJob:
        job = GraphJob(
            id=import_id,
            user_id=command.principal.user_id,
            kind=GraphJobKind.IMPORT,
            parameters={
                "format": command.format,
                "mode": command.mode.value,
                "on_error": "abort" if command.all_or_nothing else "skip",
                "source": source,
                "bytes": size,
            },
            created_at=self._clock.now(),
        )
        caller = replace(command.principal, idempotency=command.idempotency())
        async with self._start_work(caller) as work:
            await queue(work, job)
            await work.commit()
        return job

    async def _remove(self, principal: Principal, import_id: GraphJobId) -> None:
        async with self._start_work(principal) as work:
            await work.imports.remove(principal.user_id, import_id)
            await work.commit()


async def parts(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in pieces of one size, the last one excepted."""
    waiting = bytearray()
    async for chunk in chunks:
        waiting += chunk
        while len(waiting) >= PART_BYTES:
            yield bytes(waiting[:PART_BYTES])
            del waiting[:PART_BYTES]
    if waiting:
        yield bytes(waiting)
