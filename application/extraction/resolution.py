"""Meets what was read with what the graph knows: which reading is which entity, new or there already."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from application.extraction.placement import SOURCE_TYPE
from application.extraction.readings import Reading
from application.extraction.work import EntityGrowth, EntityKey, Proposal
from domain.graph.entity import Entity, EntityContent, new_entity
from domain.shared.ids import EntityId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """`entities` in the order of the readings, proposals among them; `keys` are new names of known ones."""

    entities: Sequence[Entity]
    proposals: Sequence[Proposal]
    keys: Mapping[EntityKey, EntityId]


def resolve(
    found: Sequence[Reading],
    owners: Mapping[EntityKey, Entity],
    *,
    user_id: UserId,
    source: str,
    new_id: Callable[[], UUID],
    now: datetime,
) -> Resolution:
    """A reading is the entity its first key leads to, else any other of its keys, else a new one."""
    entities: list[Entity] = []
    proposals: list[Proposal] = []
    keys: dict[EntityKey, EntityId] = {}
    for reading in found:
        known = next((owners[key] for key in reading.keys if key in owners), None)
        if known is None:
            content = EntityContent(
                name=reading.name,
                type=reading.type,
                confidence=reading.confidence,
                source=source,
                source_type=SOURCE_TYPE,
                aliases=[alias for names in reading.aliases.values() for alias in names],
            )
            known = new_entity(user_id, EntityId(new_id()), content, now)
            proposals.append(Proposal(entity=known, keys=reading.keys))
        else:
            keys |= {key: known.id for key in reading.keys if key not in owners}
        entities.append(known)
    return Resolution(entities=entities, proposals=proposals, keys=keys)


def growth(
    found: Sequence[Reading], resolution: Resolution, stood_in: Mapping[EntityId, Entity]
) -> Sequence[EntityGrowth]:
    """What the known entities gain: certainty, and the names under keys that led nowhere before.

    `stood_in` are the entities that took the place of proposals which others were quicker with.
    """
    proposed = {proposal.entity.id for proposal in resolution.proposals}
    gains: dict[EntityId, EntityGrowth] = {}
    for reading, entity in zip(found, resolution.entities, strict=True):
        known = stood_in.get(entity.id, entity)
        if known.id in proposed or not known.is_active or known.content.source_type != SOURCE_TYPE:
            continue
        fresh = [key for key in reading.keys if resolution.keys.get(key) == known.id]
        aliases = [name for key in fresh for name in (reading.aliases.get(key) or ())]
        aliases += [reading.name] if reading.keys[0] in fresh else []
        held = {known.content.name, *known.content.aliases}
        aliases = [name for name in dict.fromkeys(aliases) if name not in held]
        before = gains.get(known.id)
        if before is not None:
            aliases = list(dict.fromkeys([*before.aliases, *aliases]))
        confidence = max(reading.confidence, before.confidence if before else 0.0)
        if aliases or confidence > known.content.confidence:
            gains[known.id] = EntityGrowth(id=known.id, confidence=confidence, aliases=aliases)
    return [gains[entity_id] for entity_id in sorted(gains)]
