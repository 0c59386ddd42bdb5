"""Jobs on a graph: what they need of a store, what callers read of them, and how one is queued."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from application.shared.pages import Page, PageRequest
from application.shared.ports import UnitOfWork
from application.shared.principal import Principal
from domain.graph.job import GraphJob, GraphJobOutcome, Progress, RefusedKey, RefusedPlace
from domain.graph.job_events import GraphJobQueued, graph_job_event
from domain.shared.ids import GraphJobId, UserId

GRAPH_JOB_SORTS = ("created_at",)


class GraphJobRepository(Protocol):
    """The graph jobs of the unit of work's user."""

    async def add(self, job: GraphJob) -> None:
        """Stores a new job. Raises `AccountGone` when the account no longer exists."""
        ...

    async def claim(self, user_id: UserId, job_id: GraphJobId, now: datetime) -> GraphJob | None:
        """Sets an open job running and counts one attempt more; None when it is absent or has ended."""
        ...

    async def advance(self, user_id: UserId, job_id: GraphJobId, progress: Progress) -> GraphJob | None:
        """Stores how far an open job is; None when it is absent or has ended (cancelled, say), in which
        case nothing of this unit of work should be committed. Until this unit of work ends nobody else
        changes the job."""
        ...

    async def refuse(self, user_id: UserId, job_id: GraphJobId, places: Sequence[RefusedPlace]) -> None:
        """Adds to what the job refused; what is there already for a place, pointer and code stays."""
        ...

    async def warn(self, user_id: UserId, job_id: GraphJobId, places: Sequence[RefusedPlace]) -> None:
        """Adds to what the job wrote against a schema that only warns; what is there already for a
        place, pointer and code stays."""
        ...

    async def note_failure(self, user_id: UserId, job_id: GraphJobId, error: str) -> int | None:
        """Counts one failure more of an open job and keeps what went wrong; how many there were. None when
        it is absent or has ended."""
        ...

    async def finish(
        self, user_id: UserId, job_id: GraphJobId, outcome: GraphJobOutcome, now: datetime
    ) -> GraphJob | None:
        """Ends an open job; None when it is absent or has ended."""
        ...


class GraphJobUnitOfWork(UnitOfWork, Protocol):
    """One transaction over one user's graph jobs."""

    @property
    def graph_jobs(self) -> GraphJobRepository: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphJobView:
    """A job and how far it is: `done` of `total` steps (null: not known yet), `refused` of them; times are
    UTC."""

    id: UUID
    kind: str
    status: str
    parameters: Mapping[str, Any]
    total: int | None
    done: int
    refused: int
    result: Mapping[str, Any] | None
    error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class GraphJobQueries(Protocol):
    """Reads one user's graph jobs. What another user owns is not there."""

    async def get(self, user_id: UserId, job_id: GraphJobId) -> GraphJobView | None:
        """One job."""
        ...

    async def list(
        self, user_id: UserId, kind: str | None, status: str | None, page: PageRequest
    ) -> Page[GraphJobView]:
        """Jobs of a kind and a status, or of any, by one of `GRAPH_JOB_SORTS`."""
        ...

    async def refused(
        self, user_id: UserId, job_id: GraphJobId, after: RefusedKey, limit: int
    ) -> Sequence[RefusedPlace] | None:
        """What a job refused after a place, pointer and code, in order; None for no such job."""
        ...

    async def warned(
        self, user_id: UserId, job_id: GraphJobId, after: RefusedKey, limit: int
    ) -> Sequence[RefusedPlace] | None:
        """As `refused`, what it warned of."""
        ...


class GraphJobRunner(Protocol):
    """Carries out jobs of one kind, in units of work of its own.

    A job may be run again from the start after a crash, by another process: a runner keeps how far it is
    with `GraphJobRepository.advance` in the same transaction as its effects, and goes on from there. When
    `advance` says that the job has ended, it stops without a further effect. What it returns ends the job.
    """

    async def __call__(self, principal: Principal, job: GraphJob, /) -> GraphJobOutcome: ...


def graph_job_view(job: GraphJob) -> GraphJobView:
    """A job as callers see it."""
    return GraphJobView(
        id=job.id,
        kind=job.kind,
        status=job.status,
        parameters=job.parameters,
        total=job.total,
        done=job.done,
        refused=job.refused,
        result=job.result,
        error=job.error,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
    )


async def queue(work: GraphJobUnitOfWork, job: GraphJob) -> None:
    """Stores a new job and hands it to the consumers with the commit of `work`."""
    await work.graph_jobs.add(job)
    work.record(graph_job_event(GraphJobQueued, job, job.created_at))
    work.created(job.id)
