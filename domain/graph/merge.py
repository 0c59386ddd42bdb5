"""Merging: which of several entities' words the one that remains takes over, and taking them back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from domain.graph.content import ALIASES, same_json
from domain.graph.entity import Entity, EntityContent
from domain.graph.errors import EntityNotFound, ExternalIdTaken, WasMerged
from domain.shared.checks import Checks
from domain.shared.errors import InvalidInput, Violation
from domain.shared.ids import EntityId, MergeId, UserId
from domain.shared.json import JsonObject

SOURCES: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """What a merge makes the target say: the members it sets, before and after, and nothing else."""

    confidence: float
    metadata: JsonObject
    aliases: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """Sources went into the target. `score` is set when nobody but the score decided it.

    `dropped_aliases` found no room on the target, nor did the members of `dropped_metadata`; those that the
    target has itself are not counted as dropped. `counts` says how much was moved, by kind.
    """

    user_id: UserId
    id: MergeId
    target_id: EntityId
    source_ids: Sequence[EntityId]
    before: Gain
    after: Gain
    score: float | None
    dropped_aliases: Sequence[str]
    dropped_metadata: Sequence[str]
    counts: Mapping[str, int]
    merged_at: datetime
    merged_by: UserId
    undone_at: datetime | None = None
    undone_by: UserId | None = None


def require_mergeable(target_id: EntityId, source_ids: Sequence[EntityId]) -> None:
    """Raises `InvalidInput` for no sources, too many, repeated ones, or the target among them."""
    checks = Checks()
    if not 1 <= len(source_ids) <= SOURCES:
        checks.refuse("/source_ids", "out_of_range", f"must name 1 to {SOURCES} entities")
    for place, source_id in enumerate(source_ids):
        if source_id == target_id:
            checks.refuse(f"/source_ids/{place}", "is_target", "must not be the target")
        elif source_id in source_ids[:place]:
            checks.refuse(f"/source_ids/{place}", "repeated", "is named twice")
    checks.finish()


def require_found(
    target_id: EntityId, source_ids: Sequence[EntityId], found: Mapping[EntityId, Entity]
) -> None:
    """Raises `InvalidInput` pointing at each entity that is not there."""
    pointers = [("/target_id", target_id)]
    pointers += [(f"/source_ids/{place}", source_id) for place, source_id in enumerate(source_ids)]
    missing = [
        Violation(pointer=pointer, code="no_such_entity", detail="is not one of your entities")
        for pointer, entity_id in pointers
        if entity_id not in found
    ]
    if missing:
        raise InvalidInput(missing)


def merge_of(
    merge_id: MergeId,
    target: Entity,
    sources: Sequence[Entity],
    *,
    by: UserId,
    now: datetime,
    score: float | None = None,
) -> Merge:
    """What merging the sources into the target, in their order, comes to.

    The highest confidence wins. Of metadata the target's own members win, then the first source's that has
    one. Names and aliases of the sources become aliases, as many as there is room for.
    """
    before = gain_of(target.content)
    names = [name for source in sources for name in (source.content.name, *source.content.aliases)]
    fresh = [name for name in dict.fromkeys(names) if name not in (target.content.name, *before.aliases)]
    room = max(ALIASES - len(before.aliases), 0)
    metadata, dropped = _joined(before.metadata, [source.content.metadata for source in sources])
    after = Gain(
        confidence=max(entity.content.confidence for entity in (target, *sources)),
        metadata=metadata,
        aliases=(*before.aliases, *fresh[:room]),
    )
    return Merge(
        user_id=target.user_id,
        id=merge_id,
        target_id=target.id,
        source_ids=tuple(source.id for source in sources),
        before=before,
        after=after,
        score=score,
        dropped_aliases=tuple(fresh[room:]),
        dropped_metadata=dropped,
        counts={},
        merged_at=now,
        merged_by=by,
    )


def _joined(own: JsonObject, others: Sequence[JsonObject]) -> tuple[JsonObject, Sequence[str]]:
    """The target's metadata with what the others add, and the members that would make it too large."""
    joined, dropped = dict(own), []
    for other in others:
        for name, value in other.items():
            if name in joined:
                continue
            checks = Checks()
            checks.metadata("", {**joined, name: value})
            if checks.violations:
                dropped.append(name)
            else:
                joined[name] = value
    return joined, tuple(dict.fromkeys(name for name in dropped if name not in joined))


def said_of_merged(target: EntityContent, source: EntityContent) -> EntityContent:
    """What the target says once something new is said of one that was merged into it: it stays what it is
    and is called; the new metadata and confidence count, the names become aliases as there is room."""
    names = (*target.aliases, source.name, *source.aliases)
    aliases = [name for name in dict.fromkeys(names) if name != target.name]
    metadata, _ = _joined(source.metadata, [target.metadata])
    return replace(target, confidence=source.confidence, metadata=metadata, aliases=tuple(aliases[:ALIASES]))


def gain_of(content: EntityContent) -> Gain:
    """The part of an entity's content that a merge may change."""
    return Gain(confidence=content.confidence, metadata=content.metadata, aliases=tuple(content.aliases))


def merged(target: Entity, merge: Merge) -> Entity:
    """The target after the merge: a version of its own, even where it says nothing new."""
    return _saying(target, merge.after, merge.merged_at)


def unmerged(target: Entity, merge: Merge, now: datetime) -> Entity:
    """The target without what the merge gave it; what was edited since stays as it was edited."""
    before, after, content = merge.before, merge.after, target.content
    kept = {
        name: value
        for name, value in content.metadata.items()
        if name in before.metadata
        or name not in after.metadata
        or not same_json({"": value}, {"": after.metadata[name]})
    }
    gained = set(after.aliases) - set(before.aliases)
    left = Gain(
        confidence=before.confidence if content.confidence == after.confidence else content.confidence,
        metadata=kept,
        aliases=tuple(alias for alias in content.aliases if alias not in gained),
    )
    return _saying(target, left, now)


def _saying(target: Entity, gain: Gain, now: datetime) -> Entity:
    content = replace(
        target.content, confidence=gain.confidence, metadata=gain.metadata, aliases=tuple(gain.aliases)
    )
    return replace(target, content=content, version=target.version + 1, updated_at=now)


def was_merged(into: EntityId) -> WasMerged:
    """The refusal to bring a merged entity back alone."""
    return WasMerged(f"the entity was merged into {into}: undo that merge instead")


def taken_by_merge(into: EntityId) -> ExternalIdTaken:
    """The refusal to make another entity of what was merged."""
    return ExternalIdTaken(f"The entity with this external id was merged into {into}: change that one.")


def merged_away(into: EntityId) -> EntityNotFound:
    """The refusal to show a merged entity: what it is part of now."""
    return EntityNotFound(f"The entity was merged into {into}.")
