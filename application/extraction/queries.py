"""What callers read of extraction jobs: rows straight from the database to the reply."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.shared.pages import Page, PageRequest
from domain.extraction.job import Job
from domain.extraction.left_out import LeftOut
from domain.shared.ids import JobId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptionsView:
    """What a job was asked for."""

    extractor: str | None
    types: Sequence[str]
    min_confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """A job and how far it is; times are UTC."""

    id: UUID
    status: str
    options: JobOptionsView
    total: int
    succeeded: int
    failed: int
    cancelled: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobItemView:
    """What became of one document; `document_id` None when it was deleted since.

    `left_out`: what it says and the declared schema, where it is enforced, kept out of the graph.
    """

    id: UUID
    job_id: UUID
    document_id: UUID | None
    status: str
    attempts: int
    error: str | None
    entities: int
    relationships: int
    left_out: LeftOut
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


JOB_SORTS = ("created_at",)


def job_view(job: Job) -> JobView:
    """A job as callers see it."""
    options = job.options
    return JobView(
        id=job.id,
        status=job.status,
        options=JobOptionsView(
            extractor=options.extractor, types=options.types, min_confidence=options.min_confidence
        ),
        total=job.total,
        succeeded=job.succeeded,
        failed=job.failed,
        cancelled=job.cancelled,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
    )


class JobQueries(Protocol):
    """Reads one user's jobs. What another user owns is not there."""

    async def get(self, user_id: UserId, job_id: JobId) -> JobView | None:
        """One job."""
        ...

    async def list(self, user_id: UserId, status: str | None, page: PageRequest) -> Page[JobView]:
        """Jobs of a status, or of any, by one of `JOB_SORTS`."""
        ...

    async def items(
        self, user_id: UserId, job_id: JobId, status: str | None, page: PageRequest
    ) -> Page[JobItemView] | None:
        """A job's items, oldest id first, whatever the page's sort; None for no job."""
        ...
