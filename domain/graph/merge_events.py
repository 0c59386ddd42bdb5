"""What merging announces; the entities as the API shows them after the change."""

from dataclasses import dataclass
from typing import ClassVar, TypeVar

from domain.graph.entity import Entity
from domain.graph.events import entity_data
from domain.graph.merge import Merge
from domain.shared.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityMerged(DomainEvent):
    """Of the target and of each source; `data.merge` says which is which."""

    type: ClassVar[str] = "entity.merged"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityUnmerged(DomainEvent):
    """Of the target and of each source that is back."""

    type: ClassVar[str] = "entity.unmerged"


MergeEvent = TypeVar("MergeEvent", EntityMerged, EntityUnmerged)


def merge_event(kind: type[MergeEvent], merge: Merge, entity: Entity) -> MergeEvent:
    """The event of what a merge, or its end, did to one of its entities."""
    named = {
        "id": str(merge.id),
        "target_id": str(merge.target_id),
        "source_ids": [str(source_id) for source_id in merge.source_ids],
    }
    return kind(
        user_id=entity.user_id,
        subject=entity.id,
        occurred_at=entity.updated_at,
        data={**entity_data(entity), "merge": named},
    )
