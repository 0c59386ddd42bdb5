"""Writes entities into a graph row by row in effect, set by set in fact."""

from collections.abc import Hashable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from uuid import UUID

from application.graph.bulk import StoredEntity
from application.graph.waves import Judge, Kind, write_in_waves
from application.graph.writing import Writing
from domain.graph.bulk import EntityRow, RowOutcome, entity_after
from domain.graph.entity import Entity, EntityContent, released_keys, resolution_keys
from domain.shared.errors import Violation
from domain.shared.ids import EntityId


async def put_entities(to: Writing, rows: Sequence[EntityRow]) -> Sequence[RowOutcome]:
    """The rows' outcomes, in their order."""
    found = await write_in_waves(Entities(to), rows, to.mode)
    return [found[row.place] for row in rows]


@dataclass(frozen=True, slots=True)
class Entities(Kind[EntityRow, Entity]):
    """Entities stand by themselves; they claim the keys that names are found by."""

    to: Writing

    @property
    def judge(self) -> Judge[Entity] | None:
        return None if self.to.judges is None else self.to.judges.entities

    def claims(self, row: EntityRow) -> Sequence[Hashable]:
        claims: list[Hashable] = [] if row.id is None else [row.id]
        return claims + _external_id(row.content)

    def holds(self, thing: Entity) -> Sequence[Hashable]:
        return _external_id(thing.content) if thing.is_active else ()

    def meets(self, _: EntityRow, /) -> Sequence[Hashable]:
        return ()

    async def placed(self, rows: Sequence[EntityRow]) -> tuple[Sequence[EntityRow], Sequence[RowOutcome]]:
        return rows, ()

    def new(self, row: EntityRow) -> Entity:
        return Entity(
            user_id=self.to.user_id,
            id=row.id or EntityId(self.to.ids.new()),
            content=row.content,
            is_active=row.is_active,
            version=1,
            created_at=self.to.now,
            updated_at=self.to.now,
        )

    def changed(self, before: Entity, row: EntityRow) -> Entity | Violation:
        return entity_after(before, row, replace(before, updated_at=self.to.now))

    async def add(self, things: Sequence[Entity]) -> AbstractSet[UUID]:
        return await self.to.bulk.add_entities(
            [StoredEntity(entity=entity, claim=_keys(entity)) for entity in things]
        )

    async def find(self, rows: Sequence[EntityRow]) -> Mapping[int, Entity]:
        return await self.to.bulk.find_entities(self.to.user_id, rows) if rows else {}

    async def save(self, changes: Sequence[tuple[Entity, Entity]]) -> None:
        await self.to.bulk.save_entities(
            [
                StoredEntity(
                    entity=after,
                    claim=_keys(after),
                    release=released_keys(before.content, after.content),
                    was_active=before.is_active,
                )
                for before, after in changes
            ]
        )


def _external_id(content: EntityContent) -> list[Hashable]:
    return [] if content.external_id is None else [(content.source, content.external_id)]


def _keys(entity: Entity) -> Sequence[str]:
    return resolution_keys(entity.content) if entity.is_active else ()
