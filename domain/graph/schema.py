"""A declaration says which entity and relationship types a graph has and what they must look like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from domain.graph.content import TYPE_LENGTH, same_json
from domain.graph.json_schema import refuse_schema
from domain.shared.checks import Checks
from domain.shared.errors import InvalidInput, Violation
from domain.shared.ids import UserId
from domain.shared.json import Json, JsonObject

DESCRIPTION_LENGTH = 2000
DECLARED_TYPES = 200
END_TYPES = 100


class Enforcement(StrEnum):
    """What happens to a write that breaks the declared schema."""

    OFF = "off"
    WARN = "warn"
    ENFORCE = "enforce"


class UndeclaredTypes(StrEnum):
    """Whether a type nobody declared breaks the schema."""

    ALLOW = "allow"
    REFUSE = "refuse"


class Cardinality(StrEnum):
    """How many relationships of a type may leave a source, and reach a target."""

    MANY_TO_MANY = "many-to-many"
    ONE_TO_MANY = "one-to-many"
    MANY_TO_ONE = "many-to-one"
    ONE_TO_ONE = "one-to-one"

    @property
    def one_target(self) -> bool:
        """A source has at most one target."""
        return self in (Cardinality.MANY_TO_ONE, Cardinality.ONE_TO_ONE)

    @property
    def one_source(self) -> bool:
        """A target has at most one source."""
        return self in (Cardinality.ONE_TO_MANY, Cardinality.ONE_TO_ONE)

    @property
    def mirrored(self) -> "Cardinality":
        """The same, seen from the other end."""
        swapped = {
            Cardinality.ONE_TO_MANY: Cardinality.MANY_TO_ONE,
            Cardinality.MANY_TO_ONE: Cardinality.ONE_TO_MANY,
        }
        return swapped.get(self, self)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityType:
    """What entities of a type must look like; no metadata schema allows any metadata."""

    description: str | None = None
    metadata_schema: JsonObject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationshipType:
    """What relationships of a type must look like; no end types allow any."""

    description: str | None = None
    source_types: Sequence[str] = ()
    target_types: Sequence[str] = ()
    symmetric: bool = False
    inverse: str | None = None
    cardinality: Cardinality = Cardinality.MANY_TO_MANY
    metadata_schema: JsonObject | None = None

    @property
    def is_exclusive(self) -> bool:
        """Whether one relationship can forbid another one."""
        return self.symmetric or self.cardinality is not Cardinality.MANY_TO_MANY

    @property
    def looks_around(self) -> bool:
        """Whether it matters where a relationship stands."""
        return self.is_exclusive or bool(self.source_types or self.target_types)


Declared = EntityType | RelationshipType


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A declared type; `version` counts its changes from 1. Times are UTC."""

    type: str
    declared: Declared
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaSettings:
    """How the schema is applied; version 0 until somebody chooses."""

    enforcement: Enforcement = Enforcement.OFF
    undeclared_types: UndeclaredTypes = UndeclaredTypes.ALLOW
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphSchema:
    """All that one user declared. `version` counts its changes, from 0 for nothing."""

    user_id: UserId
    version: int = 0
    settings: SchemaSettings = field(default_factory=SchemaSettings)
    entity_types: Mapping[str, Declaration] = field(default_factory=dict)
    relationship_types: Mapping[str, Declaration] = field(default_factory=dict)

    def entity_type(self, name: str) -> EntityType | None:
        """What is declared for entities of a type."""
        found = self.entity_types.get(name)
        return found.declared if found is not None and isinstance(found.declared, EntityType) else None

    def relationship_type(self, name: str) -> RelationshipType | None:
        """What is declared for relationships of a type."""
        found = self.relationship_types.get(name)
        return found.declared if found is not None and isinstance(found.declared, RelationshipType) else None

    @property
    def relations(self) -> Mapping[str, RelationshipType]:
        """The declared relationship types by name."""
        return {
            name: d.declared
            for name, d in self.relationship_types.items()
            if isinstance(d.declared, RelationshipType)
        }


def _common(checks: Checks, description: str | None, schema: JsonObject | None) -> str | None:
    if schema is not None:
        refuse_schema(checks, "/metadata_schema", schema)
    return checks.optional_text("/description", description, longest=DESCRIPTION_LENGTH)


def checked_entity_type(wanted: EntityType) -> EntityType:
    """As it is kept. Raises `InvalidInput`."""
    checks = Checks()
    kept = replace(wanted, description=_common(checks, wanted.description, wanted.metadata_schema))
    checks.finish()
    return kept


def checked_relationship_type(schema: GraphSchema, name: str, wanted: RelationshipType) -> RelationshipType:
    """As it is kept, consistent with itself and with its inverse. Raises `InvalidInput`."""
    checks = Checks()
    kept = replace(
        wanted,
        description=_common(checks, wanted.description, wanted.metadata_schema),
        source_types=checks.texts("/source_types", wanted.source_types, most=END_TYPES, longest=TYPE_LENGTH),
        target_types=checks.texts("/target_types", wanted.target_types, most=END_TYPES, longest=TYPE_LENGTH),
        inverse=checks.optional_text("/inverse", wanted.inverse, longest=TYPE_LENGTH),
    )
    if kept.symmetric:
        if kept.inverse not in (None, name):
            checks.refuse("/inverse", "inconsistent", "a symmetric type is its own inverse")
        if set(kept.source_types) != set(kept.target_types):
            checks.refuse("/target_types", "inconsistent", "of a symmetric type must be its source types")
        if kept.cardinality is not kept.cardinality.mirrored:
            checks.refuse("/cardinality", "inconsistent", "of a symmetric type must be the same both ways")
    elif kept.inverse is not None:
        _check_inverse(checks, schema, name, kept)
    for other, declared in schema.relations.items():
        if other == name or declared.inverse != name:
            continue
        if kept.symmetric or kept.inverse not in (None, other):
            checks.refuse("/inverse", "inconsistent", f"must be {other!r}, whose inverse this type is")
        else:
            _check_mirror(checks, kept, declared)
    checks.finish()
    return kept


def _check_inverse(checks: Checks, schema: GraphSchema, name: str, kept: RelationshipType) -> None:
    if kept.inverse == name:
        checks.refuse("/inverse", "inconsistent", "only a symmetric type is its own inverse")
        return
    for other, declared in schema.relations.items():
        if other not in (name, kept.inverse) and declared.inverse == kept.inverse:
            detail = f"{kept.inverse!r} is the inverse of {other!r} already"
            checks.refuse("/inverse", "inconsistent", detail)
    known = schema.relations.get(kept.inverse or "")
    if known is None:
        return
    if known.symmetric or known.inverse not in (None, name):
        owner = kept.inverse if known.symmetric else known.inverse
        checks.refuse("/inverse", "inconsistent", f"{kept.inverse!r} has the inverse {owner!r}")
    elif known.inverse is None:
        _check_mirror(checks, kept, known)


def _check_mirror(checks: Checks, one: RelationshipType, other: RelationshipType) -> None:
    for pointer, mine, theirs in (
        ("/source_types", one.source_types, other.target_types),
        ("/target_types", one.target_types, other.source_types),
    ):
        if mine and theirs and set(mine) != set(theirs):
            checks.refuse(pointer, "inconsistent", "must be the types at the other end of the inverse")
    if one.cardinality is not other.cardinality.mirrored:
        checks.refuse("/cardinality", "inconsistent", "must be that of the inverse, seen from the other end")


def inverse_of(schema: GraphSchema, name: str) -> str | None:
    """The inverse of a type, whichever of the two names the other."""
    declared = schema.relations.get(name)
    if declared is not None and declared.symmetric:
        return name
    if declared is not None and declared.inverse is not None:
        return declared.inverse
    return next((other for other, d in schema.relations.items() if d.inverse == name), None)


def with_type(schema: GraphSchema, name: str, declared: Declared, now: datetime) -> GraphSchema:
    """The schema with a type declared; the same one when that is nothing new. Raises `InvalidInput`."""
    is_entity = isinstance(declared, EntityType)
    types = schema.entity_types if is_entity else schema.relationship_types
    before = types.get(name)
    if before is not None and same_json(declared_data(before.declared), declared_data(declared)):
        return schema
    checks = Checks()
    if checks.text("/type", name, shortest=1, longest=TYPE_LENGTH) != name:
        checks.refuse("/type", "not_trimmed", "must not begin or end with white space")
    if before is None and len(types) >= DECLARED_TYPES:
        checks.refuse("", "too_many", f"at most {DECLARED_TYPES} declared types of a kind")
    checks.finish()
    kept = Declaration(
        type=name,
        declared=declared,
        version=before.version + 1 if before else 1,
        created_at=before.created_at if before else now,
        updated_at=now,
    )
    return _with(schema, is_entity, {**types, name: kept})


def without_type(schema: GraphSchema, name: str, is_entity: bool) -> GraphSchema:
    """The schema without a declaration."""
    types = schema.entity_types if is_entity else schema.relationship_types
    return _with(schema, is_entity, {n: d for n, d in types.items() if n != name})


def _with(schema: GraphSchema, is_entity: bool, types: Mapping[str, Declaration]) -> GraphSchema:
    if is_entity:
        return replace(schema, version=schema.version + 1, entity_types=types)
    return replace(schema, version=schema.version + 1, relationship_types=types)


def with_settings(schema: GraphSchema, wanted: SchemaSettings) -> GraphSchema:
    """The schema applied otherwise; the same one when that is nothing new."""
    now = schema.settings
    if (wanted.enforcement, wanted.undeclared_types) == (now.enforcement, now.undeclared_types):
        return schema
    return replace(schema, version=schema.version + 1, settings=replace(wanted, version=now.version + 1))


def declared_data(declared: Declared) -> JsonObject:
    """What is declared, in JSON values."""
    common: dict[str, Json] = {
        "description": declared.description,
        "metadata_schema": declared.metadata_schema,
    }
    if isinstance(declared, EntityType):
        return common
    return common | {
        "source_types": list(declared.source_types),
        "target_types": list(declared.target_types),
        "symmetric": declared.symmetric,
        "inverse": declared.inverse,
        "cardinality": str(declared.cardinality),
    }


def refuse_invalid(pointer: str, violations: Sequence[Violation]) -> None:
    """Raises `InvalidInput` with the violations, below a pointer, if there are any."""
    if violations:
        raise InvalidInput([replace(v, pointer=pointer + v.pointer) for v in violations])
