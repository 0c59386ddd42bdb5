"""What jobs promise of their items, in memory and in Postgres."""

import pytest

from application.extraction.cancel_job import CancelJobCommand
from application.extraction.retry_job import RetryJobCommand
from application.extraction.when_document_added_request_extraction import DocumentAddedNotice
from application.shared.messages import Rejected
from domain.extraction.errors import JobAlreadyFinished, JobNotFound, NothingToRetry
from domain.extraction.job import JobStatus
from domain.shared.errors import AlreadyHandled, InvalidInput, Unavailable
from domain.shared.ids import DocumentId, EventId, JobId
from tests.contract.extraction.library import ALL, IDS, Library


def command(library: Library, job_id: JobId) -> RetryJobCommand:
    return RetryJobCommand(principal=library.who, job_id=job_id)


def cancel_command(library: Library, job_id: JobId) -> CancelJobCommand:
    return CancelJobCommand(principal=library.who, job_id=job_id)


def notice(library: Library, document_id: DocumentId) -> DocumentAddedNotice:
    return DocumentAddedNotice(principal=library.who, message_id=EventId(IDS.new()), document_id=document_id)


async def test_a_message_delivered_twice_has_one_effect(library: Library) -> None:
    job = await library.request((await library.add("Ada knows Bob.")).document.id)
    [item] = await library.items(job)
    message = EventId(IDS.new())
    await library.run_item(item, message)
    count = len(await library.events())
    with pytest.raises(AlreadyHandled):
        await library.run_item(item, message)
    assert len(await library.events()) == count


async def test_failures_are_tried_again_and_given_up_at_the_last(library: Library) -> None:
    document_id = (await library.add("Ada.")).document.id
    job = await library.request(document_id)
    [item] = await library.items(job)
    library.toy.failures = [RuntimeError("secret"), RuntimeError("secret"), RuntimeError("secret")]
    for _ in range(2):
        with pytest.raises(RuntimeError):
            await library.run_item(item)
    await library.run_item(item)
    page = await library.jobs.items(library.user, job.id, None, ALL)
    assert page is not None
    [view] = page.rows
    assert (view.status, view.attempts) == ("failed", 3)
    assert view.error == "the extraction failed unexpectedly (RuntimeError)"
    document = await library.documents.get(library.user, document_id)
    assert document is not None
    assert document.status == "failed"
    assert (await library.event_types())[-3:] == ["document.failed", "job.progressed", "job.finished"]

    await library.retry_job(command(library, job.id))
    await library.run(job)
    retried = await library.jobs.get(library.user, job.id)
    assert retried is not None
    assert (retried.status, retried.succeeded, retried.failed) == ("succeeded", 1, 0)
    with pytest.raises(NothingToRetry):
        await library.retry_job(command(library, job.id))


async def test_an_outage_is_no_failure(library: Library) -> None:
    job = await library.request((await library.add("Ada.")).document.id)
    [item] = await library.items(job)
    library.toy.failures = [Unavailable("the database is too busy") for _ in range(4)]
    for _ in range(4):
        with pytest.raises(Unavailable):
            await library.run_item(item)
    await library.run_item(item)
    view = await library.jobs.get(library.user, job.id)
    assert view is not None
    assert (view.status, view.succeeded, view.failed) == ("succeeded", 1, 0)


async def test_what_no_retry_can_help_fails_at_once(library: Library) -> None:
    good, bad = (await library.add("Ada.")).document.id, (await library.add("Bob.")).document.id
    job = await library.request(good, bad)
    library.toy.failures = [Rejected("cannot be read")]
    await library.run(job)
    view = await library.jobs.get(library.user, job.id)
    assert view is not None
    assert (view.status, view.succeeded, view.failed) == ("partial", 1, 1)
    page = await library.jobs.items(library.user, job.id, "failed", ALL)
    assert page is not None
    assert [item.error for item in page.rows] == ["cannot be read"]


async def test_an_item_whose_consumer_always_dies_is_given_up(library: Library) -> None:
    job = await library.request((await library.add("Ada.")).document.id)
    [item] = await library.items(job)

    class Killed(BaseException):
        """As abrupt as a SIGKILL: nothing of ours runs after it."""

    for _ in range(5):
        library.toy.failures = [Killed()]  # type: ignore[list-item]  # no Exception may look like a kill
        with pytest.raises(Killed):
            await library.run_item(item)
    await library.run_item(item)
    view = await library.jobs.get(library.user, job.id)
    assert view is not None
    assert view.status == "failed"


async def test_a_cancelled_job_writes_nothing_more(library: Library) -> None:
    job = await library.request((await library.add("Ada.")).document.id)
    cancelled = await library.cancel_job(cancel_command(library, job.id))
    assert (cancelled.status, cancelled.cancelled) == (JobStatus.CANCELLED, 1)
    await library.run(job)
    assert await library.entities() == {}
    with pytest.raises(JobAlreadyFinished):
        await library.cancel_job(cancel_command(library, job.id))
    with pytest.raises(JobNotFound):
        await library.cancel_job(cancel_command(library, JobId(IDS.new())))


async def test_a_document_deleted_before_its_turn_cancels_its_item(library: Library) -> None:
    document_id = (await library.add("Ada.")).document.id
    job = await library.request(document_id)
    await library.delete(document_id)
    await library.run(job)
    view = await library.jobs.get(library.user, job.id)
    assert view is not None
    assert (view.status, view.cancelled) == ("cancelled", 1)


async def test_a_new_document_is_read_without_being_asked_for(library: Library) -> None:
    document_id = (await library.add("Ada.")).document.id
    await library.when_document_added(notice(library, document_id))
    page = await library.jobs.list(library.user, "queued", ALL)
    assert [job.total for job in page.rows] == [1]
    await library.when_document_added(notice(library, DocumentId(IDS.new())))
    assert len((await library.jobs.list(library.user, None, ALL)).rows) == 1


async def test_inline_documents_are_added_and_read_once(library: Library) -> None:
    job = await library.request_drafts("Ada.", "Bob.", "Ada.")
    assert job.total == 2
    added = [e for e in await library.events() if e.type == "document.added"]
    assert len(added) == 2
    for event in added:
        await library.when_document_added(notice(library, DocumentId(event.subject)))
    assert len((await library.jobs.list(library.user, None, ALL)).rows) == 1


async def test_refuses_documents_that_are_not_there(library: Library) -> None:
    with pytest.raises(InvalidInput, match="/document_ids"):
        await library.request(DocumentId(IDS.new()))
    assert (await library.jobs.list(library.user, None, ALL)).rows == []
