"""Many entities and relationships at once: the rows they come in, and what becomes of each."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from domain.graph.entity import Entity, EntityContent
from domain.graph.entity import replaced as entity_replaced
from domain.graph.entity import restored as entity_restored
from domain.graph.merge import said_of_merged
from domain.graph.relationship import Relationship, RelationshipContent
from domain.graph.relationship import replaced as relationship_replaced
from domain.graph.relationship import restored as relationship_restored
from domain.shared.errors import Violation
from domain.shared.ids import EntityId, RelationshipId

TAKEN = Violation(pointer="", code="taken", detail="is there already")
COLLIDES = Violation(
    pointer="", code="taken", detail="has the ends and type, or the external id, of another one"
)
DELETES = Violation(
    pointer="/is_active", code="deletes", detail="would delete what is there; bulk writes delete nothing"
)


class BulkMode(StrEnum):
    """`create`: what is there already is refused. `upsert`: it is changed to what the row says."""

    UPSERT = "upsert"
    CREATE = "create"


class RowStatus(StrEnum):
    """What became of a row."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class EndReference:
    """An end of a relationship, by one of: its id, a key of an entity in the same file, its external id
    and source, or a name's resolution key and type."""

    id: EntityId | None = None
    key: str | None = None
    external_id: str | None = None
    source: str | None = None
    name_key: str | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityRow:
    """`place` is the row's number from 1, `key` what the rows of relationships in the same file call it."""

    place: int
    content: EntityContent
    id: EntityId | None = None
    key: str | None = None
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationshipRow:
    """The ends in `content` count for nothing until the references are resolved."""

    place: int
    source: EndReference
    target: EndReference
    content: RelationshipContent
    id: RelationshipId | None = None
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RowOutcome:
    """What became of the row at `place`; a refused one has no id. `warnings`: what a declared schema that
    only warns says against it."""

    place: int
    status: RowStatus
    id: EntityId | RelationshipId | None = None
    violations: Sequence[Violation] = ()
    warnings: Sequence[Violation] = ()


def refused(place: int, *violations: Violation) -> RowOutcome:
    """The outcome of a row without effect."""
    return RowOutcome(place=place, status=RowStatus.REFUSED, violations=violations)


def entity_after(found: Entity, row: EntityRow, at: Entity) -> Entity | Violation:
    """A stored entity as the row wants it, the same one when it says nothing new; `at` has the moment."""
    if found.is_active and not row.is_active:
        return DELETES
    if row.id != found.id and _external_id(row.content) != _external_id(found.content):
        # One with this external id was merged into it.
        return entity_replaced(found, said_of_merged(found.content, row.content), at.updated_at)
    changed = entity_replaced(found, row.content, at.updated_at)
    if row.is_active and not found.is_active:
        return replace(entity_restored(found, at.updated_at), content=changed.content)
    return changed


def _external_id(content: EntityContent) -> tuple[str | None, str | None]:
    return content.source, content.external_id


def relationship_after(
    found: Relationship, content: RelationshipContent, at: Relationship
) -> Relationship | Violation:
    """A stored relationship as the row wants it, the same one when it says nothing new; `at` has the
    moment and whether it is to be active."""
    if found.is_active and not at.is_active:
        return DELETES
    changed = relationship_replaced(found, content, at.updated_at)
    if at.is_active and not found.is_active:
        return replace(relationship_restored(found, at.updated_at), content=changed.content)
    return changed


Row = TypeVar("Row")


def in_waves(rows: Iterable[tuple[Row, Sequence[Hashable], Sequence[Hashable]]]) -> list[list[Row]]:
    """Groups rows such that no two of a group lay claim to the same thing and each follows, in a later
    group, the rows before it that do: writing group after group is writing row after row.

    A row comes with its claims and with what it has to do with other rows that may be in its group: it is
    not in a group before theirs.
    """
    waves: list[list[Row]] = []
    last: dict[Hashable, int] = {}
    met: dict[Hashable, int] = {}
    for row, claims, meets in rows:
        wave = 0
        for claim in claims:
            wave = max(wave, last.get(claim, -1) + 1)
        for other in meets:
            wave = max(wave, met.get(other, 0))
        last.update(dict.fromkeys(claims, wave))
        met.update(dict.fromkeys(meets, wave))
        if wave == len(waves):
            waves.append([])
        waves[wave].append(row)
    return waves
