"""Jobs over dictionaries, for tests without a server."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from adapters.memory.documents_rows import of_user
from adapters.memory.store import Rows
from application.extraction.job_ports import ClaimedItem, FinishedItem, ItemOutcome, JobRepository
from domain.documents.document import Document, DocumentStatus
from domain.documents.errors import DocumentNotFound
from domain.extraction.job import ItemStatus, Job, JobItem, JobStatus, final_status
from domain.shared.ids import DocumentId, JobId, JobItemId, UserId

OPEN = (ItemStatus.QUEUED, ItemStatus.RUNNING)


class InMemoryJobRepository(JobRepository):
    """Works on the tables of one unit of work."""

    def __init__(self, jobs: Rows, items: Rows, documents: Rows) -> None:
        self._jobs = jobs
        self._items = items
        self._documents = documents

    async def add(self, job: Job, items: Sequence[JobItem]) -> None:
        if any((item.user_id, item.document_id) not in self._documents for item in items):
            raise DocumentNotFound
        self._jobs[(job.user_id, job.id)] = job
        for item in items:
            self._items[(item.user_id, item.id)] = item

    async def awaits(self, user_id: UserId, document_id: DocumentId) -> bool | None:
        if (user_id, document_id) not in self._documents:
            return None
        return any(item.document_id == document_id for item in of_user(self._items, JobItem, user_id))

    async def claim(self, user_id: UserId, item_id: JobItemId, now: datetime) -> ClaimedItem | None:
        item = self._open(user_id, item_id)
        if item is None:
            return None
        item = replace(
            item,
            status=ItemStatus.RUNNING,
            attempts=item.attempts + 1,
            started_at=item.started_at or now,
        )
        job = self._job(item)
        job = replace(job, status=JobStatus.RUNNING, started_at=job.started_at or now)
        self._items[(user_id, item.id)], self._jobs[(user_id, job.id)] = item, job
        return ClaimedItem(item=item, job=job, document=self._document(item))

    async def note_failure(self, user_id: UserId, item_id: JobItemId, error: str) -> int | None:
        item = self._open(user_id, item_id)
        if item is None:
            return None
        self._items[(user_id, item.id)] = replace(item, failures=item.failures + 1, error=error)
        return item.failures + 1

    async def finish(
        self, user_id: UserId, item_id: JobItemId, outcome: ItemOutcome, now: datetime
    ) -> FinishedItem | None:
        item = self._open(user_id, item_id)
        if item is None:
            return None
        item = replace(
            item,
            status=outcome.status,
            entities=outcome.entities,
            relationships=outcome.relationships,
            left_out=outcome.left_out,
            error=outcome.error,
            finished_at=now,
        )
        job = self._job(item)
        job = self._counted(
            replace(
                job,
                succeeded=job.succeeded + (outcome.status is ItemStatus.SUCCEEDED),
                failed=job.failed + (outcome.status is ItemStatus.FAILED),
                cancelled=job.cancelled + (outcome.status is ItemStatus.CANCELLED),
                started_at=job.started_at or now,
            ),
            now,
        )
        self._items[(user_id, item.id)] = item
        return FinishedItem(item=item, job=job, document=self._marked(item, outcome.status, now))

    async def cancel(self, user_id: UserId, job_id: JobId, now: datetime) -> tuple[Job, int] | None:
        job = self._jobs.get((user_id, job_id))
        if not isinstance(job, Job):
            return None
        items = [item for item in self._of_job(job) if item.status in OPEN]
        for item in items:
            self._items[(user_id, item.id)] = replace(item, status=ItemStatus.CANCELLED, finished_at=now)
        return self._counted(replace(job, cancelled=job.cancelled + len(items)), now), len(items)

    async def retry(self, user_id: UserId, job_id: JobId) -> tuple[Job, Sequence[JobItem]] | None:
        job = self._jobs.get((user_id, job_id))
        if not isinstance(job, Job):
            return None
        ended = [
            item
            for item in self._of_job(job)
            if item.status in (ItemStatus.FAILED, ItemStatus.CANCELLED) and item.document_id is not None
        ]
        if not ended:
            return job, []
        items = [
            replace(
                item,
                status=ItemStatus.QUEUED,
                attempts=0,
                failures=0,
                error=None,
                started_at=None,
                finished_at=None,
            )
            for item in sorted(ended, key=lambda item: item.id)
        ]
        for item in items:
            self._items[(user_id, item.id)] = item
        job = replace(
            job,
            status=JobStatus.QUEUED,
            failed=job.failed - sum(item.status is ItemStatus.FAILED for item in ended),
            cancelled=job.cancelled - sum(item.status is ItemStatus.CANCELLED for item in ended),
            finished_at=None,
        )
        self._jobs[(user_id, job.id)] = job
        return job, items

    def _open(self, user_id: UserId, item_id: JobItemId) -> JobItem | None:
        item = self._items.get((user_id, item_id))
        return item if isinstance(item, JobItem) and item.status in OPEN else None

    def _job(self, item: JobItem) -> Job:
        job = self._jobs[(item.user_id, item.job_id)]
        if not isinstance(job, Job):
            raise TypeError("the table of jobs holds something else")
        return job

    def _of_job(self, job: Job) -> Sequence[JobItem]:
        return [item for item in of_user(self._items, JobItem, job.user_id) if item.job_id == job.id]

    def _counted(self, job: Job, now: datetime) -> Job:
        """Stores the job with the status its counts make."""
        final = final_status(
            total=job.total, succeeded=job.succeeded, failed=job.failed, cancelled=job.cancelled
        )
        finished_at = (job.finished_at or now) if final else None
        job = replace(job, status=final or JobStatus.RUNNING, finished_at=finished_at)
        self._jobs[(job.user_id, job.id)] = job
        return job

    def _document(self, item: JobItem) -> Document | None:
        document = self._documents.get((item.user_id, item.document_id))
        return document if isinstance(document, Document) else None

    def _marked(self, item: JobItem, status: ItemStatus, now: datetime) -> Document | None:
        """The item's document with the status this end gives it, None when it keeps the one it has."""
        document = self._document(item)
        if document is None or status is ItemStatus.CANCELLED:
            return None
        if status is ItemStatus.FAILED and document.status is not DocumentStatus.PENDING:
            return None
        done = status is ItemStatus.SUCCEEDED
        document = replace(
            document,
            status=DocumentStatus.PROCESSED if done else DocumentStatus.FAILED,
            processed_at=now if done else document.processed_at,
            updated_at=now,
            version=document.version + 1,
        )
        self._documents[(document.user_id, document.id)] = document
        return document
