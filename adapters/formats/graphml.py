"""GraphML, written and read as a stream; documents that declare anything of their own are refused."""

from collections.abc import Iterable, Iterator
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from adapters.formats.cells import cells_of, end_of, invalid, is_id, value_of
from adapters.formats.xml_text import held
from application.graph.exports import GraphWriter
from application.graph.imports import BrokenFile, GraphReader, RawRow
from application.graph.views import EntityView, RelationshipView
from domain.shared.errors import Violation

TYPES = {"confidence": "double", "is_active": "boolean", "version": "long"}
NODE = ("name", "type", "aliases")
EDGE = ("relationship_type",)
COMMON = (
    *("confidence", "source", "source_type", "external_id", "metadata", "is_active"),
    *("version", "created_at", "updated_at"),
)
TOLD = frozenset(["version", "created_at", "updated_at"])
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
"""
LONGEST_TEXT = 1024 * 1024
DEEPEST = 50
# How things are called that have no name, type or relationship type of their own.
LABELS = ("label", "Label", "title")
THING, RELATED = "thing", "related_to"
INTEGERS, NUMBERS = frozenset(["int", "long"]), frozenset(["float", "double"])


class GraphMLWriter(GraphWriter):
    """Nodes and edges with a declared key for each field; metadata and aliases are JSON."""

    def begin(self) -> bytes:
        keys = [
            f'<key id="{kind[0]}_{name}" for="{kind}" attr.name="{name}" '
            f'attr.type="{TYPES.get(name, "string")}"/>\n'
            for kind, names in (("node", (*NODE, *COMMON)), ("edge", (*EDGE, *COMMON)))
            for name in names
        ]
        return (HEAD + "".join(keys) + '<graph id="graph" edgedefault="directed">\n').encode()

    def entities(self, rows: Iterable[EntityView]) -> bytes:
        return "".join(f'<node id="{row.id}">{_data("n", row)}</node>\n' for row in rows).encode()

    def relationships(self, rows: Iterable[RelationshipView]) -> bytes:
        return "".join(
            f'<edge id="{row.id}" source="{row.source_entity_id}" target="{row.target_entity_id}">'
            f"{_data('e', row)}</edge>\n"
            for row in rows
        ).encode()

    def end(self) -> bytes:
        return b"</graph>\n</graphml>\n"


def _data(prefix: str, row: EntityView | RelationshipView) -> str:
    names = NODE if prefix == "n" else EDGE
    return "".join(
        f"<data key={quoteattr(f'{prefix}_{name}')}>{escape(held(text), {chr(13): '&#13;'})}</data>"
        for name, text in cells_of(row).items()
        if name in names or name in COMMON
    )


class GraphMLReader(GraphReader):
    """A row is a node or an edge. Attributes without a field of their own become metadata."""

    def rows(self, chunks: Iterable[bytes], source: str | None) -> Iterator[RawRow]:
        document = _Document(source)
        for chunk in chunks:
            yield from document.fed(chunk, final=False)
        yield from document.fed(b"", final=True)


class _Document:
    """What the parser has seen of a document."""

    def __init__(self, source: str | None) -> None:
        self._source = source
        self._rows: list[RawRow] = []
        self._place = 0
        self._keys: dict[str, tuple[str, str]] = {}
        self._open: list[str] = []
        self._thing: dict[str, str] | None = None
        self._data: dict[str, tuple[str, str]] = {}
        self._key: str | None = None
        self._text: list[str] = []
        self._held = 0
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        # Entities are how a small file becomes a large one, or another file.
        parser.StartDoctypeDeclHandler = self._doctype
        self._parser = parser

    def fed(self, chunk: bytes, *, final: bool) -> list[RawRow]:
        """The rows that end in this chunk."""
        try:
            self._parser.Parse(chunk, final)
        except expat.ExpatError as error:
            raise BrokenFile(f"the file is no well-formed XML: {error}", self._place + 1) from error
        finally:
            rows, self._rows = self._rows, []
        return rows

    def _doctype(self, *_: object) -> None:
        raise BrokenFile("the file has a document type declaration", self._place + 1, "doctype")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(" ")[2]
        self._open.append(name)
        if len(self._open) > DEEPEST:
            raise BrokenFile(f"elements are nested deeper than {DEEPEST}", self._place + 1, "too_deep")
        if name == "key":
            named = attributes.get("attr.name", attributes.get("id", ""))
            self._keys[attributes.get("id", "")] = (named, attributes.get("attr.type", "string"))
        elif name in ("node", "edge", "hyperedge"):
            self._thing, self._data, self._held = attributes, {}, 0
        elif name == "data" and self._thing is not None:
            self._key, self._text = attributes.get("key", ""), []

    def _characters(self, text: str) -> None:
        if self._key is None:
            return
        self._held += len(text)
        if self._held > LONGEST_TEXT:
            detail = f"a node or edge has more than {LONGEST_TEXT:,} characters"
            raise BrokenFile(detail, self._place + 1, "too_long")
        self._text.append(text)

    def _end(self, name: str) -> None:
        name = self._open.pop()
        if name == "data" and self._key is not None:
            named, kind = self._keys.get(self._key, (self._key, "string"))
            self._data[named] = (kind, "".join(self._text))
            self._key = None
        elif name in ("node", "edge", "hyperedge") and self._thing is not None:
            self._place += 1
            self._rows.append(self._row(name, self._thing))
            self._thing = None

    def _row(self, name: str, attributes: dict[str, str]) -> RawRow:
        if name == "hyperedge":
            violation = Violation(pointer="", code="hyperedge", detail="has more than two ends")
            return RawRow(self._place, {}, (violation,))
        own = NODE if name == "node" else EDGE
        document: dict[str, object] = {"kind": "entity" if name == "node" else "relationship"}
        more: dict[str, object] = {}
        broken: list[Violation] = []
        for field, (kind, text) in self._data.items():
            try:
                if field not in own and field not in COMMON:
                    more[field] = typed(kind, text)
                elif field not in TOLD and text:
                    document[field] = value_of(field, text)
            except ValueError as error:
                broken.append(invalid(field, error))
        if name == "node":
            self._complete_node(document, attributes.get("id", ""), more)
        else:
            self._complete_edge(document, attributes, more)
        metadata = document.get("metadata", {})
        if more and isinstance(metadata, dict):
            document["metadata"] = {**more, **metadata}
        if self._source is not None:
            document.setdefault("source", self._source)
        return RawRow(self._place, document, tuple(broken), self._held)

    def _complete_node(self, document: dict[str, object], node: str, more: dict[str, object]) -> None:
        if is_id(node):
            document["id"] = node
        else:
            document["key"] = node
            if self._source is not None:
                document.setdefault("external_id", node)
        if "name" not in document:
            labels = [more.pop(label) for label in LABELS if label in more]
            document["name"] = str(labels[0]) if labels else node
        document.setdefault("type", THING)

    def _complete_edge(
        self, document: dict[str, object], attributes: dict[str, str], more: dict[str, object]
    ) -> None:
        document |= end_of("source", attributes.get("source", ""))
        document |= end_of("target", attributes.get("target", ""))
        if is_id(attributes.get("id", "")):
            document["id"] = attributes["id"]
        if "relationship_type" not in document:
            labels = [more.pop(label) for label in ("type", *LABELS) if label in more]
            document["relationship_type"] = str(labels[0]) if labels else RELATED


def typed(kind: str, text: str) -> object:
    """A value of an attribute that is none of ours. Raises `ValueError`."""
    if kind == "boolean":
        return value_of("is_active", text.strip())
    if kind in INTEGERS:
        return int(text)
    return float(text) if kind in NUMBERS else text
