"""Rows of the declared schema as aggregates and back, and the schemas a process has read."""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from asyncpg import Record

from adapters.postgres import json
from application.graph.schema import RelationshipFacts
from domain.graph.schema import (
    Cardinality,
    Declaration,
    Declared,
    Enforcement,
    EntityType,
    GraphSchema,
    RelationshipType,
    SchemaSettings,
    UndeclaredTypes,
    declared_data,
)
from domain.graph.schema_rules import Surroundings
from domain.shared.ids import UserId
from domain.shared.json import JsonObject

KEPT = 4096
KEPT_TEXT = 32 * 1024 * 1024


class SchemaCache:
    """The schemas of the users a process has written for, the most recently used, and not too much of them.

    It may be behind: a unit of work is told so when it commits.
    """

    def __init__(self, most: int = KEPT, text: int = KEPT_TEXT) -> None:
        self._most, self._text = most, text
        self._size = 0
        self._kept: OrderedDict[UserId, tuple[GraphSchema, int]] = OrderedDict()

    def get(self, user_id: UserId) -> GraphSchema | None:
        """What was read last, if it is still here."""
        if user_id not in self._kept:
            return None
        self._kept.move_to_end(user_id)
        return self._kept[user_id][0]

    def put(self, schema: GraphSchema, size: int) -> None:
        """Keeps a schema of so many characters."""
        self.drop(schema.user_id)
        self._kept[schema.user_id] = schema, size
        self._size += size
        while len(self._kept) > self._most or (self._size > self._text and len(self._kept) > 1):
            self._size -= self._kept.popitem(last=False)[1][1]

    def drop(self, user_id: UserId) -> None:
        """Forgets a user's."""
        _, size = self._kept.pop(user_id, (None, 0))
        self._size -= size


def schema_of(user_id: UserId, row: Record | None) -> GraphSchema:
    """The aggregate of a row; the empty one where there is none."""
    if row is None:
        return GraphSchema(user_id=user_id)
    return GraphSchema(
        user_id=user_id,
        version=row["version"],
        settings=SchemaSettings(
            enforcement=Enforcement(row["enforcement"]),
            undeclared_types=UndeclaredTypes(row["undeclared_types"]),
            version=row["settings_version"],
        ),
        entity_types={d["type"]: _declaration(d, False) for d in json.decode(row["entity_types"])},
        relationship_types={d["type"]: _declaration(d, True) for d in json.decode(row["relationship_types"])},
    )


def size_of(row: Record | None) -> int:
    """How much text a row holds."""
    return 0 if row is None else len(row["entity_types"]) + len(row["relationship_types"])


def columns_of(schema: GraphSchema) -> tuple[object, ...]:
    """The columns of a schema, in their order."""
    return (
        schema.user_id,
        schema.version,
        str(schema.settings.enforcement),
        str(schema.settings.undeclared_types),
        schema.settings.version,
        json.encode([_data(d) for d in schema.entity_types.values()]),
        json.encode([_data(d) for d in schema.relationship_types.values()]),
    )


def _data(declaration: Declaration) -> JsonObject:
    return {
        **declared_data(declaration.declared),
        "type": declaration.type,
        "version": declaration.version,
        "created_at": declaration.created_at,
        "updated_at": declaration.updated_at,
    }


def _declaration(data: Mapping[str, Any], is_relationship: bool) -> Declaration:
    declared: Declared = EntityType(description=data["description"], metadata_schema=data["metadata_schema"])
    if is_relationship:
        declared = RelationshipType(
            description=data["description"],
            metadata_schema=data["metadata_schema"],
            source_types=tuple(data["source_types"]),
            target_types=tuple(data["target_types"]),
            symmetric=data["symmetric"],
            inverse=data["inverse"],
            cardinality=Cardinality(data["cardinality"]),
        )
    return Declaration(
        type=data["type"],
        declared=declared,
        version=data["version"],
        created_at=datetime.fromisoformat(data["created_at"]),
        updated_at=datetime.fromisoformat(data["updated_at"]),
    )


def exclusive_types(schema: GraphSchema) -> tuple[list[str], list[str], list[str]]:
    """The relationship types with one target to a source, with one source to a target, symmetric ones."""
    relations = schema.relations.items()
    return (
        [name for name, d in relations if d.cardinality.one_target],
        [name for name, d in relations if d.cardinality.one_source],
        [name for name, d in relations if d.symmetric],
    )


def relationship_facts(row: Record) -> RelationshipFacts:
    """A stored relationship and where it stands."""
    around = Surroundings(
        source_type=row["source_type"],
        target_type=row["target_type"],
        outgoing=row["outgoing"],
        incoming=row["incoming"],
        reverse=row["reverse"],
    )
    return RelationshipFacts(
        id=row["id"], type=row["type"], metadata=json.decode(row["metadata"]), around=around
    )
