"""What things of a graph are called in RDF, and what the terms of others mean here."""

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote, unquote
from uuid import UUID

from adapters.formats.cells import cells_of, is_id, value_of
from application.graph.imports import RawRow
from application.graph.views import EntityView, RelationshipView
from domain.shared.errors import Violation

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
XSD = "http://www.w3.org/2001/XMLSchema#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
OURS = "urn:knowledge-graph-lab:"
RELATIONSHIP_TYPE = f"{OURS}relationship:"
ID = "urn:uuid:"
ENTITY = f"{OURS}Entity"
STATEMENT = f"{RDF}Statement"
TYPE, SUBJECT, PREDICATE, OBJECT = (f"{RDF}{name}" for name in ("type", "subject", "predicate", "object"))
NAMES = (
    f"{RDFS}label",
    f"{SKOS}prefLabel",
    "http://xmlns.com/foaf/0.1/name",
    "http://schema.org/name",
    "https://schema.org/name",
)
ALIASES = (f"{SKOS}altLabel",)
DATATYPES = {"confidence": f"{XSD}double", "is_active": f"{XSD}boolean", "metadata": f"{RDF}JSON"}
TOLD = frozenset(["version", "created_at", "updated_at"])
FIELDS = frozenset(
    ["name", "type", "confidence", "source", "source_type", "external_id", "metadata", "is_active", *TOLD]
)
THING = "thing"


# Of a subject: what each predicate says, IRIs and blank nodes marked as such.
class Node(str):
    """The name of an IRI or a blank node, which is no literal."""

    __slots__ = ()


Said = Mapping[str, Sequence[str]]


def properties(row: EntityView | RelationshipView) -> list[tuple[str, str, str | None]]:
    """Predicates of ours with literals and their datatypes."""
    found = []
    for name, text in cells_of(row).items():
        if name in FIELDS:
            found.append((OURS + name, text, DATATYPES.get(name)))
    if isinstance(row, EntityView):
        found += [(f"{RDFS}label", row.name, None)]
        found += [(ALIASES[0], alias, None) for alias in row.aliases]
    return found


def predicate_of(relationship_type: str) -> str:
    """A relationship's type as a predicate."""
    return RELATIONSHIP_TYPE + quote(relationship_type, safe="")


def type_of(predicate: str) -> str:
    """A predicate as the type of a relationship."""
    if predicate.startswith(RELATIONSHIP_TYPE):
        return unquote(predicate.removeprefix(RELATIONSHIP_TYPE))
    return local_name(predicate)


def local_name(iri: str) -> str:
    """What of an IRI people would read."""
    kept = iri.rstrip("/#")
    for separator in ("#", "/", ":"):
        if separator in kept:
            return unquote(kept.rpartition(separator)[2]) or kept
    return kept


def named(document: dict[str, object], name: str) -> None:
    """Tells which thing a document is about."""
    own = name.removeprefix(ID)
    if own != name and is_id(own):
        document["id"] = own
        return
    document["key"] = name
    if not name.startswith("_:"):
        document.setdefault("external_id", name)


def end_of(which: str, name: str) -> dict[str, object]:
    """The reference to an entity of the file."""
    own = name.removeprefix(ID)
    if own != name and is_id(own):
        return {f"{which}_entity_id": own}
    return {f"{which}_entity": {"key": name}}


def entity_of(place: int, name: str, said: Said, source: str | None) -> RawRow:
    """The row of an entity. Literals of unknown predicates become metadata."""
    document: dict[str, object] = {"kind": "entity"}
    broken = _own_fields(document, said)
    named(document, name)
    if "name" not in document:
        labels = [said[label][0] for label in NAMES if said.get(label)]
        document["name"] = labels[0] if labels else local_name(name)
    if "type" not in document:
        classes = [each for each in said.get(TYPE, ()) if each != ENTITY]
        document["type"] = local_name(classes[0]) if classes else THING
    document["aliases"] = [alias for predicate in ALIASES for alias in said.get(predicate, ())]
    known = {*NAMES, *ALIASES, TYPE}
    more: dict[str, object] = {}
    for predicate, values in said.items():
        literals = [str(value) for value in values if not isinstance(value, Node)]
        if literals and predicate not in known and not predicate.startswith(OURS):
            more[local_name(predicate)] = literals[0] if len(literals) == 1 else literals
    metadata = document.get("metadata", {})
    if more and isinstance(metadata, dict):
        document["metadata"] = {**more, **metadata}
    if source is not None:
        document.setdefault("source", source)
    return RawRow(place, document, tuple(broken), size_of(said))


def relationship_of(
    place: int, triple: tuple[str, str, str], name: str | None, said: Said, source: str | None
) -> RawRow:
    """The row of a triple, with what a statement says about it, where there is one."""
    subject, predicate, target = triple
    document: dict[str, object] = {"kind": "relationship", "relationship_type": type_of(predicate)}
    broken = _own_fields(document, said)
    document |= end_of("source", subject) | end_of("target", target)
    own = (name or "").removeprefix(ID)
    if name is not None and own != name and is_id(own):
        document["id"] = own
    if source is not None:
        document.setdefault("source", source)
    return RawRow(place, document, tuple(broken), size_of(said))


def statement_of(said: Said) -> tuple[str, str, str] | None:
    """The triple that a reified statement is about, None for anything else."""
    parts = [said.get(part, ()) for part in (SUBJECT, PREDICATE, OBJECT)]
    if STATEMENT not in said.get(TYPE, ()) or not all(len(part) == 1 for part in parts):
        return None
    subject, predicate, target = (part[0] for part in parts)
    return (subject, predicate, target) if isinstance(target, Node) else None


def _own_fields(document: dict[str, object], said: Said) -> list[Violation]:
    broken = []
    for name in FIELDS - TOLD:
        for text in said.get(OURS + name, ())[:1]:
            try:
                document[name] = value_of(name, str(text))
            except ValueError as error:
                detail = f"cannot be read: {error}"[:300]
                broken.append(Violation(pointer=f"/{name}", code="invalid", detail=detail))
    return broken


def size_of(said: Said) -> int:
    """About how many characters."""
    return sum(len(value) for values in said.values() for value in values)


def id_of(row_id: UUID) -> str:
    """The IRI of a thing of ours."""
    return f"{ID}{row_id}"


def iris(values: Iterable[str]) -> list[Node]:
    """Names as nodes."""
    return [Node(value) for value in values]
