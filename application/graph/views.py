"""Entities and relationships as the API shows them, whichever way they were read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NewType
from uuid import UUID

from domain.graph.entity import Entity
from domain.graph.relationship import Relationship
from domain.shared.json import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityView:
    """One entity. `metadata` is a JSON object; times are UTC."""

    id: UUID
    name: str
    type: str
    confidence: float
    source: str | None
    source_type: str | None
    external_id: str | None
    metadata: JsonObject
    aliases: Sequence[str]
    is_active: bool
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationshipView:
    """One relationship, directed from source to target. `metadata` is a JSON object; times are UTC."""

    id: UUID
    source_entity_id: UUID
    target_entity_id: UUID
    relationship_type: str
    confidence: float
    source: str | None
    source_type: str | None
    external_id: str | None
    metadata: JsonObject
    is_active: bool
    version: int
    created_at: datetime
    updated_at: datetime


EntityJson = NewType("EntityJson", str)
"""An `EntityView` as JSON: what is only passed on to a client need not become a value first."""
RelationshipJson = NewType("RelationshipJson", str)
"""A `RelationshipView` as JSON."""


def entity_view(entity: Entity) -> EntityView:
    """The entity as it is shown after a change."""
    content = entity.content
    return EntityView(
        id=entity.id,
        name=content.name,
        type=content.type,
        confidence=content.confidence,
        source=content.source,
        source_type=content.source_type,
        external_id=content.external_id,
        metadata=content.metadata,
        aliases=content.aliases,
        is_active=entity.is_active,
        version=entity.version,
        created_at=entity.created_at,
        updated_at=entity.updated_at,
    )


def relationship_view(relationship: Relationship) -> RelationshipView:
    """The relationship as it is shown after a change."""
    content = relationship.content
    return RelationshipView(
        id=relationship.id,
        source_entity_id=content.source_entity_id,
        target_entity_id=content.target_entity_id,
        relationship_type=content.relationship_type,
        confidence=content.confidence,
        source=content.source,
        source_type=content.source_type,
        external_id=content.external_id,
        metadata=content.metadata,
        is_active=relationship.is_active,
        version=relationship.version,
        created_at=relationship.created_at,
        updated_at=relationship.updated_at,
    )
