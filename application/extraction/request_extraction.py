"""Asks for documents to be read: known ones, or new ones that are added in the same transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from application.extraction.work import ExtractionUnitOfWork
from application.shared.ports import Clock, IdGenerator, StartWork
from application.shared.principal import Principal
from domain.documents.document import Document, DocumentDraft, DocumentLimits, new_document
from domain.documents.errors import DocumentNotFound
from domain.documents.events import DocumentAdded, document_data
from domain.extraction.events import JobQueued, extraction_requested, job_event
from domain.extraction.job import ExtractionOptions, Job, checked, new_job
from domain.shared.checks import Checks
from domain.shared.errors import InvalidInput, Violation
from domain.shared.ids import DocumentId, JobId, JobItemId

MOST_DOCUMENTS = 1000
MOST_DRAFTS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestExtractionCommand:
    """Exactly one of `document_ids` and `drafts` is given."""

    principal: Principal
    document_ids: Sequence[DocumentId] | None = None
    drafts: Sequence[DocumentDraft] | None = None
    options: ExtractionOptions = field(default_factory=ExtractionOptions)


def check(command: RequestExtractionCommand) -> None:
    """Raises `InvalidInput`."""
    checks = Checks()
    if (command.document_ids is None) == (command.drafts is None):
        checks.refuse("", "one_of", "give one of document_ids, documents and text")
    for pointer, given, most in (
        ("/document_ids", command.document_ids, MOST_DOCUMENTS),
        ("/documents", command.drafts, MOST_DRAFTS),
    ):
        if given is not None and not 1 <= len(given) <= most:
            checks.refuse(pointer, "out_of_range", f"must hold 1 to {most:,} items")
    checks.finish()


class RequestExtraction:
    """Raises `InvalidInput` and `ContentTooLarge`. `extractors` are the names that may be asked for."""

    def __init__(
        self,
        start_work: StartWork[ExtractionUnitOfWork],
        clock: Clock,
        ids: IdGenerator,
        limits: DocumentLimits,
        extractors: Sequence[str],
    ) -> None:
        self._start_work = start_work
        self._clock = clock
        self._ids = ids
        self._limits = limits
        self._extractors = extractors

    async def __call__(self, command: RequestExtractionCommand) -> Job:
        check(command)
        options = checked(command.options, self._extractors)
        user_id, now = command.principal.user_id, self._clock.now()
        fresh = self._documents(command)
        async with self._start_work(command.principal) as work:
            document_ids = list(command.document_ids or ())
            if fresh:
                for stored in await work.documents.add_all(fresh):
                    document_ids.append(stored.document.id)
                    if stored.created:
                        data = document_data(stored.document)
                        work.record(
                            DocumentAdded(
                                user_id=user_id, subject=stored.document.id, occurred_at=now, data=data
                            )
                        )
            job, items = new_job(
                job_id=JobId(self._ids.new()),
                user_id=user_id,
                options=options,
                documents={JobItemId(self._ids.new()): key for key in dict.fromkeys(document_ids)},
                now=now,
            )
            try:
                await work.jobs.add(job, items)
            except DocumentNotFound as error:
                detail = "names a document that is not there"
                raise InvalidInput(
                    [Violation(pointer="/document_ids", code="unknown", detail=detail)]
                ) from error
            work.record(job_event(JobQueued, job, now))
            for item in items:
                work.record(extraction_requested(item, now))
            work.created(job.id)
            await work.commit()
        return job

    def _documents(self, command: RequestExtractionCommand) -> Sequence[Document]:
        """The drafts as documents; what is wrong with one is told with its place among them."""
        documents: list[Document] = []
        found: list[Violation] = []
        for place, draft in enumerate(command.drafts or ()):
            try:
                documents.append(
                    new_document(
                        draft,
                        document_id=DocumentId(self._ids.new()),
                        user_id=command.principal.user_id,
                        now=self._clock.now(),
                        limits=self._limits,
                    )
                )
            except InvalidInput as error:
                found += [
                    Violation(pointer=f"/documents/{place}{v.pointer}", code=v.code, detail=v.detail)
                    for v in error.violations
                ]
        if found:
            raise InvalidInput(found)
        return documents
