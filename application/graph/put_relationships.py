"""Writes relationships into a graph: row by row in effect, set by set in fact."""

from collections.abc import Hashable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from uuid import UUID

from application.graph.bulk import StoredRelationship
from application.graph.waves import Judge, Kind, write_in_waves
from application.graph.writing import Writing
from domain.graph.bulk import EndReference, RelationshipRow, RowOutcome, refused, relationship_after
from domain.graph.relationship import Relationship, RelationshipContent
from domain.shared.errors import Violation
from domain.shared.ids import EntityId, GraphJobId, RelationshipId

NO_SUCH_ENTITY = "is not one of your entities"


async def put_relationships(
    to: Writing,
    rows: Sequence[RelationshipRow],
    names: tuple[GraphJobId, bool] | None = None,
) -> Sequence[RowOutcome]:
    """The rows' outcomes, in their order. `names`: the import whose names for entities count, and whether
    it has any."""
    found: dict[int, RowOutcome] = {}
    placed: list[RelationshipRow] = []
    plain = all(row.source.id is not None and row.target.id is not None for row in rows)
    if plain and (names is None or not names[1]):
        placed = list(rows)
    else:
        ends = {end for row in rows for end in (row.source, row.target)}
        known = await to.bulk.resolve(to.user_id, None if names is None else names[0], ends)
        for row in rows:
            missing = [
                _missing(which, end)
                for which, end in (("source", row.source), ("target", row.target))
                if end not in known
            ]
            if missing:
                found[row.place] = refused(row.place, *missing)
            else:
                placed.append(_at_ends(row, known[row.source], known[row.target]))
    found |= await write_in_waves(Relationships(to), placed, to.mode)
    return [found[row.place] for row in rows]


def _at_ends(row: RelationshipRow, source: EntityId, target: EntityId) -> RelationshipRow:
    content = row.content
    if content.source_entity_id == source and content.target_entity_id == target:
        return row
    return replace(row, content=replace(content, source_entity_id=source, target_entity_id=target))


def _missing(which: str, end: EndReference) -> Violation:
    pointer = f"/{which}_entity_id" if end.id is not None else f"/{which}_entity"
    return Violation(pointer=pointer, code="no_such_entity", detail=NO_SUCH_ENTITY)


@dataclass(frozen=True, slots=True)
class Relationships(Kind[RelationshipRow, Relationship]):
    """Relationships between entities that are there and stay while they are written."""

    to: Writing

    @property
    def judge(self) -> Judge[Relationship] | None:
        return None if self.to.judges is None else self.to.judges.relationships

    def claims(self, row: RelationshipRow) -> Sequence[Hashable]:
        claims: list[Hashable] = [] if row.id is None else [row.id]
        if row.is_active:
            claims.append(_edge(row.content))
        return claims + _external_id(row.content)

    def holds(self, thing: Relationship) -> Sequence[Hashable]:
        return [_edge(thing.content), *_external_id(thing.content)] if thing.is_active else ()

    def meets(self, row: RelationshipRow, /) -> Sequence[Hashable]:
        judges = self.to.judges
        return () if judges is None or not row.is_active else judges.relationships.meets(row.content)

    async def placed(
        self, rows: Sequence[RelationshipRow]
    ) -> tuple[Sequence[RelationshipRow], Sequence[RowOutcome]]:
        ends = {row.content.source_entity_id for row in rows}
        ends.update(row.content.target_entity_id for row in rows)
        held = await self.to.bulk.hold_ends(self.to.user_id, ends)
        lost = {row.place: missing for row in rows if (missing := _lost_ends(row, held))}
        return (
            [row for row in rows if row.place not in lost],
            [refused(place, *missing) for place, missing in lost.items()],
        )

    def new(self, row: RelationshipRow) -> Relationship:
        return Relationship(
            user_id=self.to.user_id,
            id=row.id or RelationshipId(self.to.ids.new()),
            content=row.content,
            is_active=row.is_active,
            version=1,
            created_at=self.to.now,
            updated_at=self.to.now,
        )

    def changed(self, before: Relationship, row: RelationshipRow) -> Relationship | Violation:
        at = replace(before, updated_at=self.to.now, is_active=row.is_active)
        return relationship_after(before, row.content, at)

    async def add(self, things: Sequence[Relationship]) -> AbstractSet[UUID]:
        return await self.to.bulk.add_relationships(
            [StoredRelationship(relationship=relationship) for relationship in things]
        )

    async def find(self, rows: Sequence[RelationshipRow]) -> Mapping[int, Relationship]:
        return await self.to.bulk.find_relationships(self.to.user_id, rows) if rows else {}

    async def save(self, changes: Sequence[tuple[Relationship, Relationship]]) -> None:
        await self.to.bulk.save_relationships(
            [StoredRelationship(relationship=after, was_active=before.is_active) for before, after in changes]
        )


def _edge(content: RelationshipContent) -> Hashable:
    return content.source_entity_id, content.target_entity_id, content.relationship_type


def _external_id(content: RelationshipContent) -> list[Hashable]:
    return [] if content.external_id is None else [(content.source, content.external_id)]


def _lost_ends(row: RelationshipRow, held: Mapping[EntityId, bool]) -> list[Violation]:
    """An active relationship needs active ends, a deleted one such as are there."""
    content = row.content
    ends = (
        ("source", row.source, content.source_entity_id),
        ("target", row.target, content.target_entity_id),
    )
    return [
        _missing(which, reference)
        for which, reference, found in ends
        if not held.get(found, False) and (row.is_active or found not in held)
    ]
