"""Writes entities into a graph row by row in effect, set by set in fact."""

from collections.abc import Hashable, Sequence
from dataclasses import replace
from itertools import count

from application.graph.bulk import RowsCollide, StoredEntity
from application.graph.writing import TRIES, Writing
from domain.graph.bulk import (
    COLLIDES,
    TAKEN,
    BulkMode,
    EntityRow,
    RowOutcome,
    RowStatus,
    entity_after,
    in_waves,
    refused,
)
from domain.graph.entity import Entity, released_keys, resolution_keys
from domain.shared.errors import Violation
from domain.shared.ids import EntityId


async def put_entities(
    to: Writing,
    rows: Sequence[EntityRow],
) -> Sequence[RowOutcome]:
    """The rows' outcomes, in their order."""
    found: dict[int, RowOutcome] = {}
    for wave in in_waves((row, _entity_claims(row)) for row in rows):
        pending: Sequence[EntityRow] = wave
        for tries in count():
            if not pending:
                break
            outcomes, pending = await _entity_wave(to, pending, tries)
            found.update((outcome.place, outcome) for outcome in outcomes)
    return [found[row.place] for row in rows]


def _entity_claims(row: EntityRow) -> list[Hashable]:
    claims: list[Hashable] = [] if row.id is None else [row.id]
    if row.content.external_id is not None:
        claims.append((row.content.source, row.content.external_id))
    return claims


async def _entity_wave(
    to: Writing, rows: Sequence[EntityRow], tries: int
) -> tuple[list[RowOutcome], Sequence[EntityRow]]:
    """The outcomes, and the rows to look for again: one before them means the same thing, or somebody else
    was quicker. What is new is written without a look at what is there: only what is in its way is found."""
    outcomes: list[RowOutcome] = []
    made = [(row, _new(to, row)) for row in rows]
    there = await to.bulk.add_entities([new for _, new in made]) if made else frozenset()
    taken = [row for row, new in made if new.entity.id in there]
    outcomes += [
        RowOutcome(place=row.place, status=RowStatus.CREATED, id=new.entity.id)
        for row, new in made
        if new.entity.id not in there
    ]
    if to.mode is BulkMode.CREATE:
        return [*outcomes, *(refused(row.place, TAKEN) for row in taken)], ()
    more, waiting = await _changed(to, taken, tries)
    return [*outcomes, *more], waiting


def _new(to: Writing, row: EntityRow) -> StoredEntity:
    made = Entity(
        user_id=to.user_id,
        id=row.id or EntityId(to.ids.new()),
        content=row.content,
        is_active=row.is_active,
        version=1,
        created_at=to.now,
        updated_at=to.now,
    )
    claim = resolution_keys(row.content) if row.is_active else ()
    return StoredEntity(entity=made, claim=claim)


async def _changed(
    to: Writing, rows: Sequence[EntityRow], tries: int
) -> tuple[list[RowOutcome], Sequence[EntityRow]]:
    """Of rows that something is in the way of: what becomes of that."""
    found = await to.bulk.find_entities(to.user_id, rows) if rows else {}
    outcomes: list[RowOutcome] = []
    waiting: list[EntityRow] = []
    changed: list[tuple[EntityRow, StoredEntity]] = []
    seen: set[EntityId] = set()
    for row in rows:
        before = found.get(row.place)
        if before is None and tries >= TRIES:
            outcomes.append(refused(row.place, COLLIDES))
            continue
        if before is None or before.id in seen:
            waiting.append(row)
            continue
        seen.add(before.id)
        after = entity_after(before, row, replace(before, updated_at=to.now))
        if isinstance(after, Violation):
            outcomes.append(refused(row.place, after))
        elif after is before:
            outcomes.append(RowOutcome(place=row.place, status=RowStatus.UNCHANGED, id=before.id))
        else:
            stored = StoredEntity(
                entity=after,
                claim=resolution_keys(after.content) if after.is_active else (),
                release=released_keys(before.content, after.content),
                was_active=before.is_active,
            )
            changed.append((row, stored))
    try:
        outcomes += await _stored_entities(to, changed, one_by_one=tries >= TRIES)
    except RowsCollide:
        waiting += [row for row, _ in changed]
    return outcomes, sorted(waiting, key=lambda row: row.place)


async def _stored_entities(
    to: Writing, pairs: Sequence[tuple[EntityRow, StoredEntity]], *, one_by_one: bool
) -> list[RowOutcome]:
    """Together. When one of them collides, raises `RowsCollide`, or `one_by_one` refuses it alone."""
    if not pairs:
        return []
    try:
        await to.bulk.save_entities([stored for _, stored in pairs])
    except RowsCollide:
        if not one_by_one:
            raise
        if len(pairs) == 1:
            return [refused(pairs[0][0].place, COLLIDES)]
        half = len(pairs) // 2
        return [
            *await _stored_entities(to, pairs[:half], one_by_one=True),
            *await _stored_entities(to, pairs[half:], one_by_one=True),
        ]
    return [
        RowOutcome(place=row.place, status=RowStatus.UPDATED, id=stored.entity.id) for row, stored in pairs
    ]
