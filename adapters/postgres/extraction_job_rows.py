"""Rows of jobs and items as aggregates and as views."""

from asyncpg import Record

from adapters.postgres import json
from application.extraction.queries import JobItemView, JobView, job_view
from domain.extraction.job import ItemStatus, Job, JobItem, JobStatus, options_of
from domain.extraction.left_out import LeftOut
from domain.shared.ids import DocumentId, JobId, JobItemId, UserId

JOB_COLUMNS = "id, status, options, total, succeeded, failed, cancelled, created_at, started_at, finished_at"
ITEM_COLUMNS = (
    "id, job_id, document_id, status, attempts, failures, error, entities, relationships, left_out, "
    "created_at, started_at, finished_at"
)


def prefixed(source: str, columns: str) -> str:
    """The columns of `source`, each named with `source_` before it."""
    return ", ".join(f"{source}.{name} as {source}_{name}" for name in columns.split(", "))


def job_of(user_id: UserId, row: Record, prefix: str = "job_") -> Job:
    """The aggregate of a row with `JOB_COLUMNS` behind `prefix`."""
    return Job(
        id=JobId(row[f"{prefix}id"]),
        user_id=user_id,
        status=JobStatus(row[f"{prefix}status"]),
        options=options_of(json.decode(row[f"{prefix}options"])),
        total=row[f"{prefix}total"],
        succeeded=row[f"{prefix}succeeded"],
        failed=row[f"{prefix}failed"],
        cancelled=row[f"{prefix}cancelled"],
        created_at=row[f"{prefix}created_at"],
        started_at=row[f"{prefix}started_at"],
        finished_at=row[f"{prefix}finished_at"],
    )


def item_of(user_id: UserId, row: Record, prefix: str = "item_") -> JobItem:
    """The aggregate of a row with `ITEM_COLUMNS` behind `prefix`."""
    document_id = row[f"{prefix}document_id"]
    return JobItem(
        id=JobItemId(row[f"{prefix}id"]),
        user_id=user_id,
        job_id=JobId(row[f"{prefix}job_id"]),
        document_id=None if document_id is None else DocumentId(document_id),
        status=ItemStatus(row[f"{prefix}status"]),
        attempts=row[f"{prefix}attempts"],
        failures=row[f"{prefix}failures"],
        error=row[f"{prefix}error"],
        entities=row[f"{prefix}entities"],
        relationships=row[f"{prefix}relationships"],
        left_out=json.decode_as(LeftOut, row[f"{prefix}left_out"]),
        created_at=row[f"{prefix}created_at"],
        started_at=row[f"{prefix}started_at"],
        finished_at=row[f"{prefix}finished_at"],
    )


def job_view_of(user_id: UserId, row: Record) -> JobView:
    """The view of a row with `JOB_COLUMNS`."""
    return job_view(job_of(user_id, row, ""))


def item_view_of(row: Record) -> JobItemView:
    """The view of a row with `ITEM_COLUMNS`."""
    return JobItemView(
        id=row["id"],
        job_id=row["job_id"],
        document_id=row["document_id"],
        status=row["status"],
        attempts=row["attempts"],
        error=row["error"],
        entities=row["entities"],
        relationships=row["relationships"],
        left_out=json.decode_as(LeftOut, row["left_out"]),
        created_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
    )
