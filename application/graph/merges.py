"""What merging and its undoing need of a store, and merges as the API shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.graph.ports import GraphUnitOfWork
from application.shared.pages import Page, PageRequest
from domain.graph.entity import Entity
from domain.graph.merge import Merge
from domain.graph.relationship import Relationship
from domain.shared.ids import EntityId, MergeId, UserId

MERGE_SORTS = ("merged_at",)


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeView:
    """One merge. `score` is set when it was made automatically. `dropped_aliases` and `dropped_metadata`
    found no room on the target. Times are UTC."""

    id: UUID
    target_id: UUID
    source_ids: Sequence[UUID]
    automatic: bool
    score: float | None
    dropped_aliases: Sequence[str]
    dropped_metadata: Sequence[str]
    relationships_moved: int
    relationships_collapsed: int
    loops_removed: int
    mentions_moved: int
    evidence_moved: int
    keys_moved: int
    merged_at: datetime
    merged_by: UUID
    undone_at: datetime | None
    undone_by: UUID | None


def merge_view(merge: Merge) -> MergeView:
    """The view of what a unit of work has got."""
    count = merge.counts.get
    return MergeView(
        id=merge.id,
        target_id=merge.target_id,
        source_ids=merge.source_ids,
        automatic=merge.score is not None,
        score=merge.score,
        dropped_aliases=merge.dropped_aliases,
        dropped_metadata=merge.dropped_metadata,
        relationships_moved=count("moved", 0),
        relationships_collapsed=count("collapsed", 0),
        loops_removed=count("loops", 0),
        mentions_moved=count("mentions", 0),
        evidence_moved=count("evidence", 0),
        keys_moved=count("keys", 0),
        merged_at=merge.merged_at,
        merged_by=merge.merged_by,
        undone_at=merge.undone_at,
        undone_by=merge.undone_by,
    )


class MergeRepository(Protocol):
    """Merges of the unit of work's user. Changed relationships are announced by the repository itself, one
    event each, in the same transaction: a hub has too many of them to hand around."""

    async def hold(self, user_id: UserId, entity_ids: Sequence[EntityId]) -> Mapping[EntityId, Entity]:
        """Those of the entities that are active. Until this unit of work ends others can neither change
        them nor give them relationships or mentions; they can read all of them."""
        ...

    async def carry_out(self, merge: Merge, target: Entity, keys: Sequence[str]) -> Merge:
        """Stores the target as it is after the merge of entities that this unit of work holds, and the
        merge, whose counts are returned with it; claims keys of the target's type that nobody holds.

        Relationships, mentions and keys of the sources become the target's, the evidence goes with them.
        Of relationships that become parallel the surest stays (the oldest where they are equally sure) and
        takes over the evidence of the others, which become inactive; so does what would be a loop that was
        none. The sources become inactive.
        """
        ...

    async def get(self, user_id: UserId, merge_id: MergeId) -> Merge:
        """The merge, undone by nobody else until this unit of work ends. Raises `MergeNotFound`."""
        ...

    async def undo(self, merge: Merge, target: Entity, by: UserId, now: datetime) -> Sequence[Entity]:
        """Stores the target as it is without the merge and puts back what the merge changed, as far as it
        is still as the merge left it; returns the sources, active again, in their order.

        What has come to the target since stays there; what a document was reread without is not put back; a
        relationship whose place was taken, or whose other end was deleted, stays inactive (and returns with
        that end). Raises `MergeBuiltUpon`, `MergeSourceGone` and `ExternalIdTaken`.
        """
        ...

    async def drop_unsupported(self, merge: Merge) -> tuple[Sequence[Entity], Sequence[Relationship]]:
        """After the undoing: deletes for good what was extracted and found in documents when it was merged,
        and is found in none any more because those are gone; returns what it deleted."""
        ...


class MergeUnitOfWork(GraphUnitOfWork, Protocol):
    """One transaction over one user's graph and its merges."""

    @property
    def merges(self) -> MergeRepository: ...


class MergeQueries(Protocol):
    """Reads merges outside any unit of work."""

    async def merge(self, user_id: UserId, merge_id: MergeId) -> MergeView:
        """Raises `MergeNotFound`."""
        ...

    async def merges(
        self, user_id: UserId, entity_id: EntityId | None, undone: bool | None, page: PageRequest
    ) -> Page[MergeView]:
        """By time; those that an entity took part in, those that were undone or not, where asked for."""
        ...
