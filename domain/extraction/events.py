"""What happens to extraction jobs."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, TypeVar

from domain.extraction.job import Job, JobItem, options_data
from domain.shared.events import DomainEvent
from domain.shared.json import JsonObject, rfc3339


@dataclass(frozen=True, slots=True, kw_only=True)
class JobQueued(DomainEvent):
    type: ClassVar[str] = "job.queued"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgressed(DomainEvent):
    """An item of the job has ended."""

    type: ClassVar[str] = "job.progressed"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFinished(DomainEvent):
    """Every item of the job has ended."""

    type: ClassVar[str] = "job.finished"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionRequested(DomainEvent):
    """One item waits for a consumer; `subject` is the item's id."""

    type: ClassVar[str] = "extraction.requested"


JobEvent = TypeVar("JobEvent", JobQueued, JobProgressed, JobFinished)


def job_event(kind: type[JobEvent], job: Job, now: datetime) -> JobEvent:
    """An event of the job as it stands."""
    return kind(user_id=job.user_id, subject=job.id, occurred_at=now, data=job_data(job))


def extraction_requested(item: JobItem, now: datetime) -> ExtractionRequested:
    """Hands an item to the consumers."""
    data = {
        "item_id": str(item.id),
        "job_id": str(item.job_id),
        "document_id": str(item.document_id) if item.document_id else None,
    }
    return ExtractionRequested(user_id=item.user_id, subject=item.id, occurred_at=now, data=data)


def job_data(job: Job) -> JsonObject:
    """The job in JSON values."""
    return {
        "id": str(job.id),
        "status": str(job.status),
        "options": options_data(job.options),
        "total": job.total,
        "succeeded": job.succeeded,
        "failed": job.failed,
        "cancelled": job.cancelled,
        "created_at": rfc3339(job.created_at),
        "started_at": rfc3339(job.started_at) if job.started_at else None,
        "finished_at": rfc3339(job.finished_at) if job.finished_at else None,
    }
