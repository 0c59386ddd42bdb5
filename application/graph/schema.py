"""What holding a graph to its declared schema needs of a store, and what callers read of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.shared.ports import UnitOfWork
from domain.graph.relationship import Relationship
from domain.graph.schema import Declaration, EntityType, GraphSchema, RelationshipType, inverse_of
from domain.graph.schema_rules import Surroundings
from domain.shared.errors import Violation
from domain.shared.ids import EntityId, MergeId, RelationshipId, UserId
from domain.shared.json import JsonObject


class MetadataSchemas(Protocol):
    """Judges JSON by JSON Schemas (2020-12). Fetches nothing; a pattern takes linear time."""

    def refuse(self, schema: JsonObject) -> Sequence[Violation]:
        """Why the schema is none, with pointers into it; `refuse_schema` has had its say before."""
        ...

    def violations(self, schema: JsonObject, value: JsonObject) -> Sequence[Violation]:
        """What is wrong with the value, with pointers into it: all of it, or at least the first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityFacts:
    """What the rules ask of a stored entity."""

    id: UUID
    type: str
    metadata: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationshipFacts:
    """What the rules ask of a stored relationship; of two that exclude each other, the later one is told."""

    id: UUID
    type: str
    metadata: JsonObject
    around: Surroundings


class SchemaFacts(Protocol):
    """Reads what is stored, as the rules ask for it: active things after an id, by id. `types` limits it to
    some types; None is all."""

    async def entities(
        self, user_id: UserId, types: Sequence[str] | None, after: UUID | None, limit: int
    ) -> Sequence[EntityFacts]: ...

    async def relationships(
        self, schema: GraphSchema, types: Sequence[str] | None, after: UUID | None, limit: int
    ) -> Sequence[RelationshipFacts]: ...


class GraphSchemaRepository(SchemaFacts, Protocol):
    """The declared schema of the unit of work's user."""

    async def current(self) -> GraphSchema:
        """The schema in force. `commit` raises `SchemaChanged`, and stores nothing, when it is another one
        by then."""
        ...

    async def hold(self) -> GraphSchema:
        """The schema, for a change: until this unit of work ends nobody else changes it, and nobody commits
        what was checked against it."""
        ...

    async def save(self, schema: GraphSchema) -> None:
        """Stores a schema this unit of work holds. Raises `AccountGone`."""
        ...

    async def around(self, relationship: Relationship, declared: RelationshipType) -> Surroundings:
        """Where a relationship would stand among the active others. Until this unit of work ends its ends
        stay of their types and, when its type is exclusive, nobody else asks this about the type."""
        ...

    async def closed_to(self, entity_id: EntityId, closed: Mapping[str, Sequence[str]]) -> Sequence[UUID]:
        """The first active relationships, at most ten, with this entity at an end, `source` or `target`,
        that is closed to it, by id."""
        ...

    async def around_all(
        self,
        relationships: Sequence[Relationship],
        schema: GraphSchema,
        but_for: Collection[RelationshipId],
    ) -> Sequence[Surroundings]:
        """As `around`, of many at once, whose ends are held already, as if those in `but_for` were not
        there. What their types do not ask about is told as absent."""
        ...

    async def misplaced(self, schema: GraphSchema, merge_id: MergeId) -> Sequence[RelationshipFacts]:
        """Of the relationships that this merge, or its undoing, has changed in this unit of work and left
        active: the first that stand where the schema does not want them, at most ten, by id. Of two that
        exclude each other each is told."""
        ...

    async def closed_to_all(
        self, types: Mapping[EntityId, str], schema: GraphSchema
    ) -> Mapping[EntityId, Sequence[UUID]]:
        """As `closed_to`, of entities that are to have these types; those without one are left out."""
        ...


class SchemaAccess(Protocol):
    """What judging by a declared schema needs of a unit of work."""

    @property
    def schema(self) -> GraphSchemaRepository: ...

    @property
    def metadata_schemas(self) -> MetadataSchemas: ...


class SchemaUnitOfWork(SchemaAccess, UnitOfWork, Protocol):
    """One transaction over one user's declared schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViolationView:
    """One broken rule; `pointer` (RFC 6901) leads into the thing."""

    pointer: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ViolatorView:
    """One thing of the graph and what is wrong with it. `kind` is `entity` or `relationship`."""

    kind: str
    id: UUID
    type: str
    violations: Sequence[ViolationView]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """How what is in the graph stands to the schema: of `checked` things `total` break it, here are the
    first. Not `complete`: there are more things than are looked at in one request."""

    checked: int = 0
    total: int = 0
    complete: bool = True
    violators: Sequence[ViolatorView] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityTypeView:
    """A declared entity type."""

    type: str
    description: str | None
    metadata_schema: JsonObject | None
    version: int
    created_at: datetime
    updated_at: datetime
    report: ReportView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationshipTypeView:
    """A declared relationship type; no end types stand for all. `inverse` is also told when only the other
    type names it."""

    type: str
    description: str | None
    source_types: Sequence[str]
    target_types: Sequence[str]
    symmetric: bool
    inverse: str | None
    cardinality: str
    metadata_schema: JsonObject | None
    version: int
    created_at: datetime
    updated_at: datetime
    report: ReportView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaSettingsView:
    """How the schema is applied."""

    enforcement: str
    undeclared_types: str
    version: int
    report: ReportView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityTypeUse:
    """How many active entities have a type."""

    type: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EndTypes:
    """How many relationships go from one type of entity to another."""

    source_type: str
    target_type: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationshipTypeUse:
    """How many active relationships have a type, and between which types, most first."""

    type: str
    count: int
    ends: Sequence[EndTypes]


@dataclass(frozen=True, slots=True, kw_only=True)
class TypesInUse:
    """The types of active things, most used first; `truncated`: there are more."""

    entity_types: Sequence[EntityTypeUse] = ()
    relationship_types: Sequence[RelationshipTypeUse] = ()
    truncated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredView:
    """What is declared, by name."""

    entity_types: Sequence[EntityTypeView]
    relationship_types: Sequence[RelationshipTypeView]


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphSchemaView:
    """What a graph consists of, next to what it should."""

    settings: SchemaSettingsView
    declared: DeclaredView
    in_use: TypesInUse = field(default_factory=TypesInUse)


class SchemaQueries(SchemaFacts, Protocol):
    """Reads one user's schema. What another user declared is not there."""

    async def schema(self, user_id: UserId) -> GraphSchema: ...

    async def in_use(self, user_id: UserId) -> TypesInUse:
        """At most 500 types of a kind, at most 20 pairs of ends for each."""
        ...


def entity_type_view(declaration: Declaration, report: ReportView | None = None) -> EntityTypeView:
    """A declaration as callers see it."""
    declared = declaration.declared
    if not isinstance(declared, EntityType):
        raise TypeError("this declares no entity type")
    return EntityTypeView(
        type=declaration.type,
        description=declared.description,
        metadata_schema=declared.metadata_schema,
        version=declaration.version,
        created_at=declaration.created_at,
        updated_at=declaration.updated_at,
        report=report,
    )


def relationship_type_view(
    schema: GraphSchema, declaration: Declaration, report: ReportView | None = None
) -> RelationshipTypeView:
    """A declaration as callers see it."""
    declared = declaration.declared
    if not isinstance(declared, RelationshipType):
        raise TypeError("this declares no relationship type")
    return RelationshipTypeView(
        type=declaration.type,
        description=declared.description,
        source_types=declared.source_types,
        target_types=declared.target_types,
        symmetric=declared.symmetric,
        inverse=inverse_of(schema, declaration.type),
        cardinality=str(declared.cardinality),
        metadata_schema=declared.metadata_schema,
        version=declaration.version,
        created_at=declaration.created_at,
        updated_at=declaration.updated_at,
        report=report,
    )
