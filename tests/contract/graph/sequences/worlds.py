"""The use cases of the graph over one store, with a clock and ids that every store's world shares."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeAlias
from uuid import UUID

from adapters.formats.registry import READERS, WRITERS
from application.graph.accept_import import AcceptImport, AcceptImportCommand
from application.graph.create_entity import CreateEntity
from application.graph.create_relationship import CreateRelationship
from application.graph.delete_entity import DeleteEntity
from application.graph.delete_relationship import DeleteRelationship
from application.graph.exports import ExportFilter, GraphSnapshots, written
from application.graph.history import HistoryQueries
from application.graph.imports import ImportUnitOfWork
from application.graph.jobs import GraphJobQueries
from application.graph.merge_entities import MergeEntities
from application.graph.merges import MergeUnitOfWork
from application.graph.restore_entity import RestoreEntity
from application.graph.restore_relationship import RestoreRelationship
from application.graph.run_import import RunImport
from application.graph.undo_merge import UndoMerge
from application.graph.update_entity import UpdateEntity
from application.graph.update_relationship import UpdateRelationship
from application.shared.ports import Clock, IdGenerator, StartWork
from application.shared.principal import Principal
from domain.graph.bulk import BulkMode
from domain.shared.errors import InvalidInput, KnowledgeGraphError
from domain.shared.json import rfc3339
from tests.contract.graph.sequences.snapshots import ReadSnapshot

START = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)


class SteppingClock(Clock):
    """Stands still within a step, so that every world does the same thing at the same moment."""

    def __init__(self) -> None:
        self._steps = 0

    def step(self) -> None:
        self._steps += 1

    def now(self) -> datetime:
        return START + timedelta(milliseconds=self._steps)


class CountedIds(IdGenerator):
    """The same ids in every world, in the same order."""

    def __init__(self) -> None:
        self._made = 0

    def new(self) -> UUID:
        self._made += 1
        return UUID(int=(7 << 76) | (2 << 62) | self._made)


class WholeGraphUnitOfWork(MergeUnitOfWork, ImportUnitOfWork, Protocol):
    """Whatever the use cases of the graph ask for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """One store, and what reads it."""

    name: str
    start_work: StartWork[WholeGraphUnitOfWork]
    history: HistoryQueries
    jobs: GraphJobQueries
    snapshot: ReadSnapshot
    exports: GraphSnapshots


class World:
    """What can be done to one store, and how to see what became of it."""

    def __init__(self, store: Store, clock: Clock) -> None:
        ids, start_work = CountedIds(), store.start_work
        self.name = store.name
        self.history = store.history
        self.snapshot = store.snapshot
        self._jobs = store.jobs
        self._exports = store.exports
        self.create_entity = CreateEntity(start_work, clock, ids)
        self.update_entity = UpdateEntity(start_work, clock)
        self.delete_entity = DeleteEntity(start_work, clock)
        self.restore_entity = RestoreEntity(start_work, clock)
        self.create_relationship = CreateRelationship(start_work, clock, ids)
        self.update_relationship = UpdateRelationship(start_work, clock)
        self.delete_relationship = DeleteRelationship(start_work, clock)
        self.restore_relationship = RestoreRelationship(start_work, clock)
        self.merge_entities = MergeEntities(start_work, clock, ids)
        self.undo_merge = UndoMerge(start_work, clock)
        self._accept_import = AcceptImport(start_work, clock, ids)
        self._run_import = RunImport(start_work, clock, ids, READERS)

    async def export_file(self, who: Principal, format_: str) -> bytes:
        """Everything there is, as a file."""
        everything = ExportFilter(include_inactive=True)
        pieces = written(self._exports, who.user_id, everything, WRITERS[format_]())
        return b"".join([piece async for piece in pieces])

    async def import_file(
        self, who: Principal, content: bytes, mode: BulkMode, all_or_nothing: bool, format_: str = "jsonl"
    ) -> object:
        """Imports a file; what came of it, and what was refused."""

        async def chunks() -> AsyncIterator[bytes]:
            yield content

        job = await self._accept_import(
            AcceptImportCommand(
                principal=who,
                format=format_,
                mode=mode,
                all_or_nothing=all_or_nothing,
                source=None,
                chunks=chunks(),
                idempotency=lambda: None,
            )
        )
        done = await self._run_import(who, job)
        return done, await self._jobs.refused(who.user_id, job.id, (0, "", ""), 1000)


MakeWorlds: TypeAlias = Callable[[Clock], list[World]]
Step: TypeAlias = Callable[[World], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step came to: what it answered, or why it was refused."""

    answer: str | None = None
    refusal: tuple[str, ...] | None = None


async def outcome(step: Step, world: World) -> Outcome:
    """Carries a step out; only the refusals that callers are told of are outcomes."""
    try:
        return Outcome(answer=plain(await step(world)))
    except InvalidInput as error:
        said = (f"{v.pointer} {v.code} {v.detail}" for v in error.violations)
        return Outcome(refusal=(type(error).__name__, *said))
    except KnowledgeGraphError as error:
        return Outcome(refusal=(type(error).__name__, str(error)))


def plain(value: object) -> str:
    """A value as JSON tells it: what is equal here is equal to every caller, and 1 is not true."""
    if is_dataclass(value) and not isinstance(value, type):
        value = {each.name: getattr(value, each.name) for each in fields(value)}
    return json.dumps(value, default=_spelled, sort_keys=True)


def _spelled(value: object) -> object:
    if isinstance(value, datetime):
        return rfc3339(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: getattr(value, each.name) for each in fields(value)}
    return str(value)
