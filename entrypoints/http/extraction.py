"""Extraction jobs over HTTP."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from application.extraction.cancel_job import CancelJob, CancelJobCommand
from application.extraction.describe_providers import DescribeProviders, ProviderView
from application.extraction.queries import JOB_SORTS, JobItemView, JobQueries, JobView, job_view
from application.extraction.request_extraction import RequestExtraction, RequestExtractionCommand
from application.extraction.retry_job import RetryJob, RetryJobCommand
from application.shared.permissions import Permission
from domain.documents.document import DocumentDraft
from domain.extraction.errors import JobNotFound
from domain.extraction.job import ExtractionOptions
from domain.shared.errors import Conflict, InvalidInput, NotAuthenticated, NotFound, Violation
from domain.shared.ids import DocumentId, JobId
from entrypoints.http.document_bodies import DocumentBody, as_refusals, draft_of
from entrypoints.http.errors import TooLarge
from entrypoints.http.operation import Call, NoQuery, Operation, PageQuery, Reply

Fraction = Annotated[float, Meta(extra_json_schema={"minimum": 0, "maximum": 1})]
DocumentIds = Annotated[list[UUID], Meta(extra_json_schema={"minItems": 1, "maxItems": 1000})]
Documents = Annotated[list[DocumentBody], Meta(extra_json_schema={"minItems": 1, "maxItems": 100})]


class ExtractionBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One of `document_ids`, `documents` and `text`; only entities of `types` are kept, all without any."""

    document_ids: DocumentIds | None = None
    documents: Documents | None = None
    text: str | None = None
    extractor: str | None = None
    types: list[str] = []
    min_confidence: Fraction = 0.0


class JobsQuery(PageQuery, kw_only=True):
    """`status`: jobs of this status alone."""

    status: Literal["queued", "running", "succeeded", "partial", "failed", "cancelled"] | None = None


class ItemsQuery(PageQuery, kw_only=True):
    """`status`: items of this status alone."""

    status: Literal["queued", "running", "succeeded", "failed", "cancelled"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionOverHttp:
    """The use cases and queries these operations call."""

    request_extraction: RequestExtraction
    cancel_job: CancelJob
    retry_job: RetryJob
    describe_providers: DescribeProviders
    queries: JobQueries

    async def request(self, call: Call[ExtractionBody, NoQuery]) -> Reply:
        body = call.body
        with as_refusals(), text_as_itself(body):
            job = await self.request_extraction(
                RequestExtractionCommand(
                    principal=call.principal,
                    document_ids=None
                    if body.document_ids is None
                    else [DocumentId(one) for one in body.document_ids],
                    drafts=drafts_of(body),
                    options=ExtractionOptions(
                        extractor=body.extractor,
                        types=body.types,
                        min_confidence=body.min_confidence,
                    ),
                )
            )
        return accepted(job_view(job))

    async def already_requested(self, call: Call[ExtractionBody, NoQuery], job_id: UUID) -> Reply:
        return accepted(await self._job(call, JobId(job_id)))

    async def list(self, call: Call[None, JobsQuery]) -> Reply:
        page = await self.queries.list(call.principal.user_id, call.query.status, call.page(JOB_SORTS))
        return Reply(data=page.rows, next=page.next)

    async def get(self, call: Call[None, NoQuery]) -> Reply:
        return Reply(data=await self._job(call, job_id_of(call)))

    async def items(self, call: Call[None, ItemsQuery]) -> Reply:
        asked = call.page(("id",), "id")
        page = await self.queries.items(call.principal.user_id, job_id_of(call), call.query.status, asked)
        if page is None:
            raise JobNotFound
        return Reply(data=page.rows, next=page.next)

    async def cancel(self, call: Call[None, NoQuery]) -> Reply:
        job = await self.cancel_job(CancelJobCommand(principal=call.principal, job_id=job_id_of(call)))
        return Reply(data=job_view(job))

    async def retry(self, call: Call[None, NoQuery]) -> Reply:
        job = await self.retry_job(RetryJobCommand(principal=call.principal, job_id=job_id_of(call)))
        return accepted(job_view(job))

    async def providers(self, call: Call[None, NoQuery]) -> Reply:  # noqa: ARG002  # the same for every caller
        return Reply(data=await self.describe_providers())

    async def _job(self, call: Call[Any, Any], job_id: JobId) -> JobView:
        view = await self.queries.get(call.principal.user_id, job_id)
        if view is None:
            raise JobNotFound
        return view


def job_id_of(call: Call[Any, Any]) -> JobId:
    """The job the path names."""
    return JobId(call.id("job_id"))


def drafts_of(body: ExtractionBody) -> Sequence[DocumentDraft] | None:
    """The documents a request brings along. Raises `InvalidInput` when it brings them in both ways."""
    if body.text is None:
        return None if body.documents is None else [draft_of(one) for one in body.documents]
    if body.documents is not None:
        detail = "give one of document_ids, documents and text"
        raise InvalidInput([Violation(pointer="", code="one_of", detail=detail)])
    return [DocumentDraft(content=body.text)]


@contextlib.contextmanager
def text_as_itself(body: ExtractionBody) -> Iterator[None]:
    """Points at `text`, where that is what became the only document."""
    try:
        yield
    except InvalidInput as error:
        if body.text is None:
            raise
        raise InvalidInput(
            [
                Violation(
                    pointer=violation.pointer.replace("/documents/0/content", "/text"),
                    code=violation.code,
                    detail=violation.detail,
                )
                for violation in error.violations
            ]
        ) from error


def accepted(view: JobView) -> Reply:
    """The answer to what will be done."""
    return Reply(data=view, location=f"/api/v1/ai/jobs/{view.id}")


def operations(over_http: ExtractionOverHttp) -> Sequence[Operation[Any, Any]]:
    """Ask for extractions, watch them, stop them, try them again."""
    return [
        Operation(
            method="POST",
            path="/ai/extractions",
            handler=over_http.request,
            replay=over_http.already_requested,
            summary="Have documents read into the graph",
            tag="extraction",
            permission=Permission.EXTRACTIONS_WRITE,
            body=ExtractionBody,
            reply=JobView,
            status=202,
            raises=(InvalidInput, TooLarge, NotAuthenticated, Conflict),
            description="Documents that come along are added in the same transaction.",
        ),
        Operation(
            method="GET",
            path="/ai/jobs",
            handler=over_http.list,
            summary="List jobs",
            tag="extraction",
            permission=Permission.EXTRACTIONS_READ,
            query=JobsQuery,
            reply=list[JobView],
            description="Sorts: created_at, also with a leading `-`; default `-created_at`.",
        ),
        Operation(
            method="GET",
            path="/ai/jobs/{job_id}",
            handler=over_http.get,
            summary="Read how far a job is",
            tag="extraction",
            permission=Permission.EXTRACTIONS_READ,
            reply=JobView,
            raises=(NotFound,),
        ),
        Operation(
            method="GET",
            path="/ai/jobs/{job_id}/items",
            handler=over_http.items,
            summary="List what became of a job's documents",
            tag="extraction",
            permission=Permission.EXTRACTIONS_READ,
            query=ItemsQuery,
            reply=list[JobItemView],
            raises=(NotFound,),
        ),
        Operation(
            method="POST",
            path="/ai/jobs/{job_id}/cancel",
            handler=over_http.cancel,
            summary="Stop a job",
            tag="extraction",
            permission=Permission.EXTRACTIONS_WRITE,
            reply=JobView,
            raises=(NotFound, Conflict),
        ),
        Operation(
            method="POST",
            path="/ai/jobs/{job_id}/retry",
            handler=over_http.retry,
            summary="Try a job's failed and cancelled items again",
            tag="extraction",
            permission=Permission.EXTRACTIONS_WRITE,
            reply=JobView,
            status=202,
            raises=(NotFound, Conflict),
        ),
        Operation(
            method="GET",
            path="/ai/providers",
            handler=over_http.providers,
            summary="List the configured extractors and embedders, and whether they answer",
            tag="extraction",
            permission=Permission.EXTRACTIONS_READ,
            reply=list[ProviderView],
        ),
    ]
