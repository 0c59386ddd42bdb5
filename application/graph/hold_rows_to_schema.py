"""Holds rows that are written together to the declared schema, each to those before it, set by set."""

import asyncio
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

from application.graph.hold_to_schema import (
    end_violations,
    violations_of_entity,
    violations_of_relationship,
)
from application.graph.schema import SchemaAccess
from application.graph.waves import Change, Judge, Judgement, Thing
from domain.graph.entity import Entity
from domain.graph.relationship import Relationship, RelationshipContent
from domain.graph.schema import Enforcement, GraphSchema, UndeclaredTypes
from domain.graph.schema_rules import Surroundings
from domain.graph.standing import Standing
from domain.shared.errors import Violation

# Judging metadata takes a while: after so many rows others go first.
AT_A_TIME = 200
NOWHERE = Surroundings(source_type=None, target_type=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judges:
    """What rows of each kind are held to."""

    entities: Judge[Entity]
    relationships: "JudgeRelationships"


async def judges_of(work: SchemaAccess) -> Judges | None:
    """None where there is nothing to hold rows to. `commit` raises `SchemaChanged` when that is not so any
    more by then."""
    schema = await work.schema.current()
    settings = schema.settings
    is_declared = schema.entity_types or schema.relationship_types
    allows_all = settings.undeclared_types is UndeclaredTypes.ALLOW and not is_declared
    if settings.enforcement is Enforcement.OFF or allows_all:
        return None
    return Judges(entities=JudgeEntities(work, schema), relationships=JudgeRelationships(work, schema))


@dataclass(slots=True)
class _Findings:
    """What is wrong with changes, as far as they have been judged."""

    refuses: bool
    found: dict[int, Sequence[Violation]] = field(default_factory=dict)

    def judgement(self) -> Judgement:
        if self.refuses:
            return Judgement(refused=self.found, warned={})
        return Judgement(refused={}, warned=self.found)

    async def note(
        self, changes: Sequence[Change[Thing]], judge: Callable[[int, Change[Thing]], Sequence[Violation]]
    ) -> None:
        for index, change in enumerate(changes):
            if index % AT_A_TIME == AT_A_TIME - 1:
                await asyncio.sleep(0)
            if violations := judge(index, change):
                self.found[index] = violations


class JudgeEntities(Judge[Entity]):
    """Where a type changes, the relationships are asked for all at once."""

    def __init__(self, work: SchemaAccess, schema: GraphSchema) -> None:
        self._work, self._schema = work, schema

    async def __call__(self, changes: Sequence[Change[Entity]], /) -> Judgement:
        schema, judge = self._schema, self._work.metadata_schemas
        turned = {
            change.after.id: change.after.content.type
            for change in changes
            if change.before is not None and change.before.content.type != change.after.content.type
        }
        closed = await self._work.schema.closed_to_all(turned, schema) if turned else {}

        def violations(_: int, change: Change[Entity]) -> Sequence[Violation]:
            entity = change.after
            name = entity.content.type
            return [
                *violations_of_entity(schema, judge, name, entity.content.metadata),
                *end_violations(name, closed.get(entity.id, ())),
            ]

        findings = _Findings(refuses=schema.settings.enforcement is Enforcement.ENFORCE)
        await findings.note(changes, violations)
        return findings.judgement()


class JudgeRelationships(Judge[Relationship]):
    """What the graph has around all of them is asked for at once; what they are to each other is counted."""

    def __init__(self, work: SchemaAccess, schema: GraphSchema) -> None:
        self._work, self._schema = work, schema
        self._relations = schema.relations

    def meets(self, content: RelationshipContent) -> Sequence[Hashable]:
        """The ends where a relationship can forbid another one."""
        name = content.relationship_type
        declared = self._relations.get(name)
        if declared is None or not declared.is_exclusive:
            return ()
        if declared.symmetric:
            return (name, content.source_entity_id), (name, content.target_entity_id)
        return (name, "from", content.source_entity_id), (name, "to", content.target_entity_id)

    async def __call__(self, changes: Sequence[Change[Relationship]], /) -> Judgement:
        schema, judge = self._schema, self._work.metadata_schemas
        refuses = schema.settings.enforcement is Enforcement.ENFORCE
        around = await self._around(changes)
        standing = Standing(schema)
        for change in changes:
            if change.before is not None:
                standing.put(change.before)

        def violations(index: int, change: Change[Relationship]) -> Sequence[Violation]:
            content = change.after.content
            if change.before is not None:
                standing.take(change.before)
            surroundings = standing.around(change.after, around.get(index, NOWHERE))
            found = violations_of_relationship(
                schema, judge, content.relationship_type, content.metadata, surroundings
            )
            if not (found and refuses):
                standing.put(change.after)
            elif change.before is not None:
                standing.put(change.before)
            return found

        findings = _Findings(refuses=refuses)
        await findings.note(changes, violations)
        return findings.judgement()

    async def _around(self, changes: Sequence[Change[Relationship]]) -> dict[int, Surroundings]:
        asked = [
            index
            for index, change in enumerate(changes)
            if (declared := self._relations.get(change.after.content.relationship_type)) is not None
            and declared.looks_around
        ]
        if not asked:
            return {}
        stored = [c.before.id for c in changes if c.before is not None and c.before.is_active]
        found = await self._work.schema.around_all([changes[i].after for i in asked], self._schema, stored)
        return dict(zip(asked, found, strict=True))
