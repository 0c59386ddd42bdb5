"""Files into a graph over HTTP: taken in as they arrive, worked in by a job."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import UUID

import msgspec
from quart import Request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from application.graph.accept_import import AcceptImport, AcceptImportCommand
from application.graph.jobs import GraphJobQueries, GraphJobView, graph_job_view
from application.shared.permissions import Permission
from application.shared.principal import IdempotencyKey
from domain.graph.bulk import BulkMode
from domain.graph.errors import GraphJobNotFound
from domain.shared.errors import InvalidInput, NotAuthenticated, Violation
from domain.shared.ids import GraphJobId
from entrypoints.http.dispatch import with_idempotency
from entrypoints.http.errors import BadRequest, TooLarge
from entrypoints.http.operation import Call, Operation, Reply

PATH = "/graph/import"
MULTIPART = "multipart/form-data"
FORM_PARTS = 10


class ImportQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`mode`: `upsert` changes what is there already, `create` refuses it. `on_error`: `skip` leaves out
    what is refused, `abort` imports all of the file or nothing. `source` is where things come from that do
    not say so themselves."""

    format: Literal["jsonl", "csv", "graphml", "turtle", "json-ld"] = "jsonl"
    mode: Literal["upsert", "create"] = "upsert"
    on_error: Literal["skip", "abort"] = "skip"
    source: str | None = None


class ImportBody(msgspec.Struct, forbid_unknown_fields=True):
    """The file: as the body itself, or as `file` of a form."""

    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphImportsOverHttp:
    """The use cases and queries these operations call; nobody may send more than `largest` bytes."""

    accept_import: AcceptImport
    queries: GraphJobQueries
    largest: int

    async def accept(self, call: Call[ImportBody, ImportQuery]) -> Reply:
        digest = hashlib.sha256(call.request.query_string)
        query = call.query

        def idempotency() -> IdempotencyKey | None:
            return with_idempotency(call.principal, call.request, digest.digest()).idempotency

        idempotency()  # a key that is none is refused before the file is read
        job = await self.accept_import(
            AcceptImportCommand(
                principal=replace(call.principal, idempotency=None),
                format=query.format,
                mode=BulkMode(query.mode),
                all_or_nothing=query.on_error == "abort",
                source=query.source,
                chunks=self._hashed(call.request, digest),
                idempotency=idempotency,
            )
        )
        return accepted(graph_job_view(job))

    async def already_accepted(self, call: Call[ImportBody, ImportQuery], job_id: UUID) -> Reply:
        view = await self.queries.get(call.principal.user_id, GraphJobId(job_id))
        if view is None:
            raise GraphJobNotFound
        return accepted(view)

    async def _hashed(self, request: Request, digest: "hashlib._Hash") -> AsyncIterator[bytes]:
        """The file's bytes, while what they are is noted for the idempotency key."""
        try:
            async for chunk in content_of(request):
                digest.update(chunk)
                yield chunk
        except RequestEntityTooLarge as error:
            raise TooLarge(f"a file may have at most {self.largest:,} bytes") from error


def accepted(view: GraphJobView) -> Reply:
    """The answer to a file that is stored."""
    return Reply(data=view, location=f"/api/v1/graph/jobs/{view.id}")


async def content_of(request: Request) -> AsyncIterator[bytes]:
    """The file in a request, as it arrives. Raises `BadRequest` and `InvalidInput` for broken forms."""
    if request.mimetype != MULTIPART:
        async for chunk in request.body:
            yield chunk
        return
    files = 0
    async for event in _events(request):
        if isinstance(event, Data):
            yield event.data
        elif isinstance(event, File) and event.name == "file" and not files:
            files += 1
        elif isinstance(event, File | Field):
            raise _wrong(event.name, "unknown_field", "is not the one file that is expected")
    if not files:
        raise _wrong("file", "required", "is required")


async def _events(request: Request) -> AsyncIterator[object]:
    boundary = request.mimetype_params.get("boundary", "")
    if not boundary or not boundary.isascii():
        raise BadRequest("the multipart body names no boundary")
    decoder = MultipartDecoder(boundary.encode(), max_form_memory_size=None, max_parts=FORM_PARTS)
    try:
        async for chunk in _with_end(request):
            decoder.receive_data(chunk)
            while not isinstance(event := decoder.next_event(), NeedData | Epilogue):
                yield event
    except ValueError as error:
        raise BadRequest(f"the multipart body cannot be read: {error}") from error


async def _with_end(request: Request) -> AsyncIterator[bytes | None]:
    async for chunk in request.body:
        yield chunk
    yield None


def _wrong(name: str, code: str, detail: str) -> InvalidInput:
    step = name.replace("~", "~0").replace("/", "~1")
    return InvalidInput([Violation(pointer=f"/{step}", code=code, detail=detail)])


def operations(over_http: GraphImportsOverHttp) -> Sequence[Operation[Any, Any]]:
    """Import a file."""
    return [
        Operation(
            method="POST",
            path=PATH,
            handler=over_http.accept,
            replay=over_http.already_accepted,
            summary="Import a file into the graph",
            tag="graph",
            permission=Permission.GRAPH_WRITE,
            query=ImportQuery,
            body=ImportBody,
            raw_body=True,
            media_types=(MULTIPART, "application/octet-stream"),
            reply=GraphJobView,
            status=202,
            raises=(InvalidInput, TooLarge, BadRequest, NotAuthenticated),
            description=(
                "The body is the file, or a form with the file in `file`. It is answered once the file is "
                "stored; the job does the rest: watch `/graph/jobs/{job_id}` or the events `graph_job.*`. "
                "What was refused is at `/graph/jobs/{job_id}/errors`, what was written against a declared "
                "schema that warns at `/graph/jobs/{job_id}/warnings`. docs/formats.md describes the formats."
            ),
        ),
    ]
