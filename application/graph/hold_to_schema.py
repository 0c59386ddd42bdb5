"""Holds what is written to the declared schema, and reports what is stored and breaks it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

from application.graph.schema import (
    EntityFacts,
    MetadataSchemas,
    RelationshipFacts,
    ReportView,
    SchemaFacts,
    SchemaUnitOfWork,
    ViolationView,
    ViolatorView,
)
from application.shared.ports import StartWork
from application.shared.principal import Principal
from domain.graph.entity import Entity
from domain.graph.errors import RelationshipExists, SchemaChanged
from domain.graph.relationship import Relationship
from domain.graph.schema import Enforcement, GraphSchema
from domain.graph.schema_rules import (
    Surroundings,
    closed_ends,
    entity_violations,
    relationship_violations,
)
from domain.shared.errors import InvalidInput, Violation
from domain.shared.ids import MergeId
from domain.shared.json import JsonObject

ATTEMPTS = 3
SHOWN = 50
CHUNK = 1000
# What one declaration looks at; what is beyond is told by the list of violations, page by page.
LOOKED_AT = 200_000

Made = TypeVar("Made")
Warn = Callable[[Sequence[Violation]], None]


def unheard(_: Sequence[Violation]) -> None:
    """For callers to whom warnings mean nothing."""


async def under_current_schema(attempt: Callable[[], Awaitable[Made]]) -> Made:
    """What an attempt makes; it is made again when the schema changed under it. Raises `SchemaChanged` when
    that happens over and over."""
    for _ in range(ATTEMPTS - 1):
        try:
            return await attempt()
        except SchemaChanged:
            continue
    return await attempt()


async def confirm_schema(start_work: StartWork[SchemaUnitOfWork], principal: Principal) -> None:
    """Before a long unit of work: what this process takes for the schema is in force. Raises
    `SchemaChanged`, after which it reads it anew."""
    async with start_work(principal) as work:
        await work.schema.current()
        await work.commit()


async def hold_entity(
    work: SchemaUnitOfWork, entity: Entity, before: Entity | None = None
) -> Sequence[Violation]:
    """What is wrong with an entity about to be written, where that is a warning.

    `before` is what it was: with another type its relationships are looked at. Raises `InvalidInput` where
    the schema is enforced.
    """
    schema = await work.schema.current()
    if schema.settings.enforcement is Enforcement.OFF:
        return ()
    name = entity.content.type
    found = violations_of_entity(schema, work.metadata_schemas, name, entity.content.metadata)
    if before is not None and before.content.type != name:
        closed = closed_ends(schema, name)
        broken = await work.schema.closed_to(entity.id, closed) if any(closed.values()) else ()
        found += end_violations(name, broken)
    return _judged(schema, found)


async def hold_relationship(work: SchemaUnitOfWork, relationship: Relationship) -> Sequence[Violation]:
    """As `hold_entity`. Raises `RelationshipExists`, too, for the mirror image of a symmetric one."""
    schema = await work.schema.current()
    if schema.settings.enforcement is Enforcement.OFF:
        return ()
    name = relationship.content.relationship_type
    declared = schema.relationship_type(name)
    around = Surroundings(source_type=None, target_type=None)
    if declared is not None and declared.looks_around:
        around = await work.schema.around(relationship, declared)
    metadata = relationship.content.metadata
    return _judged(schema, violations_of_relationship(schema, work.metadata_schemas, name, metadata, around))


async def hold_restored(
    work: SchemaUnitOfWork, entity: Entity, relationships: Sequence[Relationship]
) -> Sequence[Violation]:
    """As `hold_entity`, of an entity that came back with relationships; pointers lead to these by id."""
    found = list(await hold_entity(work, entity))
    for relationship in sorted(relationships, key=lambda r: (r.content.relationship_type, r.id)):
        place = f"/relationships/{relationship.id}"
        try:
            warned = await hold_relationship(work, relationship)
        except InvalidInput as error:
            raise InvalidInput(_below(place, error.violations)) from error
        found += _below(place, warned)
    return found


async def hold_merge(
    work: SchemaUnitOfWork, merge_id: MergeId, entities: Sequence[Entity]
) -> Sequence[Violation]:
    """As `hold_entity`, of what a merge, or its undoing, has changed in this unit of work: these entities and
    the relationships at them. Pointers lead to each by id."""
    schema = await work.schema.current()
    if schema.settings.enforcement is Enforcement.OFF:
        return ()
    found: list[Violation] = []
    for entity in entities:
        content = entity.content
        broken = violations_of_entity(schema, work.metadata_schemas, content.type, content.metadata)
        found += _below(f"/entities/{entity.id}", broken)
    for edge in await work.schema.misplaced(schema, merge_id):
        found += _below(f"/relationships/{edge.id}", relationship_violations(schema, edge.type, edge.around))
    if found and schema.settings.enforcement is Enforcement.ENFORCE:
        raise InvalidInput(found)
    return found


def _below(place: str, violations: Sequence[Violation]) -> list[Violation]:
    return [replace(v, pointer=place + v.pointer) for v in violations]


def _judged(schema: GraphSchema, found: Sequence[Violation]) -> Sequence[Violation]:
    if not found or schema.settings.enforcement is Enforcement.WARN:
        return found
    if all(violation.code == "mirrored" for violation in found):
        raise RelationshipExists
    raise InvalidInput(found)


def end_violations(type_name: str, relationships: Sequence[UUID]) -> list[Violation]:
    """What is wrong with an entity of a type that these may not have at their ends."""
    detail = f"{type_name!r} may not be an end of its relationship"
    return [Violation(pointer="/type", code="end_type", detail=f"{detail} {edge}") for edge in relationships]


def violations_of_entity(
    schema: GraphSchema, judge: MetadataSchemas, type_name: str, metadata: JsonObject
) -> list[Violation]:
    """All that is wrong with an entity, whatever is enforced."""
    declared = schema.entity_type(type_name)
    rules = declared.metadata_schema if declared is not None else None
    return [*entity_violations(schema, type_name), *_of_metadata(judge, rules, metadata)]


def violations_of_relationship(
    schema: GraphSchema,
    judge: MetadataSchemas,
    type_name: str,
    metadata: JsonObject,
    around: Surroundings,
) -> list[Violation]:
    """All that is wrong with a relationship, whatever is enforced."""
    declared = schema.relationship_type(type_name)
    rules = declared.metadata_schema if declared is not None else None
    return [
        *relationship_violations(schema, type_name, around),
        *_of_metadata(judge, rules, metadata),
    ]


def _of_metadata(judge: MetadataSchemas, rules: JsonObject | None, metadata: JsonObject) -> list[Violation]:
    return _below("/metadata", judge.violations(rules, metadata)) if rules is not None else []


def judged(
    schema: GraphSchema, judge: MetadataSchemas, facts: EntityFacts | RelationshipFacts
) -> ViolatorView | None:
    """A stored thing that breaks the schema; None when it does not."""
    if isinstance(facts, EntityFacts):
        found = violations_of_entity(schema, judge, facts.type, facts.metadata)
    else:
        found = violations_of_relationship(schema, judge, facts.type, facts.metadata, facts.around)
    if not found:
        return None
    return ViolatorView(
        kind="entity" if isinstance(facts, EntityFacts) else "relationship",
        id=facts.id,
        type=facts.type,
        violations=[ViolationView(pointer=v.pointer, code=v.code, detail=v.detail) for v in found],
    )


class Reporter:
    """Looks at stored things, chunk by chunk, and lets others go on in between."""

    def __init__(self, facts: SchemaFacts, judge: MetadataSchemas, most: int = LOOKED_AT) -> None:
        self._facts = facts
        self._judge = judge
        self._most = most
        self._report = ReportView()

    async def report(
        self, schema: GraphSchema, entities: Sequence[str] | None, relationships: Sequence[str] | None
    ) -> ReportView:
        """How the things of these types stand to the schema; None is every type, an empty list none."""
        for kind, types in (("entity", entities), ("relationship", relationships)):
            after: UUID | None = None
            while types is None or types:
                chunk = await read_chunk(self._facts, schema, kind, types, after=after, limit=CHUNK)
                await asyncio.sleep(0)  # judging a chunk takes a while: others first
                self._note(schema, chunk)
                if len(chunk) < CHUNK:
                    break
                after = chunk[-1].id
                if self._report.checked >= self._most:
                    return replace(self._report, complete=False)
        return self._report

    def _note(self, schema: GraphSchema, chunk: Sequence[EntityFacts | RelationshipFacts]) -> None:
        found = [violator for facts in chunk if (violator := judged(schema, self._judge, facts))]
        shown = [*self._report.violators, *found][:SHOWN]
        self._report = replace(
            self._report,
            checked=self._report.checked + len(chunk),
            total=self._report.total + len(found),
            violators=shown,
        )


async def read_chunk(
    facts: SchemaFacts,
    schema: GraphSchema,
    kind: str,
    types: Sequence[str] | None,
    *,
    after: UUID | None,
    limit: int,
) -> Sequence[EntityFacts | RelationshipFacts]:
    """The next stored things of a kind."""
    if kind == "entity":
        return await facts.entities(schema.user_id, types, after, limit)
    return await facts.relationships(schema, types, after, limit)
