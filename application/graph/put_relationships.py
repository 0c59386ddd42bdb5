"""Writes relationships into a graph: row by row in effect, set by set in fact."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from itertools import count

from application.graph.bulk import RowsCollide, StoredRelationship
from application.graph.writing import TRIES, Writing
from domain.graph.bulk import (
    COLLIDES,
    TAKEN,
    BulkMode,
    EndReference,
    RelationshipRow,
    RowOutcome,
    RowStatus,
    in_waves,
    refused,
    relationship_after,
)
from domain.graph.relationship import Relationship
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
    for wave in in_waves((row, _relationship_claims(row)) for row in placed):
        pending: Sequence[RelationshipRow] = wave
        for tries in count():
            if not pending:
                break
            outcomes, pending = await _relationship_wave(to, pending, tries)
            found.update((outcome.place, outcome) for outcome in outcomes)
    return [found[row.place] for row in rows]


def _at_ends(row: RelationshipRow, source: EntityId, target: EntityId) -> RelationshipRow:
    content = row.content
    if content.source_entity_id == source and content.target_entity_id == target:
        return row
    return replace(row, content=replace(content, source_entity_id=source, target_entity_id=target))


def _missing(which: str, end: EndReference) -> Violation:
    pointer = f"/{which}_entity_id" if end.id is not None else f"/{which}_entity"
    return Violation(pointer=pointer, code="no_such_entity", detail=NO_SUCH_ENTITY)


def _relationship_claims(row: RelationshipRow) -> list[Hashable]:
    content = row.content
    claims: list[Hashable] = []
    if row.is_active:
        claims.append((content.source_entity_id, content.target_entity_id, content.relationship_type))
    if row.id is not None:
        claims.append(row.id)
    if content.external_id is not None:
        claims.append((content.source, content.external_id))
    return claims


async def _relationship_wave(
    to: Writing, rows: Sequence[RelationshipRow], tries: int
) -> tuple[list[RowOutcome], Sequence[RelationshipRow]]:
    """The outcomes, and the rows to look for again: one before them means the same thing, or somebody else
    was quicker. What is new is written without a look at what is there: only what is in its way is found."""
    ends = {row.content.source_entity_id for row in rows}
    ends.update(row.content.target_entity_id for row in rows)
    held = await to.bulk.hold_ends(to.user_id, ends)
    outcomes: list[RowOutcome] = []
    placed: list[RelationshipRow] = []
    for row in rows:
        if missing := _lost_ends(row, held):
            outcomes.append(refused(row.place, *missing))
        else:
            placed.append(row)
    made = [(row, _new(to, row)) for row in placed]
    there = await to.bulk.add_relationships([new for _, new in made]) if made else frozenset()
    taken = [row for row, new in made if new.relationship.id in there]
    outcomes += [
        RowOutcome(place=row.place, status=RowStatus.CREATED, id=new.relationship.id)
        for row, new in made
        if new.relationship.id not in there
    ]
    if to.mode is BulkMode.CREATE:
        return [*outcomes, *(refused(row.place, TAKEN) for row in taken)], ()
    more, waiting = await _changed(to, taken, tries)
    return [*outcomes, *more], waiting


def _new(to: Writing, row: RelationshipRow) -> StoredRelationship:
    made = Relationship(
        user_id=to.user_id,
        id=row.id or RelationshipId(to.ids.new()),
        content=row.content,
        is_active=row.is_active,
        version=1,
        created_at=to.now,
        updated_at=to.now,
    )
    return StoredRelationship(relationship=made)


async def _changed(
    to: Writing, rows: Sequence[RelationshipRow], tries: int
) -> tuple[list[RowOutcome], Sequence[RelationshipRow]]:
    """Of rows that something is in the way of: what becomes of that."""
    found = await to.bulk.find_relationships(to.user_id, rows) if rows else {}
    outcomes: list[RowOutcome] = []
    waiting: list[RelationshipRow] = []
    changed: list[tuple[RelationshipRow, StoredRelationship]] = []
    seen: set[RelationshipId] = set()
    for row in rows:
        before = found.get(row.place)
        if before is None and tries >= TRIES:
            outcomes.append(refused(row.place, COLLIDES))
            continue
        if before is None or before.id in seen:
            waiting.append(row)
            continue
        seen.add(before.id)
        wanted = replace(before, updated_at=to.now, is_active=row.is_active)
        after = relationship_after(before, row.content, wanted)
        if isinstance(after, Violation):
            outcomes.append(refused(row.place, after))
        elif after is before:
            outcomes.append(RowOutcome(place=row.place, status=RowStatus.UNCHANGED, id=before.id))
        else:
            stored = StoredRelationship(relationship=after, was_active=before.is_active)
            changed.append((row, stored))
    try:
        outcomes += await _stored_relationships(to, changed, one_by_one=tries >= TRIES)
    except RowsCollide:
        waiting += [row for row, _ in changed]
    return outcomes, sorted(waiting, key=lambda row: row.place)


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


async def _stored_relationships(
    to: Writing, pairs: Sequence[tuple[RelationshipRow, StoredRelationship]], *, one_by_one: bool
) -> list[RowOutcome]:
    """Together. When one of them collides, raises `RowsCollide`, or `one_by_one` refuses it alone."""
    if not pairs:
        return []
    try:
        await to.bulk.save_relationships([stored for _, stored in pairs])
    except RowsCollide:
        if not one_by_one:
            raise
        if len(pairs) == 1:
            return [refused(pairs[0][0].place, COLLIDES)]
        half = len(pairs) // 2
        return [
            *await _stored_relationships(to, pairs[:half], one_by_one=True),
            *await _stored_relationships(to, pairs[half:], one_by_one=True),
        ]
    return [
        RowOutcome(place=row.place, status=RowStatus.UPDATED, id=stored.relationship.id)
        for row, stored in pairs
    ]
