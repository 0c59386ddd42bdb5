"""Writes many entities, or many relationships, in one request and one transaction, and says what became of
each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Protocol
from uuid import UUID

from application.graph.bulk import BulkUnitOfWork
from application.graph.hold_to_schema import under_current_schema
from application.graph.put_entities import put_entities
from application.graph.put_relationships import put_relationships
from application.graph.writing import writing_in
from application.shared.ports import Clock, IdGenerator, StartWork
from application.shared.principal import Principal
from domain.graph.bulk import BulkMode, RowOutcome, refused
from domain.graph.bulk_events import graph_written
from domain.graph.bulk_rows import entity_row, relationship_row
from domain.shared.errors import InvalidInput, NotFound, Violation
from domain.shared.ids import UserId
from domain.shared.json import JsonObject

MOST_ROWS = 10_000
MOST_VIOLATIONS = 100


class BulkResultNotFound(NotFound):
    """What this request was answered is not kept any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    """What is wrong in a row: `pointer` (RFC 6901) leads into the request."""

    pointer: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkRowView:
    """What became of a row: `status` is created, updated, unchanged or refused, which has no id.
    `warnings`: what a declared schema that only warns says against a row that was written."""

    status: str
    id: UUID | None
    errors: Sequence[RowProblem]
    warnings: Sequence[RowProblem] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkView:
    """What became of the rows, in their order, and how many there were of each; `warned` of them were
    written although the declared schema speaks against them."""

    id: UUID
    counts: Mapping[str, int]
    rows: Sequence[BulkRowView]
    warned: int = 0


class BulkResultRepository(Protocol):
    """Answers to bulk requests, for the same request again."""

    async def add(self, user_id: UserId, result: BulkView, now: datetime) -> None:
        """Keeps an answer for a while."""
        ...


class BulkResultQueries(Protocol):
    """Reads them."""

    async def get(self, user_id: UserId, result_id: UUID) -> BulkView | None:
        """One answer."""
        ...


class BulkRequestUnitOfWork(BulkUnitOfWork, Protocol):
    """One transaction over one user's graph."""

    @property
    def bulk_results(self) -> BulkResultRepository: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteBulkCommand:
    """`rows` are documents as in the JSON Lines format, without their kind."""

    principal: Principal
    rows: Sequence[JsonObject]
    mode: BulkMode = BulkMode.UPSERT
    relationships: bool = False


class WriteBulk:
    """Refused rows do not keep the others from being written. Raises `InvalidInput` for too many rows, and
    when there is none among them that could be written anywhere."""

    def __init__(self, start_work: StartWork[BulkRequestUnitOfWork], clock: Clock, ids: IdGenerator) -> None:
        self._start_work = start_work
        self._clock = clock
        self._ids = ids

    async def __call__(self, command: WriteBulkCommand) -> BulkView:
        if not 1 <= len(command.rows) <= MOST_ROWS:
            detail = f"must have 1 to {MOST_ROWS:,} items"
            raise InvalidInput([Violation(pointer="/items", code="out_of_range", detail=detail)])
        broken: list[RowOutcome] = []
        read: list[Any] = []
        for number, document in enumerate(command.rows):
            try:
                made = relationship_row if command.relationships else entity_row
                read.append(made(number, document))
            except InvalidInput as error:
                broken.append(refused(number, *error.violations))
        if not read:
            raise InvalidInput(violations_of(broken)[:MOST_VIOLATIONS])
        return await under_current_schema(partial(self._written, command, read, broken))

    async def _written(
        self, command: WriteBulkCommand, read: Sequence[Any], broken: Sequence[RowOutcome]
    ) -> BulkView:
        user_id, now, batch_id = command.principal.user_id, self._clock.now(), self._ids.new()
        async with self._start_work(command.principal) as work:
            to = await writing_in(work, user_id, command.mode, now, self._ids)
            put = put_relationships if command.relationships else put_entities
            outcomes = [*broken, *await put(to, read)]
            outcomes.sort(key=lambda outcome: outcome.place)
            view = view_of(batch_id, outcomes)
            kind = "relationships" if command.relationships else "entities"
            work.record(graph_written(user_id, batch_id, kind, outcomes, now))
            if command.principal.idempotency is not None:
                await work.bulk_results.add(user_id, view, now)
            work.created(batch_id)
            await work.commit()
        return view


def violations_of(outcomes: Sequence[RowOutcome]) -> Sequence[Violation]:
    """What is wrong with rows, as pointers into the request."""
    return [
        replace(broken, pointer=_pointer(outcome.place, broken))
        for outcome in outcomes
        for broken in outcome.violations
    ]


def view_of(batch_id: UUID, outcomes: Sequence[RowOutcome]) -> BulkView:
    """What callers are told."""
    counts = dict.fromkeys(("created", "updated", "unchanged", "refused"), 0)
    for outcome in outcomes:
        counts[outcome.status.value] += 1
    rows = [
        BulkRowView(
            status=outcome.status.value,
            id=outcome.id,
            errors=_problems(outcome.place, outcome.violations),
            warnings=_problems(outcome.place, outcome.warnings),
        )
        for outcome in outcomes
    ]
    warned = sum(1 for outcome in outcomes if outcome.warnings)
    return BulkView(id=batch_id, counts=counts, rows=rows, warned=warned)


def _problems(place: int, found: Sequence[Violation]) -> Sequence[RowProblem]:
    return [
        RowProblem(pointer=_pointer(place, broken), code=broken.code, detail=broken.detail)
        for broken in found
    ]


def _pointer(place: int, violation: Violation) -> str:
    return f"/items/{place}{violation.pointer}"
