"""Holds what documents say to the declared schema, before it is written."""

from collections.abc import Mapping, Sequence

from application.graph.hold_rows_to_schema import Judges, judges_of
from application.graph.schema import SchemaAccess
from application.graph.waves import Change, Judge, Thing
from domain.graph.entity import Entity
from domain.graph.relationship import Relationship
from domain.graph.schema import Enforcement
from domain.shared.errors import Violation
from domain.shared.ids import EntityId, RelationshipId


class HoldFindingsToSchema:
    """What is wrong with new things, by their ids; nothing where the schema is not enforced."""

    def __init__(self, work: SchemaAccess) -> None:
        self._work = work

    async def broken_entities(self, entities: Sequence[Entity]) -> Mapping[EntityId, Sequence[Violation]]:
        judges = await self._judges()
        refused = {} if judges is None else await _refused(judges.entities, entities)
        return {entities[index].id: violations for index, violations in refused.items()}

    async def broken_relationships(
        self, relationships: Sequence[Relationship]
    ) -> Mapping[RelationshipId, Sequence[Violation]]:
        judges = await self._judges()
        refused = {} if judges is None else await _refused(judges.relationships, relationships)
        return {relationships[index].id: violations for index, violations in refused.items()}

    async def _judges(self) -> Judges | None:
        schema = await self._work.schema.current()
        enforces = schema.settings.enforcement is Enforcement.ENFORCE
        return await judges_of(self._work) if enforces else None


async def _refused(judge: Judge[Thing], things: Sequence[Thing]) -> Mapping[int, Sequence[Violation]]:
    return (await judge([Change(thing) for thing in things])).refused
