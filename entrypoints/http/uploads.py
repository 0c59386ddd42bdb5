"""Reads multipart forms as they arrive, so that what is too large is refused before it is all here."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from quart import Request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from domain.shared.errors import InvalidInput, Violation
from entrypoints.http.errors import BadRequest, TooLarge, UnsupportedMediaType

FIELD_BYTES = 128 * 1024
PARTS = 100


@dataclass(slots=True)
class Upload:
    """One file and the text fields beside it; a field given repeatedly keeps every value."""

    file_name: str = ""
    declared_type: str | None = None
    content: bytes | None = None
    fields: dict[str, list[str]] = field(default_factory=dict)


async def read_upload(request: Request, largest: int) -> Upload:
    """The form of a request. Raises `UnsupportedMediaType`, `TooLarge`, `BadRequest` and `InvalidInput`."""
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType("send multipart/form-data with the file in the field `file`")
    boundary = request.mimetype_params.get("boundary", "")
    if not boundary or not boundary.isascii():
        raise BadRequest("the multipart body names no boundary")
    upload = Upload()
    try:
        async for part, content in _parts(request, boundary.encode(), largest):
            _take(upload, part, content)
    except RequestEntityTooLarge as error:
        raise TooLarge from error
    except ValueError as error:
        raise BadRequest(f"the multipart body cannot be read: {error}") from error
    if upload.content is None:
        raise InvalidInput([Violation(pointer="/file", code="required", detail="is required")])
    return upload


async def _parts(
    request: Request, boundary: bytes, largest: int
) -> AsyncIterator[tuple[Field | File, bytes]]:
    decoder = MultipartDecoder(boundary, max_form_memory_size=None, max_parts=PARTS)
    part: Field | File | None = None
    content = bytearray()
    async for received in _with_end(request):
        decoder.receive_data(received)
        while not isinstance(event := decoder.next_event(), NeedData | Epilogue):
            if isinstance(event, Field | File):
                part, content = event, bytearray()
            elif isinstance(event, Data) and part is not None:
                content += event.data
                most = largest if isinstance(part, File) else FIELD_BYTES
                if len(content) > most:
                    raise TooLarge(f"{part.name} may have at most {most:,} bytes")
                if not event.more_data:
                    yield part, bytes(content)


async def _with_end(request: Request) -> AsyncIterator[bytes | None]:
    """What arrives, then None: the decoder's mark of the end."""
    async for received in request.body:
        yield received
    yield None


def _take(upload: Upload, part: Field | File, content: bytes) -> None:
    if isinstance(part, File):
        if part.name != "file":
            raise _at(part.name, "unknown_field", "is not a known field")
        if upload.content is not None:
            raise _at("file", "repeated", "is given twice; send one file a request")
        upload.file_name, upload.content = part.filename, content
        upload.declared_type = part.headers.get("content-type")
        return
    try:
        value = content.decode()
    except UnicodeDecodeError as error:
        raise _at(part.name, "undecodable", "is not UTF-8 text") from error
    upload.fields.setdefault(part.name, []).append(value)


def _at(name: str, code: str, detail: str) -> InvalidInput:
    step = name.replace("~", "~0").replace("/", "~1")
    return InvalidInput([Violation(pointer=f"/{step}", code=code, detail=detail)])
