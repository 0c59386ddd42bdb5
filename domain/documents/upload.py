"""Turns an uploaded file into text: which types are taken, and how their bytes are read."""

from pathlib import PurePath

from domain.documents.errors import UnsupportedMediaType
from domain.shared.errors import InvalidInput, Violation

BY_SUFFIX = {
    ".txt": "text/plain",
    ".text": "text/plain",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
}
BY_MEDIA_TYPE = {
    "text/plain": "text/plain",
    "text/markdown": "text/markdown",
    "text/x-markdown": "text/markdown",
}
# What browsers and curl send when they do not know a file's type: then its name decides.
UNDECIDED = frozenset({"", "application/octet-stream"})

BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


def media_type_of(file_name: str, declared: str | None) -> str:
    """The media type a file is kept as. Raises `UnsupportedMediaType`.

    A known file name is believed before the declared type, because clients call Markdown plain text.
    """
    stated = (declared or "").split(";", 1)[0].strip().lower()
    if stated not in UNDECIDED and stated not in BY_MEDIA_TYPE:
        raise UnsupportedMediaType(f"{stated} is not taken: send text/plain or text/markdown")
    named = BY_SUFFIX.get(PurePath(file_name).suffix.lower())
    if named is not None:
        return named
    if stated in BY_MEDIA_TYPE:
        return BY_MEDIA_TYPE[stated]
    raise UnsupportedMediaType


def text_of(content: bytes) -> str:
    """The bytes as text: UTF-8, or what a byte order mark says. Raises `InvalidInput`."""
    encoding = "utf-8"
    for mark, named in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            encoding, content = named, content[len(mark) :]
            break
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        violation = Violation(
            pointer="/file", code="undecodable", detail=f"is not {encoding} text at byte {error.start}"
        )
        raise InvalidInput([violation]) from error
