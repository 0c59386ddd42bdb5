"""Merges over dictionaries, for tests without a server: the rules of Postgres' statements, row by row."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from adapters.memory.documents_rows import StoredPlace, of_user
from adapters.memory.extraction_cleanup import Graph, drop_unsupported
from adapters.memory.graph_entities import external_id_of
from adapters.memory.graph_merge_edges import EdgeChange, changes, ends_of, is_free
from adapters.memory.store import Rows
from application.graph.merges import MergeRepository
from domain.graph.entity import Entity, deleted, resolution_keys, restored
from domain.graph.errors import ExternalIdTaken, MergeBuiltUpon, MergeNotFound, MergeSourceGone
from domain.graph.events import (
    RelationshipDeleted,
    RelationshipRestored,
    RelationshipUpdated,
    relationship_event,
)
from domain.graph.merge import Merge
from domain.graph.relationship import Relationship
from domain.shared.events import DomainEvent
from domain.shared.ids import EntityId, MergeId, RelationshipId, UserId

MERGES = "merges"  # (user id, id) -> StoredMerge


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMerge:
    """A merge with what it changed. Places are (before, heir, whether it moved); keys are those moved, by
    their rows, with whom they were taken from, and those claimed."""

    merge: Merge
    sequence: int
    edges: Sequence[EdgeChange] = ()
    mentions: Sequence[tuple[StoredPlace, UUID, bool]] = ()
    evidence: Sequence[tuple[StoredPlace, UUID, bool]] = ()
    moved_keys: Mapping[tuple[str, str], EntityId] = field(default_factory=dict)
    claimed_keys: Sequence[tuple[str, str]] = ()

    def touched(self) -> set[UUID]:
        """Every row it changed, or gave something to."""
        places = (*self.mentions, *self.evidence)
        rows: set[UUID] = {self.merge.target_id, *self.merge.source_ids}
        rows |= {change.id for change in self.edges} | {place.id for place, _, _ in places}
        return rows | {change.heir for change in self.edges if change.heir} | {heir for _, heir, _ in places}


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeTables:
    """What a merge reaches, in one unit of work."""

    entities: Rows
    keys: Rows
    relationships: Rows
    deleted_with_end: Rows
    mentions: Rows
    evidence: Rows
    chunks: Rows
    merges: Rows
    merged_into: Rows

    def graph(self) -> Graph:
        """What a document's findings are in."""
        return Graph(
            entities=self.entities,
            keys=self.keys,
            relationships=self.relationships,
            mentions=self.mentions,
            evidence=self.evidence,
            merged_into=self.merged_into,
        )


class InMemoryMergeRepository(MergeRepository):
    """Works on the tables of one unit of work; `record` is the unit of work's."""

    def __init__(self, tables: MergeTables, record: Callable[[DomainEvent], None]) -> None:
        self._t = tables
        self._record = record

    async def hold(self, user_id: UserId, entity_ids: Sequence[EntityId]) -> Mapping[EntityId, Entity]:
        rows = [self._t.entities.get((user_id, entity_id)) for entity_id in entity_ids]
        return {row.id: row for row in rows if isinstance(row, Entity) and row.is_active}

    async def carry_out(self, merge: Merge, target: Entity, keys: Sequence[str]) -> Merge:
        user, now, sources = merge.user_id, merge.merged_at, set(merge.source_ids)
        self._t.entities[(user, target.id)] = target
        for source_id in merge.source_ids:
            source = self._t.entities[(user, source_id)]
            if isinstance(source, Entity):
                self._t.entities[(user, source_id)] = deleted(source, now)
                self._t.merged_into[(user, source_id)] = target.id
        known = list(of_user(self._t.relationships, Relationship, user))
        dormant = {edge.id for edge in known if (user, edge.id) in self._t.deleted_with_end}
        edges = changes(known, dormant, target.id, sources)
        for change in edges:
            before = self._t.relationships.get((user, change.id))
            if isinstance(before, Relationship):
                edge = self._edge(before, change.after_ends, change.stays_active, now)
                closed = change.was_active and not change.stays_active
                self._record(
                    relationship_event(RelationshipDeleted, edge)
                    if closed
                    else relationship_event(RelationshipUpdated, edge)
                )
        evidence = self._move(
            self._t.evidence, user, dict[UUID, UUID]({c.id: c.heir for c in edges if c.heir})
        )
        mentions = self._move(self._t.mentions, user, dict[UUID, UUID](dict.fromkeys(sources, target.id)))
        moved, claimed = self._move_keys(target, sources, keys)
        counts = {
            "moved": sum(change.after_ends != change.before_ends for change in edges),
            "collapsed": sum(change.heir is not None for change in edges),
            "loops": sum(c.was_active and not c.stays_active and c.heir is None for c in edges),
            "evidence": sum(given for _, _, given in evidence),
            "mentions": sum(given for _, _, given in mentions),
            "keys": len(moved) + len(claimed),
        }
        done = replace(merge, counts=counts)
        self._t.merges[(user, merge.id)] = StoredMerge(
            merge=done,
            sequence=len(self._t.merges),
            edges=edges,
            mentions=mentions,
            evidence=evidence,
            moved_keys=moved,
            claimed_keys=claimed,
        )
        return done

    async def get(self, user_id: UserId, merge_id: MergeId) -> Merge:
        return self._stored(user_id, merge_id).merge

    async def undo(self, merge: Merge, target: Entity, by: UserId, now: datetime) -> Sequence[Entity]:
        stored = self._stored(merge.user_id, merge.id)
        self._refuse_built_upon(stored)
        back = self._open_sources(merge, now)
        self._t.entities[(target.user_id, target.id)] = target
        self._undo_edges(stored, now)
        self._move_back(self._t.evidence, stored.evidence, self._t.relationships)
        self._move_back(self._t.mentions, stored.mentions, self._t.entities)
        self._keys_back(stored, target)
        undone = replace(merge, undone_at=now, undone_by=by)
        self._t.merges[(merge.user_id, merge.id)] = replace(stored, merge=undone)
        return back

    async def drop_unsupported(self, merge: Merge) -> tuple[Sequence[Entity], Sequence[Relationship]]:
        stored = self._stored(merge.user_id, merge.id)
        entities, edges = (
            [subject for place, heir, _ in places for subject in (place.subject, heir)]
            for places in (stored.mentions, stored.evidence)
        )
        found = {place.subject for place in of_user(self._t.evidence, StoredPlace, merge.user_id)}
        gone = drop_unsupported(
            self._t.graph(), merge.user_id, entities, [edge for edge in edges if edge not in found]
        )
        return gone.entities, gone.relationships

    def _stored(self, user_id: UserId, merge_id: MergeId) -> StoredMerge:
        stored = self._t.merges.get((user_id, merge_id))
        if not isinstance(stored, StoredMerge):
            raise MergeNotFound
        return stored

    def _refuse_built_upon(self, stored: StoredMerge) -> None:
        for later in of_user(self._t.merges, StoredMerge, stored.merge.user_id):
            open_ = later.merge.undone_at is None and later.sequence > stored.sequence
            if open_ and later.touched() & stored.touched():
                raise MergeBuiltUpon

    def _edge(
        self, edge: Relationship, ends: tuple[EntityId, EntityId], is_active: bool, now: datetime
    ) -> Relationship:
        """Stores the next version of a relationship."""
        content = replace(edge.content, source_entity_id=ends[0], target_entity_id=ends[1])
        after = replace(edge, content=content, is_active=is_active, version=edge.version + 1, updated_at=now)
        self._t.relationships[(edge.user_id, edge.id)] = after
        return after

    def _move(
        self, table: Rows, user: UserId, by_subject: Mapping[UUID, UUID]
    ) -> Sequence[tuple[StoredPlace, UUID, bool]]:
        """Gives each place its subject's heir, or takes away what the heir has, or gets, already."""
        rows = list(of_user(table, StoredPlace, user))
        taken = {_spot(row, row.subject) for row in rows}
        moved = []
        for row in sorted(rows, key=lambda row: (-row.confidence, row.id)):
            heir = by_subject.get(row.subject)
            if heir is None:
                continue
            given = _spot(row, heir) not in taken
            taken.add(_spot(row, heir))
            if given:
                table[(user, row.id)] = replace(row, subject=heir)  # type: ignore[arg-type]  # of its kind
            else:
                del table[(user, row.id)]
            moved.append((row, heir, given))
        return moved

    def _move_keys(
        self, target: Entity, sources: set[EntityId], keys: Sequence[str]
    ) -> tuple[Mapping[tuple[str, str], EntityId], Sequence[tuple[str, str]]]:
        moved, user = {}, target.user_id
        for row, holder in list(self._t.keys.items()):
            if isinstance(row, tuple) and row[0] == user and holder in sources:
                moved[row[1], row[2]] = EntityId(holder)  # type: ignore[arg-type]  # rows hold any object
                self._t.keys[row] = target.id
        free = [(target.content.type, key) for key in keys]
        claimed = [row for row in free if (user, *row) not in self._t.keys]
        for row in claimed:
            self._t.keys[(user, *row)] = target.id
        return moved, claimed

    def _open_sources(self, merge: Merge, now: datetime) -> Sequence[Entity]:
        back = []
        for source_id in merge.source_ids:
            row = (merge.user_id, source_id)
            source = self._t.entities.get(row)
            merged = self._t.merged_into.get(row) == merge.target_id
            if not isinstance(source, Entity) or source.is_active or not merged:
                raise MergeSourceGone
            opened = restored(source, now)
            wanted = external_id_of(opened)
            for other in of_user(self._t.entities, Entity, merge.user_id):
                if wanted and other.is_active and external_id_of(other) == wanted:
                    raise ExternalIdTaken
            self._t.entities[row] = opened
            del self._t.merged_into[row]
            back.append(opened)
        return back

    def _undo_edges(self, stored: StoredMerge, now: datetime) -> None:
        user, changed = stored.merge.user_id, dict[RelationshipId, tuple[Relationship, bool]]()
        for change in stored.edges:
            edge = self._t.relationships.get((user, change.id))
            if not isinstance(edge, Relationship) or change.before_ends == change.after_ends:
                continue
            ends = change.put_back(ends_of(edge))
            if ends != ends_of(edge):
                changed[change.id] = self._edge(edge, ends, edge.is_active, now), False
        active = {e.id for e in of_user(self._t.entities, Entity, user) if e.is_active}
        for change in stored.edges:
            edge = self._t.relationships.get((user, change.id))
            closed = change.was_active and not change.stays_active
            if not isinstance(edge, Relationship) or not closed:
                continue
            since = edge.is_active or edge.updated_at != stored.merge.merged_at
            if since or not is_free(edge, of_user(self._t.relationships, Relationship, user)):
                continue
            has_ends = set(ends_of(edge)) <= active
            changed[change.id] = self._edge(edge, ends_of(edge), has_ends, now), has_ends
            if not has_ends:
                self._t.deleted_with_end[(user, change.id)] = True
        for _, (edge, is_back) in sorted(changed.items()):
            self._record(
                relationship_event(RelationshipRestored, edge)
                if is_back
                else relationship_event(RelationshipUpdated, edge)
            )

    def _move_back(
        self, table: Rows, places: Sequence[tuple[StoredPlace, UUID, bool]], subjects: Rows
    ) -> None:
        for place, heir, given in places:
            user = place.user_id
            twins = {_spot(row, row.subject) for row in of_user(table, StoredPlace, user)}
            if not given and _spot(place, heir) in twins and (user, place.subject) in subjects:
                chunk = place.chunk_id if (user, place.chunk_id) in self._t.chunks else None
                table[(user, place.id)] = replace(place, chunk_id=chunk)
        for place, heir, given in places:
            now = table.get((place.user_id, place.id))
            present = (place.user_id, place.subject) in subjects
            if given and isinstance(now, StoredPlace) and now.subject == heir and present:
                table[(place.user_id, place.id)] = replace(now, subject=place.subject)

    def _keys_back(self, stored: StoredMerge, target: Entity) -> None:
        user, own = target.user_id, resolution_keys(target.content)
        for row in stored.claimed_keys:
            if self._t.keys.get((user, *row)) == target.id and row[1] not in own:
                del self._t.keys[(user, *row)]
        for row, holder in stored.moved_keys.items():
            if self._t.keys.get((user, *row), target.id) == target.id:
                self._t.keys[(user, *row)] = holder


def _spot(place: StoredPlace, subject: UUID) -> tuple[object, ...]:
    """What no two places share."""
    return (place.document_id, subject, place.start, place.end)
