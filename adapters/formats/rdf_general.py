"""RDF of others, whose statements may come in any order: held in memory, and so of bounded size."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from adapters.formats.rdf_terms import (
    ENTITY,
    OBJECT,
    PREDICATE,
    STATEMENT,
    SUBJECT,
    TYPE,
    Node,
    entity_of,
    relationship_of,
    statement_of,
)
from adapters.on_demand import on_demand
from application.graph.imports import BrokenFile, RawRow

if TYPE_CHECKING:
    import rdflib
else:
    rdflib = on_demand("rdflib")

LARGEST = 8 * 1024 * 1024
REIFICATION = frozenset([SUBJECT, PREDICATE, OBJECT])


def gathered(chunks: Iterable[bytes], what: str) -> bytes:
    """The whole file. Raises `BrokenFile` for one that is too large to be held."""
    found = bytearray()
    for chunk in chunks:
        found += chunk
        if len(found) > LARGEST:
            detail = (
                f"{what} that this product has not written can have at most {LARGEST:,} bytes; "
                "convert it to JSON Lines, which can have any size"
            )
            raise BrokenFile(detail, 1, "too_large")
    return bytes(found)


def rows_of(content: bytes, format_: str, source: str | None) -> Iterator[RawRow]:
    """Entities, then relationships, each in the order of their names: the same for the same file."""
    graph = rdflib.Dataset(default_union=True)
    try:
        graph.parse(data=content, format=format_, publicID="urn:file:")
    except Exception as error:  # a parser of many: each has errors of its own
        raise BrokenFile(f"the file cannot be read as {format_}: {error}"[:400], 1) from error
    said: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for subject, predicate, target in graph.triples((None, None, None)):
        value = str(target) if isinstance(target, rdflib.Literal) else Node(_name(target))
        said[_name(subject)][str(predicate)].append(value)
    for predicates in said.values():
        for values in predicates.values():
            values.sort()
    yield from _rows(said, source)


def _rows(said: dict[str, dict[str, list[str]]], source: str | None) -> Iterator[RawRow]:
    statements = {name: found for name, each in said.items() if (found := statement_of(each))}
    reified = {triple: name for name, triple in sorted(statements.items())}
    edges = set(reified)
    things = {name for name, each in said.items() if STATEMENT not in each.get(TYPE, ())}
    for subject in things:
        for predicate, values in said[subject].items():
            nodes = [value for value in values if isinstance(value, Node)]
            if predicate != TYPE and predicate not in REIFICATION:
                edges |= {(subject, predicate, node) for node in nodes}
    things |= {end for subject, _, target in edges for end in (subject, str(target))}
    place = 0
    for place, name in enumerate(sorted(things), 1):
        yield entity_of(place, name, said.get(name, {TYPE: [ENTITY]}), source)
    for number, triple in enumerate(sorted(edges), place + 1):
        about = reified.get(triple)
        yield relationship_of(number, triple, about, {} if about is None else said[about], source)


def _name(term: object) -> str:
    return f"_:{term}" if isinstance(term, rdflib.BNode) else str(term)
