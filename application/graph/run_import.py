"""Works a file into a graph: batch by batch, each with its progress, or all of it at once or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from application.graph.file_rows import Batch, FileRows
from application.graph.hold_to_schema import confirm_schema, under_current_schema
from application.graph.import_progress import (
    following,
    keys_of,
    nothing_of,
    outcome_of,
    places_of,
    progress_of,
    warned_places_of,
    written_in,
)
from application.graph.imports import (
    BrokenFile,
    GraphReader,
    ImportState,
    ImportUnitOfWork,
    Phase,
    RefreshStatistics,
    plan_as_ever,
)
from application.graph.jobs import GraphJobRunner
from application.graph.put_entities import put_entities
from application.graph.put_relationships import put_relationships
from application.graph.writing import writing_in
from application.shared.messages import Rejected
from application.shared.ports import Clock, IdGenerator, StartWork
from application.shared.principal import Principal
from domain.graph.bulk import BulkMode, RowOutcome, RowStatus
from domain.graph.bulk_events import graph_written
from domain.graph.job import GraphJob, GraphJobOutcome, GraphJobStatus, Progress
from domain.graph.job_events import GraphJobProgressed, graph_job_event
from domain.shared.errors import Conflict, Unavailable

ATTEMPTS = 5
MOST_REFUSED = 10_000
MANY = 5_000
ABORT = "abort"
ELSEWHERE = "somebody else works on this import"
CANCELLED = GraphJobOutcome(status=GraphJobStatus.CANCELLED)


class Stopped(Exception):
    """The job has ended meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One run of one job."""

    principal: Principal
    job: GraphJob
    mode: BulkMode
    file: FileRows


class RunImport(GraphJobRunner):
    """Runs again from where the last commit left it. `readers` are by the name of the format. Raises
    `Unavailable` when another consumer has taken the job over: one that was thought dead, and is not."""

    def __init__(
        self,
        start_work: StartWork[ImportUnitOfWork],
        clock: Clock,
        ids: IdGenerator,
        readers: Mapping[str, GraphReader],
        refresh_statistics: RefreshStatistics = plan_as_ever,
    ) -> None:
        self._start_work = start_work
        self._clock = clock
        self._ids = ids
        self._readers = readers
        self._refresh_statistics = refresh_statistics

    async def __call__(self, principal: Principal, job: GraphJob, /) -> GraphJobOutcome:
        async def part(ordinal: int) -> bytes | None:
            async with self._start_work(principal) as work:
                return await work.imports.part(principal.user_id, job.id, ordinal)

        async with self._start_work(principal) as work:
            state = await work.imports.state(principal.user_id, job.id)
        if state is None:
            raise Rejected("the file of this import is gone")
        wanted = job.parameters
        source = wanted.get("source")
        file = FileRows(
            reader=self._readers[str(wanted["format"])],
            fetch=part,
            source=source if isinstance(source, str) else None,
        )
        run = _Run(principal=principal, job=job, mode=BulkMode(str(wanted["mode"])), file=file)
        work_through = self._at_once if wanted["on_error"] == ABORT else self._in_batches
        try:
            outcome = await work_through(run, state)
        except Stopped:
            return CANCELLED
        except BrokenFile as error:
            async with self._start_work(principal) as work:
                now = await work.imports.state(principal.user_id, job.id)
            if now is None or now.phase is Phase.DONE:  # and the file was taken away while it was read
                raise Unavailable(ELSEWHERE) from error
            raise Rejected(error.detail) from error
        if written_in(outcome) >= MANY:
            # Nobody's plans should rest on what was there before until the store finds out by itself.
            await self._refresh_statistics()
        return outcome

    async def _in_batches(self, run: _Run, state: ImportState) -> GraphJobOutcome:
        while state.phase is not Phase.DONE:
            async with run.file.batches(state.phase, state.place) as batches:
                async for batch in batches:
                    state = await self._write(run, state, batch)
        return outcome_of(state.counts)

    async def _write(self, run: _Run, state: ImportState, batch: Batch) -> ImportState:
        """One batch in one transaction, with how far that is; again when somebody else came first."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self._start_work(run.principal) as work:
                    await self._require(work, run, state)
                    after, _ = await self._put(work, run, state, batch)
                    await self._keep(work, run, after)
                    await work.commit()
            except Conflict:
                if attempt == ATTEMPTS:
                    raise
            else:
                return after
        raise RuntimeError("unreachable: the last attempt returns or raises")

    async def _require(self, work: ImportUnitOfWork, run: _Run, state: ImportState) -> None:
        """Raises `Unavailable` when another consumer has gone on with the job: that is nobody's failure."""
        if await work.imports.state(run.principal.user_id, run.job.id) != state:
            raise Unavailable(ELSEWHERE)

    async def _put(
        self, work: ImportUnitOfWork, run: _Run, state: ImportState, batch: Batch
    ) -> tuple[ImportState, Sequence[RowOutcome]]:
        """Writes the rows; the state after them, and what was refused."""
        user_id, job_id, now = run.principal.user_id, run.job.id, self._clock.now()
        to = await writing_in(work, user_id, run.mode, now, self._ids)
        written: Sequence[RowOutcome] = ()
        has_keys = False
        if batch.entities:
            written = await put_entities(to, batch.entities)
            keys = keys_of(batch.entities, written)
            has_keys = bool(keys)
            if keys:
                await work.imports.remember(user_id, job_id, keys)
        if batch.relationships:
            written = await put_relationships(to, batch.relationships, (job_id, state.has_keys))
        if written:
            work.record(graph_written(user_id, job_id, state.phase, written, now))
        refused = [*batch.refused, *(each for each in written if each.status is RowStatus.REFUSED)]
        await work.graph_jobs.refuse(user_id, job_id, places_of(refused))
        if warned := warned_places_of(written):
            await work.graph_jobs.warn(user_id, job_id, warned)
        return following(state, batch, [*batch.refused, *written], has_keys=has_keys), refused

    async def _keep(self, work: ImportUnitOfWork, run: _Run, state: ImportState) -> None:
        user_id, job_id = run.principal.user_id, run.job.id
        await work.imports.keep(user_id, job_id, state)
        if state.phase is Phase.DONE:
            await work.imports.empty(user_id, job_id)
        job = await work.graph_jobs.advance(user_id, job_id, progress_of(state))
        if job is None:
            raise Stopped
        work.record(graph_job_event(GraphJobProgressed, job, self._clock.now()))

    async def _at_once(self, run: _Run, state: ImportState) -> GraphJobOutcome:
        """First everything is checked that can be without the graph: most faults then cost little."""
        if state.phase is Phase.DONE:
            return outcome_of(state.counts)
        refused = await self._check(run, state)
        if not refused:
            after, refused = await under_current_schema(partial(self._attempt, run, state))
            if not refused:
                return outcome_of(after.counts)
        await self._report(run, state, refused)
        return nothing_of(len(refused), at_least=len(refused) >= MOST_REFUSED)

    async def _attempt(self, run: _Run, state: ImportState) -> tuple[ImportState, Sequence[RowOutcome]]:
        """All of it, committed if nothing was refused."""
        await confirm_schema(self._start_work, run.principal)
        async with self._start_work(run.principal) as work:
            await self._require(work, run, state)
            state, refused = await self._put_all(work, run, state)
            if not refused:
                await self._keep(work, run, state)
                await work.commit()
        return state, refused

    async def _check(self, run: _Run, state: ImportState) -> Sequence[RowOutcome]:
        """What is wrong with the rows themselves."""
        refused: list[RowOutcome] = []
        while state.phase is not Phase.DONE and len(refused) < MOST_REFUSED:
            async with run.file.batches(state.phase, state.place) as batches:
                async for batch in batches:
                    refused += batch.refused
                    state = following(state, batch, (), has_keys=False)
                    await self._tell(run, Progress(total=state.total, done=0, refused=len(refused)))
                    if len(refused) >= MOST_REFUSED:
                        break
        return refused

    async def _put_all(
        self, work: ImportUnitOfWork, run: _Run, state: ImportState
    ) -> tuple[ImportState, Sequence[RowOutcome]]:
        refused: list[RowOutcome] = []
        while state.phase is not Phase.DONE and len(refused) < MOST_REFUSED:
            async with run.file.batches(state.phase, state.place) as batches:
                async for batch in batches:
                    state, more = await self._put(work, run, state, batch)
                    refused += more
                    await self._tell(run, replace(progress_of(state), refused=len(refused)))
                    if len(refused) >= MOST_REFUSED:
                        break
        return state, refused

    async def _tell(self, run: _Run, progress: Progress) -> None:
        """In a transaction of its own: the large one shows nothing until it ends."""
        async with self._start_work(run.principal) as work:
            if await work.graph_jobs.advance(run.principal.user_id, run.job.id, progress) is None:
                raise Stopped
            await work.commit()

    async def _report(self, run: _Run, state: ImportState, refused: Sequence[RowOutcome]) -> None:
        """Keeps what was refused where nothing else is kept."""
        async with self._start_work(run.principal) as work:
            await self._require(work, run, state)
            user_id, job_id = run.principal.user_id, run.job.id
            await work.graph_jobs.refuse(user_id, job_id, places_of(refused))
            progress = Progress(total=None, done=0, refused=len(refused))
            if await work.graph_jobs.advance(user_id, job_id, progress) is None:
                raise Stopped
            await work.commit()
