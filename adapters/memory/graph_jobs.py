"""Graph jobs over dictionaries, for tests without a server."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from adapters.memory.document_queries import paged
from adapters.memory.documents_rows import of_user
from adapters.memory.store import MemoryStore, Rows
from application.graph.jobs import (
    GraphJobQueries,
    GraphJobRepository,
    GraphJobView,
    graph_job_view,
)
from application.shared.pages import Page, PageRequest
from domain.graph.job import GraphJob, GraphJobOutcome, GraphJobStatus, Progress, RefusedKey, RefusedPlace
from domain.shared.ids import GraphJobId, UserId

# Tables by (user id, id) and by (user id, job id, place, pointer, code).
GRAPH_JOBS = "graph_jobs"  # GraphJob
GRAPH_JOB_ERRORS = "graph_job_errors"  # RefusedPlace
GRAPH_JOB_WARNINGS = "graph_job_warnings"  # RefusedPlace


class InMemoryGraphJobRepository(GraphJobRepository):
    """Works on the tables of one unit of work."""

    def __init__(self, jobs: Rows, errors: Rows, warnings: Rows) -> None:
        self._jobs = jobs
        self._errors = errors
        self._warnings = warnings

    async def add(self, job: GraphJob) -> None:
        self._jobs[(job.user_id, job.id)] = job

    async def claim(self, user_id: UserId, job_id: GraphJobId, now: datetime) -> GraphJob | None:
        job = self._open(user_id, job_id)
        if job is None:
            return None
        return self._keep(
            replace(
                job,
                status=GraphJobStatus.RUNNING,
                attempts=job.attempts + 1,
                started_at=job.started_at or now,
            )
        )

    async def advance(self, user_id: UserId, job_id: GraphJobId, progress: Progress) -> GraphJob | None:
        job = self._open(user_id, job_id)
        if job is None:
            return None
        return self._keep(replace(job, total=progress.total, done=progress.done, refused=progress.refused))

    async def refuse(self, user_id: UserId, job_id: GraphJobId, places: Sequence[RefusedPlace]) -> None:
        for refused in places:
            self._errors.setdefault((user_id, job_id, *refused.key), refused)

    async def warn(self, user_id: UserId, job_id: GraphJobId, places: Sequence[RefusedPlace]) -> None:
        for warned in places:
            self._warnings.setdefault((user_id, job_id, *warned.key), warned)

    async def note_failure(self, user_id: UserId, job_id: GraphJobId, error: str) -> int | None:
        job = self._open(user_id, job_id)
        if job is None:
            return None
        return self._keep(replace(job, failures=job.failures + 1, error=error)).failures

    async def finish(
        self, user_id: UserId, job_id: GraphJobId, outcome: GraphJobOutcome, now: datetime
    ) -> GraphJob | None:
        job = self._open(user_id, job_id)
        if job is None:
            return None
        return self._keep(
            replace(
                job,
                status=outcome.status,
                result=outcome.result,
                error=outcome.error,
                started_at=job.started_at or now,
                finished_at=now,
            )
        )

    def _open(self, user_id: UserId, job_id: GraphJobId) -> GraphJob | None:
        job = self._jobs.get((user_id, job_id))
        return job if isinstance(job, GraphJob) and job.status.is_open else None

    def _keep(self, job: GraphJob) -> GraphJob:
        self._jobs[(job.user_id, job.id)] = job
        return job


class InMemoryGraphJobQueries(GraphJobQueries):
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def get(self, user_id: UserId, job_id: GraphJobId) -> GraphJobView | None:
        job = self._store.table(GRAPH_JOBS).get((user_id, job_id))
        return graph_job_view(job) if isinstance(job, GraphJob) else None

    async def list(
        self, user_id: UserId, kind: str | None, status: str | None, page: PageRequest
    ) -> Page[GraphJobView]:
        jobs = of_user(self._store.table(GRAPH_JOBS), GraphJob, user_id)
        views = [
            graph_job_view(job) for job in jobs if kind in (None, job.kind) and status in (None, job.status)
        ]
        return paged(views, page, lambda view: view.created_at, lambda view: view.id)

    async def refused(
        self, user_id: UserId, job_id: GraphJobId, after: RefusedKey, limit: int
    ) -> Sequence[RefusedPlace] | None:
        return self._noted(GRAPH_JOB_ERRORS, user_id, job_id, after, limit)

    async def warned(
        self, user_id: UserId, job_id: GraphJobId, after: RefusedKey, limit: int
    ) -> Sequence[RefusedPlace] | None:
        return self._noted(GRAPH_JOB_WARNINGS, user_id, job_id, after, limit)

    def _noted(
        self, table: str, user_id: UserId, job_id: GraphJobId, after: RefusedKey, limit: int
    ) -> Sequence[RefusedPlace] | None:
        if (user_id, job_id) not in self._store.table(GRAPH_JOBS):
            return None
        found = [
            refused
            for key, refused in self._store.table(table).items()
            if isinstance(key, tuple) and isinstance(refused, RefusedPlace) and key[:2] == (user_id, job_id)
        ]
        found = [refused for refused in found if refused.key > after]
        return sorted(found, key=lambda one: one.key)[:limit]
