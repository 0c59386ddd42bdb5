"""Graphs as views, files of them, and what a reader makes of those."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from adapters.formats.registry import READERS, WRITERS
from application.graph.imports import RawRow
from application.graph.views import EntityView, RelationshipView
from domain.graph.bulk_rows import entity_row, kind_of, relationship_row

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
FORMATS = tuple(WRITERS)

ADA = EntityView(
    id=UUID(int=1),
    name="Ada",
    type="person",
    confidence=0.1,
    source="https://example.org/a?b=c&d",
    source_type="web",
    external_id="x-1",
    metadata={"a": [1, 2.5, None, {"b": "ü"}]},
    aliases=("Countess", "A. L."),
    is_active=True,
    version=3,
    created_at=NOW,
    updated_at=NOW,
)
BOB = replace(ADA, id=UUID(int=2), name="Bob", external_id=None, source=None, metadata={}, aliases=())
KNOWS = RelationshipView(
    id=UUID(int=3),
    source_entity_id=ADA.id,
    target_entity_id=BOB.id,
    relationship_type="knows well/über",
    confidence=0.25,
    source="s",
    source_type=None,
    external_id="e-1",
    metadata={"since": "1815"},
    is_active=True,
    version=1,
    created_at=NOW,
    updated_at=NOW,
)


def file_of(format_: str, entities: Sequence[EntityView], edges: Sequence[RelationshipView]) -> bytes:
    writer = WRITERS[format_]()
    parts = [writer.begin(), writer.entities(entities), writer.relationships(edges)]
    return b"".join([*parts, writer.entities([]), writer.end()])


def pieces(content: bytes, size: int = 7) -> Iterator[bytes]:
    yield from (content[start : start + size] for start in range(0, len(content), size))


def rows_of(format_: str, content: bytes, source: str | None = None, size: int = 7) -> list[RawRow]:
    return list(READERS[format_].rows(pieces(content, size), source))


def read(format_: str, content: bytes) -> tuple[list[Any], list[Any]]:
    """The checked entities and relationships of a file in which nothing is wrong."""
    found: tuple[list[Any], list[Any]] = ([], [])
    for row in rows_of(format_, content):
        assert row.violations == (), row
        if kind_of(row.document) == "entity":
            found[0].append(entity_row(row.place, row.document))
        else:
            found[1].append(relationship_row(row.place, row.document))
    return found


def content_fields(row: Any, view: Any) -> dict[str, tuple[Any, Any]]:
    """What differs between a row and the view it was written from."""
    pairs = {"id": (row.id, view.id), "is_active": (row.is_active, view.is_active)}
    for name in row.content.__dataclass_fields__:
        mine, wanted = getattr(row.content, name), getattr(view, name)
        pairs[name] = (tuple(mine), tuple(wanted)) if name == "aliases" else (mine, wanted)
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
