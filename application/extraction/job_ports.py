"""What extraction needs of its database to keep jobs and their items."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.documents.document import Document
from domain.extraction.job import ItemStatus, Job, JobItem
from domain.extraction.left_out import NOTHING, LeftOut
from domain.shared.ids import DocumentId, JobId, JobItemId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedItem:
    """An item this consumer now works on; `document` None when it was deleted meanwhile."""

    item: JobItem
    job: Job
    document: Document | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemOutcome:
    """How an item ends; `error` is for people."""

    status: ItemStatus
    entities: int = 0
    relationships: int = 0
    left_out: LeftOut = NOTHING
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedItem:
    """`document` is set when its status was set by this."""

    item: JobItem
    job: Job
    document: Document | None


class JobRepository(Protocol):
    """Extraction jobs and their items, inside a unit of work."""

    async def add(self, job: Job, items: Sequence[JobItem]) -> None:
        """Stores a job. Raises `DocumentNotFound` when a document of an item is not there."""
        ...

    async def awaits(self, user_id: UserId, document_id: DocumentId) -> bool | None:
        """Whether any job has an item of this document, ended or not; None when there is no document."""
        ...

    async def claim(self, user_id: UserId, item_id: JobItemId, now: datetime) -> ClaimedItem | None:
        """Sets an open item (queued or running) and its job running, counting one attempt more.

        None when there is no such item or it has ended.
        """
        ...

    async def note_failure(self, user_id: UserId, item_id: JobItemId, error: str) -> int | None:
        """Counts one failure more of an open item and keeps what went wrong; how many there were.

        None when there is no such item or it has ended.
        """
        ...

    async def finish(
        self, user_id: UserId, item_id: JobItemId, outcome: ItemOutcome, now: datetime
    ) -> FinishedItem | None:
        """Ends an open item, counts it in its job, ends the job with its last item.

        Success makes the document processed; failure makes a pending document failed. None, and nothing
        changes, when there is no such item or it has ended.
        """
        ...

    async def cancel(self, user_id: UserId, job_id: JobId, now: datetime) -> tuple[Job, int] | None:
        """Cancels every open item; the job after that, and how many there were. None for no such job."""
        ...

    async def retry(self, user_id: UserId, job_id: JobId) -> tuple[Job, Sequence[JobItem]] | None:
        """Queues every failed or cancelled item that still has its document; the job after that, and the
        items. None for no such job."""
        ...
