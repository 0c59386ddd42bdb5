"""CSV (RFC 4180): entities and relationships in one table, with a column for each field of either."""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Mapping

from adapters.formats.cells import cells_of, end_of, invalid, value_of
from application.graph.exports import GraphWriter
from application.graph.imports import BrokenFile, GraphReader, RawRow
from application.graph.views import EntityView, RelationshipView
from domain.shared.errors import Violation

COLUMNS = (
    *("kind", "id", "name", "type", "relationship_type", "source_entity_id", "target_entity_id"),
    *("confidence", "source", "source_type", "external_id", "metadata", "aliases", "is_active"),
    *("version", "created_at", "updated_at"),
)
# What others may bring instead of ids: `key` names an entity inside of the file.
ENDS = {
    "source_key": ("source", "key"),
    "target_key": ("target", "key"),
    "source_external_id": ("source", "external_id"),
    "target_external_id": ("target", "external_id"),
}
KNOWN = frozenset([*COLUMNS, *ENDS, "key"])
TOLD = frozenset(["version", "created_at", "updated_at"])
# Spreadsheets take such cells for formulas: an apostrophe before them keeps them text (and is taken off).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
NUMBERS = frozenset(["confidence", "version"])
LONGEST_LINE = 1024 * 1024


class CsvReader(GraphReader):
    """The first line names the columns; rows are numbered from the one after it. Empty cells say nothing."""

    def rows(self, chunks: Iterable[bytes], source: str | None) -> Iterator[RawRow]:
        table = csv.reader(_lines(chunks), strict=True)
        place = 0
        try:
            header = next(table, None)
            if header is None:
                return
            columns = [name.strip() for name in header]
            unknown = [name for name in columns if name not in KNOWN]
            if unknown or "kind" not in columns or len(set(columns)) < len(columns):
                raise BrokenFile(f"the first line must name columns out of {', '.join(sorted(KNOWN))}", 1)
            for place, cells in enumerate(table, 1):
                if cells:
                    yield _row(place, columns, cells, source)
        except csv.Error as error:
            raise BrokenFile(f"row {place + 1} is no CSV: {error}", place + 1) from error
        except UnicodeDecodeError as error:
            raise BrokenFile("the file is not valid UTF-8 from here on", place + 1, "undecodable") from error


def _row(place: int, columns: list[str], cells: list[str], source: str | None) -> RawRow:
    if len(cells) != len(columns):
        detail = f"has {len(cells)} cells where the first line has {len(columns)}"
        return RawRow(place, {}, (Violation(pointer="", code="invalid", detail=detail),))
    document: dict[str, object] = {}
    broken: list[Violation] = []
    for name, cell in zip(columns, cells, strict=True):
        text = cell[1:] if cell[:1] == "'" and cell[1:2] in FORMULA and len(cell) > 1 else cell
        if not text or name in TOLD:
            continue
        if name in ENDS:
            which, how = ENDS[name]
            document |= end_of(which, text) if how == "key" else {f"{which}_entity": {how: text}}
            continue
        try:
            document[name] = value_of(name, text)
        except ValueError as error:
            broken.append(invalid(name, error))
    _complete(document, source)
    return RawRow(place, document, tuple(broken), sum(map(len, cells)))


def _complete(document: dict[str, object], source: str | None) -> None:
    if source is None:
        return
    document.setdefault("source", source)
    for which in ("source_entity", "target_entity"):
        end = document.get(which)
        if isinstance(end, dict) and "external_id" in end:
            end["source"] = source


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Lines with their ends, which belong to quoted cells that go on."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    rest = ""
    for chunk in chunks:
        rest += decoder.decode(chunk)
        *whole, rest = rest.split("\n")
        for line in whole:
            yield line + "\n"
        if len(rest) > LONGEST_LINE:
            raise csv.Error(f"a line has more than {LONGEST_LINE:,} characters")
    rest += decoder.decode(b"", final=True)
    if rest:
        yield rest


class CsvWriter(GraphWriter):
    """Everything JSON Lines have, metadata and aliases as JSON in their cells."""

    def begin(self) -> bytes:
        return ",".join(COLUMNS).encode() + b"\r\n"

    def entities(self, rows: Iterable[EntityView]) -> bytes:
        return _table("entity", rows)

    def relationships(self, rows: Iterable[RelationshipView]) -> bytes:
        return _table("relationship", rows)

    def end(self) -> bytes:
        return b""


def _table(kind: str, rows: Iterable[EntityView | RelationshipView]) -> bytes:
    text = io.StringIO()
    table = csv.writer(text, quoting=csv.QUOTE_MINIMAL)
    for row in rows:
        cells: Mapping[str, str] = {"kind": kind, **cells_of(row)}
        table.writerow([_safe(name, cells.get(name, "")) for name in COLUMNS])
    return text.getvalue().encode()


def _safe(name: str, cell: str) -> str:
    return "'" + cell if cell.startswith(FORMULA) and name not in NUMBERS else cell
