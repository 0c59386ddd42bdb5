"""What the graph announces; each event carries the thing as the API shows it after the change."""

from dataclasses import dataclass
from typing import ClassVar, TypeVar

from domain.graph.entity import Entity
from domain.graph.relationship import Relationship
from domain.shared.events import DomainEvent
from domain.shared.json import JsonObject, rfc3339


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityCreated(DomainEvent):
    type: ClassVar[str] = "entity.created"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityUpdated(DomainEvent):
    type: ClassVar[str] = "entity.updated"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityDeleted(DomainEvent):
    type: ClassVar[str] = "entity.deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityRestored(DomainEvent):
    type: ClassVar[str] = "entity.restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationshipCreated(DomainEvent):
    type: ClassVar[str] = "relationship.created"


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationshipUpdated(DomainEvent):
    type: ClassVar[str] = "relationship.updated"


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationshipDeleted(DomainEvent):
    type: ClassVar[str] = "relationship.deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationshipRestored(DomainEvent):
    type: ClassVar[str] = "relationship.restored"


EntityEvent = TypeVar("EntityEvent", EntityCreated, EntityUpdated, EntityDeleted, EntityRestored)
RelationshipEvent = TypeVar(
    "RelationshipEvent",
    RelationshipCreated,
    RelationshipUpdated,
    RelationshipDeleted,
    RelationshipRestored,
)


def entity_event(kind: type[EntityEvent], entity: Entity) -> EntityEvent:
    """The event of the entity's last change."""
    return kind(
        user_id=entity.user_id,
        subject=entity.id,
        occurred_at=entity.updated_at,
        data=entity_data(entity),
    )


def relationship_event(kind: type[RelationshipEvent], relationship: Relationship) -> RelationshipEvent:
    """The event of the relationship's last change."""
    return kind(
        user_id=relationship.user_id,
        subject=relationship.id,
        occurred_at=relationship.updated_at,
        data=relationship_data(relationship),
    )


def entity_data(entity: Entity) -> JsonObject:
    """The entity in JSON values."""
    content = entity.content
    return {
        "id": str(entity.id),
        "name": content.name,
        "type": content.type,
        "confidence": content.confidence,
        "source": content.source,
        "source_type": content.source_type,
        "external_id": content.external_id,
        "metadata": content.metadata,
        "aliases": content.aliases,
        "is_active": entity.is_active,
        "version": entity.version,
        "created_at": rfc3339(entity.created_at),
        "updated_at": rfc3339(entity.updated_at),
    }


def relationship_data(relationship: Relationship) -> JsonObject:
    """The relationship in JSON values."""
    content = relationship.content
    return {
        "id": str(relationship.id),
        "source_entity_id": str(content.source_entity_id),
        "target_entity_id": str(content.target_entity_id),
        "relationship_type": content.relationship_type,
        "confidence": content.confidence,
        "source": content.source,
        "source_type": content.source_type,
        "external_id": content.external_id,
        "metadata": content.metadata,
        "is_active": relationship.is_active,
        "version": relationship.version,
        "created_at": rfc3339(relationship.created_at),
        "updated_at": rfc3339(relationship.updated_at),
    }
