"""Every new document is read without being asked for: its addition becomes a job of one item."""

from dataclasses import dataclass

from application.extraction.work import ExtractionUnitOfWork
from application.shared.ports import Clock, IdGenerator, StartWork
from application.shared.principal import Principal
from domain.extraction.events import JobQueued, extraction_requested, job_event
from domain.extraction.job import ExtractionOptions, new_job
from domain.shared.ids import DocumentId, EventId, JobId, JobItemId

HANDLER = "extraction.request"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentAddedNotice:
    """The message that said so, and the document."""

    principal: Principal
    message_id: EventId
    document_id: DocumentId


class WhenDocumentAddedRequestExtraction:
    """Raises `AlreadyHandled` for a message it has handled before."""

    def __init__(self, start_work: StartWork[ExtractionUnitOfWork], clock: Clock, ids: IdGenerator) -> None:
        self._start_work = start_work
        self._clock = clock
        self._ids = ids

    async def __call__(self, notice: DocumentAddedNotice) -> None:
        user_id, now = notice.principal.user_id, self._clock.now()
        async with self._start_work(notice.principal) as work:
            # Gone again, or somebody who added it has asked for its extraction in the same breath.
            if await work.jobs.awaits(user_id, notice.document_id) is False:
                job, items = new_job(
                    job_id=JobId(self._ids.new()),
                    user_id=user_id,
                    options=ExtractionOptions(),
                    documents={JobItemId(self._ids.new()): notice.document_id},
                    now=now,
                )
                await work.jobs.add(job, items)
                work.record(job_event(JobQueued, job, now))
                for item in items:
                    work.record(extraction_requested(item, now))
            work.acknowledge(HANDLER, notice.message_id)
            await work.commit()
