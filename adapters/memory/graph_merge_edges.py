"""What a merge does to relationships, decided one by one."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from adapters.memory.graph_entities import external_id_of
from adapters.memory.graph_relationships import edge_of, ends_of
from domain.graph.relationship import Relationship
from domain.shared.ids import EntityId, RelationshipId

Ends = tuple[EntityId, EntityId]
__all__ = ["EdgeChange", "changes", "ends_of", "is_free"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeChange:
    """A relationship before and after a merge; `heir` took over its evidence."""

    id: RelationshipId
    before_ends: Ends
    after_ends: Ends
    was_active: bool
    stays_active: bool
    heir: RelationshipId | None = None

    def put_back(self, ends: Ends) -> Ends:
        """Present ends with those put back that are still as the merge left them."""
        back = [
            before if before != after and end == after else end
            for before, after, end in zip(self.before_ends, self.after_ends, ends, strict=True)
        ]
        return back[0], back[1]


def changes(
    edges: Sequence[Relationship],
    dormant: AbstractSet[RelationshipId],
    target: EntityId,
    sources: AbstractSet[EntityId],
) -> Sequence[EdgeChange]:
    """What becomes of the relationships at the sources, and of the target's own that give way, by id."""

    def moved(edge: Relationship) -> Ends:
        one, other = (target if end in sources else end for end in ends_of(edge))
        return one, other

    found = []
    alike: dict[tuple[Ends, str], list[Relationship]] = {}
    for edge in edges:
        before, after = ends_of(edge), moved(edge)
        loops = after[0] == after[1] and before[0] != before[1]
        if edge.is_active and not loops:
            alike.setdefault((after, edge.content.relationship_type), []).append(edge)
        elif edge.is_active:
            found.append(_change(edge, before, False))
        elif edge.id in dormant and after != before and not loops:
            found.append(_change(edge, after, False))
    for same in alike.values():
        surest, *others = sorted(same, key=lambda e: (-e.content.confidence, e.created_at, e.id))
        if moved(surest) != ends_of(surest):
            found.append(_change(surest, moved(surest), True))
        found += [_change(edge, ends_of(edge), False, surest.id) for edge in others]
    return sorted(found, key=lambda change: change.id)


def _change(
    edge: Relationship, after: Ends, stays_active: bool, heir: RelationshipId | None = None
) -> EdgeChange:
    return EdgeChange(
        id=edge.id,
        before_ends=ends_of(edge),
        after_ends=after,
        was_active=edge.is_active,
        stays_active=stays_active,
        heir=heir,
    )


def is_free(edge: Relationship, others: Iterable[Relationship]) -> bool:
    """Whether no active relationship has taken its place or its external id."""
    wanted = external_id_of(edge)
    return not any(
        other.is_active
        and other.id != edge.id
        and (edge_of(other) == edge_of(edge) or (wanted and external_id_of(other) == wanted))
        for other in others
    )
