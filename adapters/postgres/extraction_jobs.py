"""Jobs in Postgres: each step of an item and its job is one statement, items before jobs."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import asyncpg

from adapters.postgres import json
from adapters.postgres.documents_rows import DOCUMENT_COLUMNS, document_of
from adapters.postgres.extraction_job_rows import ITEM_COLUMNS, JOB_COLUMNS, item_of, job_of, prefixed
from adapters.postgres.statements import DriverConnection
from application.extraction.job_ports import ClaimedItem, FinishedItem, ItemOutcome, JobRepository
from domain.documents.errors import DocumentNotFound
from domain.extraction.job import Job, JobItem, JobStatus, options_data
from domain.shared.errors import AccountGone
from domain.shared.ids import DocumentId, JobId, JobItemId, UserId

ADD = """
with job as (
    insert into backend_extraction.jobs (user_id, id, status, options, total, created_at)
    values ($1, $2, 'queued', $3::jsonb, cardinality($4::uuid[]), $6)
)
insert into backend_extraction.job_items (user_id, id, job_id, document_id, status, created_at)
select $1, i.id, $2, i.document_id, 'queued', $6 from unnest($4::uuid[], $5::uuid[]) as i(id, document_id)
"""

AWAITS = """
select exists (
    select from backend_extraction.job_items i where i.user_id = $1 and i.document_id = d.id
) as known
from backend_documents.documents d where d.user_id = $1 and d.id = $2
"""

CLAIM = f"""
with item as (
    update backend_extraction.job_items
    set status = 'running', attempts = attempts + 1, started_at = coalesce(started_at, $3)
    where user_id = $1 and id = $2 and status in ('queued', 'running')
    returning {ITEM_COLUMNS}
), started as (
    update backend_extraction.jobs j set status = 'running', started_at = coalesce(j.started_at, $3)
    from item where j.user_id = $1 and j.id = item.job_id and j.status = 'queued'
)
select {prefixed("item", ITEM_COLUMNS)}, {prefixed("job", JOB_COLUMNS)}, {prefixed("doc", DOCUMENT_COLUMNS)}
from item
join backend_extraction.jobs job on job.user_id = $1 and job.id = item.job_id
left join backend_documents.documents doc on doc.user_id = $1 and doc.id = item.document_id
"""

NOTE_FAILURE = """
update backend_extraction.job_items set failures = failures + 1, error = $3
where user_id = $1 and id = $2 and status in ('queued', 'running')
returning failures
"""

# The rule of `domain.extraction.job.final_status`, over the counts as they are about to be.
_STATUS = """case
    when {succeeded} + {failed} + {cancelled} < j.total then 'running'
    when {succeeded} = j.total then 'succeeded'
    when {succeeded} > 0 then 'partial'
    when {cancelled} > 0 then 'cancelled'
    else 'failed'
end"""
_AFTER_FINISH = {
    "succeeded": "j.succeeded + ($3 = 'succeeded')::int",
    "failed": "j.failed + ($3 = 'failed')::int",
    "cancelled": "j.cancelled + ($3 = 'cancelled')::int",
}
_AFTER_CANCEL = {"succeeded": "j.succeeded", "failed": "j.failed", "cancelled": "j.cancelled + stopped.n"}

FINISH = f"""
with item as (
    update backend_extraction.job_items
    set status = $3, entities = $4, relationships = $5, error = $6, finished_at = $7,
        left_out = $8::jsonb
    where user_id = $1 and id = $2 and status in ('queued', 'running')
    returning {ITEM_COLUMNS}
), job as (
    update backend_extraction.jobs j set
        succeeded = {_AFTER_FINISH["succeeded"]},
        failed = {_AFTER_FINISH["failed"]},
        cancelled = {_AFTER_FINISH["cancelled"]},
        started_at = coalesce(j.started_at, $7),
        finished_at = case when j.succeeded + j.failed + j.cancelled + 1 = j.total then $7 end,
        status = {_STATUS.format(**_AFTER_FINISH)}
    from item where j.user_id = $1 and j.id = item.job_id
    returning {", ".join(f"j.{name}" for name in JOB_COLUMNS.split(", "))}
), doc as (
    update backend_documents.documents d set
        status = case $3 when 'succeeded' then 'processed' else 'failed' end,
        processed_at = case $3 when 'succeeded' then $7 else d.processed_at end,
        updated_at = $7, version = d.version + 1
    from item
    where d.user_id = $1 and d.id = item.document_id
        and ($3 = 'succeeded' or ($3 = 'failed' and d.status = 'pending'))
    returning {", ".join(f"d.{name}" for name in DOCUMENT_COLUMNS.split(", "))}
)
select {prefixed("item", ITEM_COLUMNS)}, {prefixed("job", JOB_COLUMNS)}, {prefixed("doc", DOCUMENT_COLUMNS)}
from item join job on true left join doc on true
"""

CANCEL = f"""
with open as materialized (
    select id from backend_extraction.job_items
    where user_id = $1 and job_id = $2 and status in ('queued', 'running') order by id for update
), ended as (
    update backend_extraction.job_items i set status = 'cancelled', finished_at = $3
    from open where i.user_id = $1 and i.id = open.id
    returning i.id
), stopped as (
    select count(*)::int as n from ended
)
update backend_extraction.jobs j set
    cancelled = j.cancelled + stopped.n,
    finished_at = coalesce(j.finished_at, $3),
    status = {_STATUS.format(**_AFTER_CANCEL)}
from stopped where j.user_id = $1 and j.id = $2
returning {", ".join(f"j.{name} as job_{name}" for name in JOB_COLUMNS.split(", "))}, stopped.n as stopped
"""

RETRY = f"""
with ended as materialized (
    select id, status from backend_extraction.job_items
    where user_id = $1 and job_id = $2 and status in ('failed', 'cancelled') and document_id is not null
    order by id for update
), item as (
    update backend_extraction.job_items i set status = 'queued', attempts = 0, failures = 0, error = null,
        started_at = null, finished_at = null
    from ended where i.user_id = $1 and i.id = ended.id
    returning {", ".join(f"i.{name}" for name in ITEM_COLUMNS.split(", "))}
), counts as (
    select count(*) filter (where status = 'failed')::int as failed,
        count(*) filter (where status = 'cancelled')::int as cancelled,
        count(*) > 0 as again
    from ended
), job as (
    update backend_extraction.jobs j set
        failed = j.failed - counts.failed,
        cancelled = j.cancelled - counts.cancelled,
        finished_at = case when counts.again then null else j.finished_at end,
        status = case when counts.again then 'queued' else j.status end
    from counts where j.user_id = $1 and j.id = $2
    returning {", ".join(f"j.{name}" for name in JOB_COLUMNS.split(", "))}
)
select {prefixed("job", JOB_COLUMNS)}, {prefixed("item", ITEM_COLUMNS)} from job left join item on true
order by item.id
"""


class PostgresJobRepository(JobRepository):
    """Works inside the transaction of one unit of work."""

    def __init__(self, connection: DriverConnection) -> None:
        self._connection = connection

    async def add(self, job: Job, items: Sequence[JobItem]) -> None:
        try:
            await self._connection.execute(
                ADD,
                job.user_id,
                job.id,
                json.encode(options_data(job.options)),
                [item.id for item in items],
                [item.document_id for item in items],
                job.created_at,
            )
        except asyncpg.ForeignKeyViolationError as error:
            if error.table_name == "jobs":
                raise AccountGone from error
            raise DocumentNotFound from error

    async def awaits(self, user_id: UserId, document_id: DocumentId) -> bool | None:
        known: bool | None = await self._connection.fetchval(AWAITS, user_id, document_id)
        return known

    async def claim(self, user_id: UserId, item_id: JobItemId, now: datetime) -> ClaimedItem | None:
        row = await self._connection.fetchrow(CLAIM, user_id, item_id, now)
        if row is None:
            return None
        job = job_of(user_id, row)  # as the statement found it
        job = replace(job, status=JobStatus.RUNNING, started_at=job.started_at or now)
        document = None if row["doc_id"] is None else document_of(user_id, row, "doc_")
        return ClaimedItem(item=item_of(user_id, row), job=job, document=document)

    async def note_failure(self, user_id: UserId, item_id: JobItemId, error: str) -> int | None:
        failures: int | None = await self._connection.fetchval(NOTE_FAILURE, user_id, item_id, error)
        return failures

    async def finish(
        self, user_id: UserId, item_id: JobItemId, outcome: ItemOutcome, now: datetime
    ) -> FinishedItem | None:
        row = await self._connection.fetchrow(
            FINISH,
            user_id,
            item_id,
            outcome.status.value,
            outcome.entities,
            outcome.relationships,
            outcome.error,
            now,
            json.encode(outcome.left_out),
        )
        if row is None:
            return None
        document = None if row["doc_id"] is None else document_of(user_id, row, "doc_")
        return FinishedItem(item=item_of(user_id, row), job=job_of(user_id, row), document=document)

    async def cancel(self, user_id: UserId, job_id: JobId, now: datetime) -> tuple[Job, int] | None:
        row = await self._connection.fetchrow(CANCEL, user_id, job_id, now)
        return None if row is None else (job_of(user_id, row), row["stopped"])

    async def retry(self, user_id: UserId, job_id: JobId) -> tuple[Job, Sequence[JobItem]] | None:
        rows = await self._connection.fetch(RETRY, user_id, job_id)
        if not rows:
            return None
        items = [item_of(user_id, row) for row in rows if row["item_id"] is not None]
        return job_of(user_id, rows[0]), items
