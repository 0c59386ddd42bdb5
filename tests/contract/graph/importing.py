"""Imports over one store, in memory and in Postgres, for the contract suites that write in bulk."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from adapters.formats.registry import READERS
from adapters.memory.graph_jobs import InMemoryGraphJobQueries
from adapters.postgres.graph_job_queries import PostgresGraphJobQueries
from application.graph.accept_import import AcceptImport, AcceptImportCommand
from application.graph.imports import GraphReader
from application.graph.jobs import GraphJobQueries
from application.graph.queries import EntityFilter, RelationshipFilter
from application.graph.run_import import RunImport
from application.graph.views import EntityView, RelationshipView
from application.shared.pages import PageRequest
from domain.graph.bulk import BulkMode
from domain.graph.job import GraphJob, GraphJobOutcome
from domain.shared.ids import UserId
from tests.contract.graph.stores import GraphStore
from tests.contract.systems import IDS, MemorySystem, PostgresSystem, principal

OLDEST = PageRequest(sort="created_at", descending=False, limit=200, after=None)
NOW = datetime(2026, 2, 1, 12, 30, 0, 250_000, tzinfo=UTC)


class Frozen:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW


@dataclass(frozen=True, slots=True)
class Ended:
    """How an import ended."""

    status: str
    result: dict[str, Any]


@dataclass(slots=True)
class Importing:
    """A user's graph, and files into it."""

    store: GraphStore
    user: UserId
    readers: Mapping[str, GraphReader] = field(default_factory=lambda: READERS)
    refreshed: int = 0

    async def refresh(self) -> None:
        """Counts how often the store was to look at its tables anew."""
        self.refreshed += 1

    async def accept(
        self,
        content: bytes,
        *,
        format_: str = "jsonl",
        mode: BulkMode = BulkMode.UPSERT,
        all_or_nothing: bool = False,
        source: str | None = None,
    ) -> GraphJob:
        async def chunks() -> AsyncIterator[bytes]:
            for start in range(0, len(content), 1000):
                yield content[start : start + 1000]

        accept = AcceptImport(self.store.system.start_work, Frozen(), IDS)  # type: ignore[arg-type]  # more than asked
        return await accept(
            AcceptImportCommand(
                principal=principal(self.user),
                format=format_,
                mode=mode,
                all_or_nothing=all_or_nothing,
                source=source,
                chunks=chunks(),
                idempotency=lambda: None,
            )
        )

    async def run(self, job: GraphJob) -> GraphJobOutcome:
        runner = RunImport(self.store.system.start_work, Frozen(), IDS, self.readers, self.refresh)  # type: ignore[arg-type]  # as above
        return await runner(principal(self.user), job)

    async def rows(
        self, *rows: dict[str, Any], **settings: Any
    ) -> tuple["Ended", list[tuple[int, str, str]]]:
        """Imports rows; what came of it, and what was refused."""
        job = await self.accept_rows(*rows, **settings)
        outcome = await self.run(job)
        return Ended(outcome.status, dict(outcome.result)), await self.refused(job)

    async def accept_rows(self, *rows: dict[str, Any], **settings: Any) -> GraphJob:
        return await self.accept(jsonl(*rows), **settings)

    async def refused(self, job: GraphJob) -> list[tuple[int, str, str]]:
        found = await self._jobs.refused(self.user, job.id, (0, "", ""), 100)
        return [(one.place, one.pointer, one.code) for one in found or ()]

    async def warned(self, job: GraphJob) -> list[tuple[int, str, str]]:
        found = await self._jobs.warned(self.user, job.id, (0, "", ""), 100)
        return [(one.place, one.pointer, one.code) for one in found or ()]

    @property
    def _jobs(self) -> GraphJobQueries:
        system = self.store.system
        if isinstance(system, MemorySystem):
            return InMemoryGraphJobQueries(system.store)
        assert isinstance(system, PostgresSystem)
        return PostgresGraphJobQueries(system.database)

    async def events(self) -> Sequence[tuple[str, dict[str, Any]]]:
        """Type and data of what was announced of the graph's things, in order."""
        system = self.store.system
        if isinstance(system, MemorySystem):
            told = [(one.event.type, json.loads(encoded(one.event.data))) for one in system.store.events]
        else:
            assert isinstance(system, PostgresSystem)
            async with system.start_work(principal(self.user)) as work:
                rows = await work.connection.fetch(
                    "select type, data from backend_operations.events where user_id = $1 order by sequence",
                    self.user,
                )
            told = [(row["type"], json.loads(row["data"])) for row in rows]
        return [one for one in told if one[0].startswith(("entity.", "relationship."))]


def encoded(data: object) -> str:
    return json.dumps(data, default=list)


def jsonl(*rows: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def entity(name: str = "Ada", **more: Any) -> dict[str, Any]:
    return {"kind": "entity", "name": name, "type": "person", **more}


def relationship(source: Any, target: Any, type_: str = "knows", /, **more: Any) -> dict[str, Any]:
    """Ends are ids, or objects that describe them."""
    ends = {
        f"{which}_entity" if isinstance(end, dict) else f"{which}_entity_id": end
        if isinstance(end, dict)
        else str(end)
        for which, end in (("source", source), ("target", target))
    }
    return {"kind": "relationship", "relationship_type": type_, **ends, **more}


async def entities_of(importing: Importing, *, deleted: bool = False) -> dict[str, EntityView]:
    wanted = EntityFilter(include_inactive=deleted)
    rows = (await importing.store.entities.entities(importing.user, wanted, OLDEST)).rows
    return {row.name: row for row in rows}


async def edges_of(importing: Importing, *, deleted: bool = False) -> list[RelationshipView]:
    wanted = RelationshipFilter(include_inactive=deleted)
    return list((await importing.store.relationships.relationships(importing.user, wanted, OLDEST)).rows)
