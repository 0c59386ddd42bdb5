"""Reading jobs and their items out of dictionaries."""

from adapters.memory.document_queries import ascending, paged
from adapters.memory.documents_rows import ITEMS, JOBS, of_user
from adapters.memory.store import MemoryStore
from application.extraction.queries import JobItemView, JobQueries, JobView, job_view
from application.shared.pages import Page, PageRequest
from domain.extraction.job import Job, JobItem
from domain.shared.ids import JobId, UserId


class InMemoryJobQueries(JobQueries):
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def get(self, user_id: UserId, job_id: JobId) -> JobView | None:
        job = self._store.table(JOBS).get((user_id, job_id))
        return job_view(job) if isinstance(job, Job) else None

    async def list(self, user_id: UserId, status: str | None, page: PageRequest) -> Page[JobView]:
        jobs = of_user(self._store.table(JOBS), Job, user_id)
        views = [job_view(job) for job in jobs if status in (None, job.status)]
        return paged(views, page, lambda view: view.created_at, lambda view: view.id)

    async def items(
        self, user_id: UserId, job_id: JobId, status: str | None, page: PageRequest
    ) -> Page[JobItemView] | None:
        if (user_id, job_id) not in self._store.table(JOBS):
            return None
        views = [
            JobItemView(
                id=item.id,
                job_id=item.job_id,
                document_id=item.document_id,
                status=item.status,
                attempts=item.attempts,
                error=item.error,
                entities=item.entities,
                relationships=item.relationships,
                left_out=item.left_out,
                created_at=item.created_at,
                started_at=item.started_at,
                finished_at=item.finished_at,
            )
            for item in of_user(self._store.table(ITEMS), JobItem, user_id)
            if item.job_id == job_id and status in (None, item.status)
        ]
        return paged(views, ascending(page), lambda view: str(view.id), lambda view: view.id)
