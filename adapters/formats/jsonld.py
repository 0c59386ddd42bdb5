"""JSON-LD 1.1: written as a stream, a node a line, and so read again. No context is ever fetched."""

import json
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from adapters.formats.lines import beginning, lines
from adapters.formats.rdf_general import gathered, rows_of
from adapters.formats.rdf_terms import (
    DATATYPES,
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
from application.graph.imports import BrokenFile, GraphReader, RawRow
from application.graph.views import EntityView, RelationshipView
from domain.shared.errors import Violation

# Expanded terms need no context. That a node stands on each line is what the first line promises.
HEADER = b'{"@context":{"@version":1.1,"kgl":"urn:knowledge-graph-lab:"},"@graph":[\n'
FOOTER = b"]}\n"
DEEPEST = 200


class JsonLdWriter(GraphWriter):
    """Every relationship is a property of its source, and a reified statement with all it says."""

    def __init__(self) -> None:
        self._begun = False

    def begin(self) -> bytes:
        return HEADER

    def entities(self, rows: Iterable[EntityView]) -> bytes:
        return self._lines({"@id": id_of(row.id), "@type": [ENTITY], **_literals(row)} for row in rows)

    def relationships(self, rows: Iterable[RelationshipView]) -> bytes:
        return self._lines(_statement(row) for row in rows)

    def end(self) -> bytes:
        return b"\n" + FOOTER if self._begun else FOOTER

    def _lines(self, nodes: Iterable[Mapping[str, object]]) -> bytes:
        found = b",\n".join(msgspec.json.encode(node) for node in nodes)
        joined = b",\n" + found if self._begun and found else found
        self._begun = self._begun or bool(found)
        return joined


def _literals(row: EntityView | RelationshipView) -> dict[str, list[dict[str, object]]]:
    found: dict[str, list[dict[str, object]]] = {}
    for predicate, text, datatype in properties(row):
        value: dict[str, object] = {"@value": text}
        if datatype == DATATYPES["metadata"]:
            value = {"@value": json.loads(text), "@type": "@json"}
        elif datatype is not None:
            value["@type"] = datatype
        found.setdefault(predicate, []).append(value)
    return found


def _statement(row: RelationshipView) -> dict[str, object]:
    source, target = id_of(row.source_entity_id), id_of(row.target_entity_id)
    predicate = predicate_of(row.relationship_type)
    subject: dict[str, object] = {"@id": source}
    if row.is_active:  # a deleted one is told of, but does not hold
        subject[predicate] = [{"@id": target}]
    return {
        "@id": id_of(row.id),
        "@type": [STATEMENT],
        SUBJECT: [subject],
        PREDICATE: [{"@id": predicate}],
        OBJECT: [{"@id": target}],
        **_literals(row),
    }


class JsonLdReader(GraphReader):
    """Rows are nodes of our own files in their order. Files of others are held in memory."""

    def rows(self, chunks: Iterable[bytes], source: str | None) -> Iterator[RawRow]:
        first, incoming = beginning(chunks, len(HEADER))
        if first.startswith(HEADER):
            return _ours(_again(first[len(HEADER) :], incoming), source)
        content = gathered(_again(first, incoming), "JSON-LD")
        _refuse_remote(content)
        return rows_of(content, "json-ld", source)


def _again(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _ours(chunks: Iterable[bytes], source: str | None) -> Iterator[RawRow]:
    for place, line in lines(chunks):
        text = line.strip().removesuffix(b",")
        if not text or text == FOOTER.strip():
            continue
        try:
            node = msgspec.json.decode(text, type=dict[str, object])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            detail = "is no node as this product writes them"
            yield RawRow(place, {}, (Violation(pointer="", code="invalid", detail=detail),))
            continue
        said = {name: _values(name, value) for name, value in node.items() if name != "@id"}
        said[TYPE] = said.pop("@type", [])
        name, triple = str(node.get("@id", "")), statement_of(said)
        if triple is not None:
            yield relationship_of(place, triple, name, said, source)
        else:
            yield entity_of(place, name, said, source)


def _values(name: str, value: object) -> list[str]:
    found: list[str] = []
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict) and "@value" in each:
            literal = each["@value"]
            found.append(literal if isinstance(literal, str) else json.dumps(literal, ensure_ascii=False))
        elif isinstance(each, dict):
            found.append(Node(each.get("@id", "")))
        elif name == "@type":
            found.append(Node(each))
    return found


def _refuse_remote(content: bytes) -> None:
    """Raises `BrokenFile` for contexts that somebody else would be asked for."""
    try:
        waiting: list[tuple[object, int]] = [(msgspec.json.decode(content), 0)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BrokenFile(f"the file is no JSON: {error}", 1) from error
    while waiting:
        value, depth = waiting.pop()
        if depth > DEEPEST:
            raise BrokenFile(f"the file is nested deeper than {DEEPEST}", 1, "too_deep")
        if isinstance(value, dict):
            contexts = value.get("@context")
            named = contexts if isinstance(contexts, list) else [contexts]
            if "@import" in value or any(isinstance(each, str) for each in named):
                detail = "a context is named by its address; put it into the file, nothing is fetched"
                raise BrokenFile(detail, 1, "remote_context")
            waiting += [(inner, depth + 1) for inner in value.values()]
        elif isinstance(value, list):
            waiting += [(inner, depth + 1) for inner in value]
