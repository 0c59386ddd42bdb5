"""Turtle: written as a stream, one statement a line and all about a thing together, and so read again."""

import re
from collections.abc import Iterable, Iterator

from adapters.formats.lines import beginning, lines
from adapters.formats.rdf_general import gathered, rows_of
from adapters.formats.rdf_terms import (
    ENTITY,
    OBJECT,
    PREDICATE,
    STATEMENT,
    SUBJECT,
    TYPE,
    Node,
    entity_of,
    id_of,
    predicate_of,
    properties,
    relationship_of,
    statement_of,
)
from application.graph.exports import GraphWriter
from application.graph.imports import GraphReader, RawRow
from application.graph.views import EntityView, RelationshipView
from domain.shared.errors import Violation

# Says that the lines which follow are in this order, so that they can be read one by one.
HEADER = b"# knowledge-graph-lab turtle 1\n"
_LITERAL = r'"((?:[^"\\]|\\.)*)"(?:\^\^<[^>]*>)?'
_LINE = re.compile(rf"<([^>]*)> <([^>]*)> (?:<([^>]*)>|{_LITERAL}) \.\r?")
_ESCAPED = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)")
_TO_ESCAPE = re.compile(r'[\x00-\x1f\x7f"\\\u0085\u2028\u2029]')
_NAMED = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "b": "\b", "f": "\f"}


class TurtleWriter(GraphWriter):
    """Every relationship is a statement, reified for its confidence and where it comes from."""

    def begin(self) -> bytes:
        return HEADER

    def entities(self, rows: Iterable[EntityView]) -> bytes:
        return "".join(_about(id_of(row.id), [(TYPE, ENTITY)], row) for row in rows).encode()

    def relationships(self, rows: Iterable[RelationshipView]) -> bytes:
        return "".join(_statement(row) for row in rows).encode()

    def end(self) -> bytes:
        return b""


def _statement(row: RelationshipView) -> str:
    ends = id_of(row.source_entity_id), id_of(row.target_entity_id)
    predicate = predicate_of(row.relationship_type)
    about = [(TYPE, STATEMENT), (SUBJECT, ends[0]), (PREDICATE, predicate), (OBJECT, ends[1])]
    # A deleted relationship is told of, but does not hold.
    plain = f"<{ends[0]}> <{predicate}> <{ends[1]}> .\n" if row.is_active else ""
    return _about(id_of(row.id), about, row) + plain


def _about(name: str, nodes: list[tuple[str, str]], row: EntityView | RelationshipView) -> str:
    told = [f"<{name}> <{predicate}> <{node}> .\n" for predicate, node in nodes]
    for predicate, text, datatype in properties(row):
        kind = f"^^<{datatype}>" if datatype else ""
        told.append(f'<{name}> <{predicate}> "{_TO_ESCAPE.sub(_escape, text)}"{kind} .\n')
    return "".join(told)


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04X}"


class TurtleReader(GraphReader):
    """Rows are things of our own files in their order. Files of others are held in memory."""

    def rows(self, chunks: Iterable[bytes], source: str | None) -> Iterator[RawRow]:
        first, incoming = beginning(chunks, len(HEADER))
        if first.startswith(HEADER):
            return _ours(_again(first, incoming), source)
        return rows_of(gathered(_again(first, incoming), "Turtle"), "turtle", source)


def _again(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _ours(chunks: Iterable[bytes], source: str | None) -> Iterator[RawRow]:
    place, about, said = 0, "", dict[str, list[str]]()
    for number, line in lines(chunks):
        if not line.strip() or line.startswith(b"#"):
            continue
        match = _LINE.fullmatch(line.decode("utf-8", "replace"))
        if match is None:
            place += 1
            detail = f"line {number} is no statement as this product writes them"
            yield RawRow(place, {}, (Violation(pointer="", code="invalid", detail=detail),))
            continue
        subject, predicate, node, text = match.groups()
        if subject != about and said:
            place += 1
            yield from _row(place, about, said, source)
            said = {}
        about = subject
        value = Node(node) if node is not None else _ESCAPED.sub(_unescape, text)
        said.setdefault(predicate, []).append(value)
    if said:
        yield from _row(place + 1, about, said, source)


def _row(place: int, about: str, said: dict[str, list[str]], source: str | None) -> Iterator[RawRow]:
    triple = statement_of(said)
    if triple is not None:
        yield relationship_of(place, triple, about, said, source)
    elif TYPE in said:  # else it is the plain statement beside the reified one
        yield entity_of(place, about, said, source)


def _unescape(match: re.Match[str]) -> str:
    found = match[1]
    if found[0] in "uU" and len(found) > 1:
        code = int(found[1:], 16)
        return chr(code) if code < 0x110000 else "\ufffd"
    return _NAMED.get(found, found)
