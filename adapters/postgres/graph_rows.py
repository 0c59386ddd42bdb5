"""Rows of the graph's tables as aggregates and as views."""

import msgspec
from asyncpg import Record

from adapters.postgres import json
from application.graph.traversal import Neighborhood, NeighborhoodJson
from application.graph.views import EntityJson, EntityView, RelationshipJson, RelationshipView
from domain.graph.entity import Entity, EntityContent
from domain.graph.relationship import Relationship, RelationshipContent
from domain.shared.ids import EntityId, RelationshipId, UserId

ENTITY_COLUMNS = (
    "id, name, type, confidence, source, source_type, external_id, metadata, aliases, is_active, version, "
    "created_at, updated_at"
)
RELATIONSHIP_COLUMNS = (
    "id, source_entity_id, target_entity_id, type, confidence, source, source_type, external_id, metadata, "
    "is_active, version, created_at, updated_at"
)


def entity_of(user_id: UserId, row: Record) -> Entity:
    """The aggregate of a row with `ENTITY_COLUMNS`."""
    return Entity(
        user_id=user_id,
        id=EntityId(row["id"]),
        content=EntityContent(
            name=row["name"],
            type=row["type"],
            confidence=row["confidence"],
            source=row["source"],
            source_type=row["source_type"],
            external_id=row["external_id"],
            metadata=json.decode(row["metadata"]),
            aliases=tuple(row["aliases"]),
        ),
        is_active=row["is_active"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def relationship_of(user_id: UserId, row: Record) -> Relationship:
    """The aggregate of a row with `RELATIONSHIP_COLUMNS`."""
    return Relationship(
        user_id=user_id,
        id=RelationshipId(row["id"]),
        content=RelationshipContent(
            source_entity_id=EntityId(row["source_entity_id"]),
            target_entity_id=EntityId(row["target_entity_id"]),
            relationship_type=row["type"],
            confidence=row["confidence"],
            source=row["source"],
            source_type=row["source_type"],
            external_id=row["external_id"],
            metadata=json.decode(row["metadata"]),
        ),
        is_active=row["is_active"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


_ENTITY = msgspec.json.Decoder(EntityView)
_RELATIONSHIP = msgspec.json.Decoder(RelationshipView)
_NEIGHBORHOOD = msgspec.json.Decoder(Neighborhood)


def entity_read(text: EntityJson) -> EntityView:
    """The view that the database wrote as JSON."""
    return _ENTITY.decode(text)


def relationship_read(text: RelationshipJson) -> RelationshipView:
    """The view that the database wrote as JSON."""
    return _RELATIONSHIP.decode(text)


def neighborhood_read(text: NeighborhoodJson) -> Neighborhood:
    """The walk that the database wrote as JSON."""
    return _NEIGHBORHOOD.decode(text)


def entity_view_of(row: Record) -> EntityView:
    """The view of a row with `ENTITY_COLUMNS`."""
    return EntityView(
        id=row["id"],
        name=row["name"],
        type=row["type"],
        confidence=row["confidence"],
        source=row["source"],
        source_type=row["source_type"],
        external_id=row["external_id"],
        metadata=json.decode(row["metadata"]),
        aliases=row["aliases"],
        is_active=row["is_active"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def relationship_view_of(row: Record) -> RelationshipView:
    """The view of a row with `RELATIONSHIP_COLUMNS`."""
    return RelationshipView(
        id=row["id"],
        source_entity_id=row["source_entity_id"],
        target_entity_id=row["target_entity_id"],
        relationship_type=row["type"],
        confidence=row["confidence"],
        source=row["source"],
        source_type=row["source_type"],
        external_id=row["external_id"],
        metadata=json.decode(row["metadata"]),
        is_active=row["is_active"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
