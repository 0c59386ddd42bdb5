"""JSON Lines, the format that loses nothing: an object for each entity and each relationship."""

from collections.abc import Iterable, Iterator

import msgspec

from adapters.formats.lines import lines
from application.graph.exports import GraphWriter
from application.graph.imports import GraphReader, RawRow
from application.graph.views import EntityView, RelationshipView
from domain.shared.errors import Violation

MEDIA_TYPE = "application/jsonl"
_DECODER = msgspec.json.Decoder()
_ENCODER = msgspec.json.Encoder()


class JsonLinesReader(GraphReader):
    """A row is a line; empty ones count, and say nothing."""

    def rows(self, chunks: Iterable[bytes], source: str | None) -> Iterator[RawRow]:
        decode = _DECODER.decode
        for number, line in lines(chunks):
            if not line or line.isspace():
                continue
            try:
                document = decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                yield RawRow(number, {}, (unreadable(line, error),))
                continue
            if not isinstance(document, dict):
                violation = Violation(pointer="", code="invalid", detail="must be a JSON object")
                yield RawRow(number, {}, (violation,))
                continue
            if source is not None and document.get("source") is None:
                document["source"] = source
            yield RawRow(number, document, (), len(line))


def unreadable(line: bytes, error: Exception) -> Violation:
    """Why a line is no JSON."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return Violation(pointer="", code="undecodable", detail="is not valid UTF-8")
    if isinstance(error, RecursionError):
        return Violation(pointer="", code="too_deep", detail="is nested too deeply")
    return Violation(pointer="", code="invalid", detail=f"is not valid JSON: {error}"[:300])


class JsonLinesWriter(GraphWriter):
    """Every field a thing has; an import of the same version reads all of them."""

    def begin(self) -> bytes:
        return b""

    def entities(self, rows: Iterable[EntityView]) -> bytes:
        return b"".join(_line(b'{"kind":"entity",', row) for row in rows)

    def relationships(self, rows: Iterable[RelationshipView]) -> bytes:
        return b"".join(_line(b'{"kind":"relationship",', row) for row in rows)

    def end(self) -> bytes:
        return b""


def _line(beginning: bytes, row: EntityView | RelationshipView) -> bytes:
    return beginning + _ENCODER.encode(row)[1:] + b"\n"
