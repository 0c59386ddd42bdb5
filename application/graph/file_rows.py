"""Brings the parts of a file, which come one by one from a store, to a reader that runs in a thread."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from application.graph.imports import BrokenFile, GraphReader, Phase, RawRow
from domain.graph.bulk import EntityRow, RelationshipRow, RowOutcome, refused
from domain.graph.bulk_rows import RELATIONSHIP, entity_row, kind_of, relationship_row
from domain.shared.errors import InvalidInput, Violation

FetchPart = Callable[[int], Awaitable[bytes | None]]

BATCH_ROWS = 5000
BATCH_BYTES = 4 * 1024 * 1024


@dataclass(slots=True)
class Batch:
    """Rows to be written together, of one kind, and the outcomes of those that are refused already.
    `place` is the last row looked at, `is_last` whether the file ends there."""

    entities: list[EntityRow] = field(default_factory=list)
    relationships: list[RelationshipRow] = field(default_factory=list)
    refused: list[RowOutcome] = field(default_factory=list)
    place: int = 0
    is_last: bool = False

    def take(self, row: EntityRow | RelationshipRow | RowOutcome) -> None:
        """Adds what became of a row of the file."""
        if isinstance(row, RelationshipRow):
            self.relationships.append(row)
        elif isinstance(row, EntityRow):
            self.entities.append(row)
        else:
            self.refused.append(row)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRows:
    """A file of some format. `source` is where things come from that do not say so themselves."""

    reader: GraphReader
    fetch: FetchPart
    source: str | None = None
    batch_rows: int = BATCH_ROWS

    def batches(self, phase: Phase, after: int) -> "Batches":
        """One pass over what concerns a phase, beyond a place: relationships, or everything else, which
        includes what cannot be read."""
        read = _relationship if phase is Phase.RELATIONSHIPS else _entity
        return Batches(self, read, after)


class Batches:
    """`async with … as batches: async for batch in batches`. Parsing and checking happen in a thread: the
    next batch is made while the last one is written."""

    def __init__(
        self,
        file: FileRows,
        read: Callable[[RawRow], EntityRow | RelationshipRow | RowOutcome | None],
        after: int,
    ) -> None:
        self._file = file
        self._read = read
        self._after = after
        self._loop = asyncio.get_running_loop()
        self._rows = self._read_rows()
        self._next: asyncio.Task[Batch] | None = None
        self._ended = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The thread must not outlive the work.
        if self._next is not None:
            await asyncio.gather(self._next, return_exceptions=True)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Batch:
        if self._ended:
            raise StopAsyncIteration
        # Shielded: whoever is cancelled here waits for the thread when the block is left.
        batch = await asyncio.shield(self._next or self._begin())
        self._ended = batch.is_last
        self._next = None
        if not self._ended:
            self._begin()
        return batch

    def _begin(self) -> "asyncio.Task[Batch]":
        self._next = asyncio.create_task(asyncio.to_thread(self._make))
        return self._next

    def _read_rows(self) -> Iterator[RawRow]:
        """Whatever a reader does, it does in the thread: a part that was waited for in the event loop would
        never come."""
        yield from self._file.reader.rows(self._parts(), self._file.source)

    def _parts(self) -> Iterator[bytes]:
        """Runs in the thread, and asks the event loop to fetch."""
        ordinal = 0
        while True:
            fetching = asyncio.run_coroutine_threadsafe(self._fetched(ordinal), self._loop)
            content = fetching.result()
            if content is None:
                return
            yield content
            ordinal += 1

    async def _fetched(self, ordinal: int) -> bytes | None:
        return await self._file.fetch(ordinal)

    def _make(self) -> Batch:
        batch, rows, size = Batch(), 0, 0
        try:
            for raw in self._rows:
                batch.place = raw.place
                row = self._read(raw) if raw.place > self._after else None
                if row is None:
                    continue
                batch.take(row)
                rows, size = rows + 1, size + raw.size
                if rows >= self._file.batch_rows or size >= BATCH_BYTES:
                    return batch
        except BrokenFile as error:
            if error.place is None:
                raise
            batch.place = error.place
            if self._read is _entity and error.place > self._after:
                detail = f"{error.detail}; nothing after it was read"
                batch.take(refused(error.place, Violation(pointer="", code=error.code, detail=detail)))
        batch.is_last = True
        return batch


def _entity(raw: RawRow) -> EntityRow | RowOutcome | None:
    if raw.violations:
        return refused(raw.place, *raw.violations)
    try:
        return None if kind_of(raw.document) == RELATIONSHIP else entity_row(raw.place, raw.document)
    except InvalidInput as error:
        return refused(raw.place, *error.violations)


def _relationship(raw: RawRow) -> RelationshipRow | RowOutcome | None:
    if raw.violations or raw.document.get("kind") != RELATIONSHIP:
        return None
    try:
        return relationship_row(raw.place, raw.document)
    except InvalidInput as error:
        return refused(raw.place, *error.violations)
