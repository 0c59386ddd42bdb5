"""A relationship: one typed, directed edge between two entities of the same graph, and its rules."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.graph.content import (
    EXTERNAL_ID_LENGTH,
    SOURCE_LENGTH,
    TYPE_LENGTH,
    Members,
    refuse_unknown,
    same_json,
)
from domain.graph.errors import AlreadyActive, RelationshipChanged
from domain.shared.checks import Checks
from domain.shared.ids import EntityId, RelationshipId, UserId
from domain.shared.json import JsonObject
from domain.shared.merge_patch import merged

PLAIN = ("relationship_type", "confidence", "source", "source_type", "external_id", "metadata")
ENDS = ("source_entity_id", "target_entity_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationshipContent:
    """What is said to hold between two things, from the source entity to the target entity."""

    source_entity_id: EntityId
    target_entity_id: EntityId
    relationship_type: str
    confidence: float = 1.0
    source: str | None = None
    source_type: str | None = None
    external_id: str | None = None
    metadata: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relationship:
    """`version` counts changes from 1; a deleted relationship stays, inactive. Times are UTC."""

    user_id: UserId
    id: RelationshipId
    content: RelationshipContent
    is_active: bool
    version: int
    created_at: datetime
    updated_at: datetime


def checked(content: RelationshipContent) -> RelationshipContent:
    """The content as it is kept. Raises `InvalidInput`; whether the ends exist is the repository's to say."""
    checks = Checks()
    kept = RelationshipContent(
        source_entity_id=content.source_entity_id,
        target_entity_id=content.target_entity_id,
        relationship_type=checks.text(
            "/relationship_type", content.relationship_type, shortest=1, longest=TYPE_LENGTH
        ),
        confidence=float(checks.fraction("/confidence", content.confidence)),
        source=checks.optional_text("/source", content.source, longest=SOURCE_LENGTH),
        source_type=checks.optional_text("/source_type", content.source_type, longest=TYPE_LENGTH),
        external_id=checks.optional_text("/external_id", content.external_id, longest=EXTERNAL_ID_LENGTH),
        metadata=checks.metadata("/metadata", content.metadata),
    )
    checks.finish()
    return kept


def new_relationship(
    user_id: UserId, relationship_id: RelationshipId, content: RelationshipContent, now: datetime
) -> Relationship:
    """A fresh relationship. Raises `InvalidInput`."""
    return Relationship(
        user_id=user_id,
        id=relationship_id,
        content=checked(content),
        is_active=True,
        version=1,
        created_at=now,
        updated_at=now,
    )


def require_version(relationship: Relationship, expected: int | None) -> None:
    """Raises `RelationshipChanged` unless this is the version the caller has seen, if it named one."""
    if expected is not None and relationship.version != expected:
        raise RelationshipChanged


def replaced(relationship: Relationship, content: RelationshipContent, now: datetime) -> Relationship:
    """The relationship saying something else; the same one if that is nothing new. Raises `InvalidInput`."""
    kept = checked(content)
    if kept == relationship.content and same_json(kept.metadata, relationship.content.metadata):
        return relationship
    return replace(relationship, content=kept, version=relationship.version + 1, updated_at=now)


def patched(relationship: Relationship, patch: JsonObject, now: datetime) -> Relationship:
    """The relationship after a merge patch (RFC 7396) of what it says. Raises `InvalidInput`."""
    refuse_unknown(patch, (*ENDS, *PLAIN))
    content = relationship.content
    present = {name: getattr(content, name) for name in PLAIN}
    document = merged(present | {name: str(getattr(content, name)) for name in ENDS}, patch)
    checks = Checks()
    members = Members(document, checks)
    wanted = RelationshipContent(
        source_entity_id=EntityId(members.id("source_entity_id")),
        target_entity_id=EntityId(members.id("target_entity_id")),
        relationship_type=members.text("relationship_type"),
        confidence=members.number("confidence", 1.0),
        source=members.optional_text("source"),
        source_type=members.optional_text("source_type"),
        external_id=members.optional_text("external_id"),
        metadata=members.object("metadata"),
    )
    checks.finish()
    return replaced(relationship, wanted, now)


def deleted(relationship: Relationship, now: datetime) -> Relationship:
    """The relationship as it stays after its deletion."""
    return replace(relationship, is_active=False, version=relationship.version + 1, updated_at=now)


def restored(relationship: Relationship, now: datetime) -> Relationship:
    """The deleted relationship, back. Raises `AlreadyActive`."""
    if relationship.is_active:
        raise AlreadyActive
    return replace(relationship, is_active=True, version=relationship.version + 1, updated_at=now)


def refuse_missing_ends(content: RelationshipContent, missing: AbstractSet[EntityId]) -> None:
    """Raises `InvalidInput` pointing at each end that is among the missing."""
    checks = Checks()
    for member in ENDS:
        if getattr(content, member) in missing:
            checks.refuse(f"/{member}", "no_such_entity", "is not one of your entities")
    checks.finish()
