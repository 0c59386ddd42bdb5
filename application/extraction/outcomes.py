"""Says how an item ended: to its job, to its document, and to whoever watches."""

from datetime import datetime

from application.extraction.job_ports import FinishedItem, ItemOutcome
from application.shared.messages import Rejected
from application.shared.ports import UnitOfWork
from domain.documents.events import DocumentFailed, DocumentProcessed, document_data
from domain.extraction.events import JobFinished, JobProgressed, job_event
from domain.extraction.job import ERROR_LENGTH, ItemStatus
from domain.shared.errors import InvalidInput, KnowledgeGraphError


def is_hopeless(error: Exception) -> bool:
    """Whether trying again would only fail again."""
    return isinstance(error, Rejected | InvalidInput)


def explained(error: Exception) -> str:
    """What went wrong, for people. What was not meant for them is named by its type alone."""
    if isinstance(error, KnowledgeGraphError | Rejected) and str(error):
        told = str(error)
    else:
        told = f"the extraction failed unexpectedly ({type(error).__name__})"
    storable = told.replace("\x00", "").encode("utf-8", "replace").decode()
    return storable[:ERROR_LENGTH]


def record_finish(work: UnitOfWork, finished: FinishedItem, outcome: ItemOutcome, now: datetime) -> None:
    """Records the events of an item's end."""
    document = finished.document
    if document is not None:
        data = document_data(document)
        if outcome.status is ItemStatus.SUCCEEDED:
            data = {**data, "entities": outcome.entities, "relationships": outcome.relationships}
            work.record(
                DocumentProcessed(user_id=document.user_id, subject=document.id, occurred_at=now, data=data)
            )
        else:
            data = {**data, "error": outcome.error}
            work.record(
                DocumentFailed(user_id=document.user_id, subject=document.id, occurred_at=now, data=data)
            )
    work.record(job_event(JobProgressed, finished.job, now))
    if finished.job.is_finished:
        work.record(job_event(JobFinished, finished.job, now))
