"""An entity: one thing of somebody's graph, and the rules for making, changing and deleting it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.graph.content import (
    ALIASES,
    EXTERNAL_ID_LENGTH,
    NAME_LENGTH,
    SOURCE_LENGTH,
    TYPE_LENGTH,
    Members,
    refuse_unknown,
    same_json,
)
from domain.graph.errors import AlreadyActive, EntityChanged
from domain.graph.resolution import resolution_key
from domain.shared.checks import Checks
from domain.shared.ids import EntityId, UserId
from domain.shared.json import JsonObject
from domain.shared.merge_patch import merged

CONTENT = ("name", "type", "confidence", "source", "source_type", "external_id", "metadata", "aliases")


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityContent:
    """What is said about a thing. `confidence` is 0 to 1: people are believed unless they say less."""

    name: str
    type: str
    confidence: float = 1.0
    source: str | None = None
    source_type: str | None = None
    external_id: str | None = None
    metadata: JsonObject = field(default_factory=dict)
    aliases: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """`version` counts changes from 1; a deleted entity stays, inactive. Times are UTC."""

    user_id: UserId
    id: EntityId
    content: EntityContent
    is_active: bool
    version: int
    created_at: datetime
    updated_at: datetime


def checked(content: EntityContent) -> EntityContent:
    """The content as it is kept: trimmed, without repeated aliases. Raises `InvalidInput`."""
    checks = Checks()
    kept = EntityContent(
        name=checks.text("/name", content.name, shortest=1, longest=NAME_LENGTH),
        type=checks.text("/type", content.type, shortest=1, longest=TYPE_LENGTH),
        confidence=float(checks.fraction("/confidence", content.confidence)),
        source=checks.optional_text("/source", content.source, longest=SOURCE_LENGTH),
        source_type=checks.optional_text("/source_type", content.source_type, longest=TYPE_LENGTH),
        external_id=checks.optional_text("/external_id", content.external_id, longest=EXTERNAL_ID_LENGTH),
        metadata=checks.metadata("/metadata", content.metadata),
        aliases=checks.texts("/aliases", content.aliases, most=ALIASES, longest=NAME_LENGTH),
    )
    checks.finish()
    return kept


def new_entity(user_id: UserId, entity_id: EntityId, content: EntityContent, now: datetime) -> Entity:
    """A fresh entity. Raises `InvalidInput`."""
    return Entity(
        user_id=user_id,
        id=entity_id,
        content=checked(content),
        is_active=True,
        version=1,
        created_at=now,
        updated_at=now,
    )


def require_version(entity: Entity, expected: int | None) -> None:
    """Raises `EntityChanged` unless this is the version the caller has seen, if it named one."""
    if expected is not None and entity.version != expected:
        raise EntityChanged


def replaced(entity: Entity, content: EntityContent, now: datetime) -> Entity:
    """The entity saying something else; the same entity when it says nothing new. Raises `InvalidInput`."""
    kept = checked(content)
    if kept == entity.content and same_json(kept.metadata, entity.content.metadata):
        return entity
    return replace(entity, content=kept, version=entity.version + 1, updated_at=now)


def patched(entity: Entity, patch: JsonObject, now: datetime) -> Entity:
    """The entity after a merge patch (RFC 7396) of what it says. Raises `InvalidInput`."""
    refuse_unknown(patch, CONTENT)
    content = entity.content
    document = merged({name: getattr(content, name) for name in CONTENT}, patch)
    checks = Checks()
    members = Members(document, checks)
    wanted = EntityContent(
        name=members.text("name"),
        type=members.text("type"),
        confidence=members.number("confidence", 1.0),
        source=members.optional_text("source"),
        source_type=members.optional_text("source_type"),
        external_id=members.optional_text("external_id"),
        metadata=members.object("metadata"),
        aliases=members.texts("aliases"),
    )
    checks.finish()
    return replaced(entity, wanted, now)


def deleted(entity: Entity, now: datetime) -> Entity:
    """The entity as it stays after its deletion."""
    return replace(entity, is_active=False, version=entity.version + 1, updated_at=now)


def restored(entity: Entity, now: datetime) -> Entity:
    """The deleted entity, back. Raises `AlreadyActive`."""
    if entity.is_active:
        raise AlreadyActive
    return replace(entity, is_active=True, version=entity.version + 1, updated_at=now)


def resolution_keys(content: EntityContent) -> Sequence[str]:
    """The keys under which an extracted name finds this entity, in one order for all, which keeps two
    transactions that claim the same keys from waiting for each other."""
    keys = {resolution_key(name, content.type) for name in (content.name, *content.aliases)}
    # Folding can lengthen a name beyond what a key may have; such a name is found by nothing but itself.
    return sorted(key for key in keys if 0 < len(key) <= NAME_LENGTH)


def released_keys(before: EntityContent, after: EntityContent) -> Sequence[str]:
    """The keys an entity gives up with the aliases it loses. A former name still finds it: what was
    renamed is the same thing."""
    dropped = set(before.aliases) - set(after.aliases) - {before.name}
    if not dropped:
        return ()
    lost = {resolution_key(alias, before.type) for alias in dropped}
    kept = {*resolution_keys(after), resolution_key(before.name, before.type)}
    return sorted(lost - kept)
