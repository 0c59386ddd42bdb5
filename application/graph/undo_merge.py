"""Takes a merge back: everything it changed becomes what it was."""

from dataclasses import dataclass, replace
from functools import partial

from application.graph.hold_to_schema import Warn, hold_merge, under_current_schema, unheard
from application.graph.merges import MergeUnitOfWork, MergeView, merge_view
from application.shared.ports import Clock, StartWork
from application.shared.principal import Principal
from domain.graph.entity import deleted
from domain.graph.errors import EntityNotFound, MergeLost, MergeTargetGone, MergeUndoneAlready, WasMerged
from domain.graph.events import EntityDeleted, RelationshipDeleted, entity_event, relationship_event
from domain.graph.merge import Merge, unmerged
from domain.graph.merge_events import EntityUnmerged, merge_event
from domain.graph.relationship import deleted as relationship_deleted
from domain.shared.errors import Conflict
from domain.shared.ids import MergeId


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoMergeCommand:
    principal: Principal
    merge_id: MergeId
    warn: Warn = unheard


class UndoMerge:
    """What was edited since stays edited. Raises `MergeNotFound`, `MergeUndoneAlready`, `MergeBuiltUpon`,
    `MergeTargetGone`, `MergeLost`, `MergeSourceGone`, `ExternalIdTaken` when another entity has a source's by
    now, and `InvalidInput` where what comes back breaks a schema that is enforced by now."""

    def __init__(self, start_work: StartWork[MergeUnitOfWork], clock: Clock) -> None:
        self._start_work = start_work
        self._clock = clock

    async def __call__(self, command: UndoMergeCommand) -> MergeView:
        return await under_current_schema(partial(self._undo, command))

    async def _undo(self, command: UndoMergeCommand) -> MergeView:
        principal, now = command.principal, self._clock.now()
        by = principal.actor_id or principal.user_id
        async with self._start_work(principal) as work:
            merge = await work.merges.get(principal.user_id, command.merge_id)
            if merge.undone_at is not None:
                raise MergeUndoneAlready
            held = await work.merges.hold(principal.user_id, [merge.target_id])
            if merge.target_id not in held:
                raise await _why_gone(work, merge)
            target = unmerged(held[merge.target_id], merge, now)
            back = await work.merges.undo(merge, target, by, now)
            for entity in (target, *back):
                work.record(merge_event(EntityUnmerged, merge, entity))
            gone, edges = await work.merges.drop_unsupported(merge)
            for edge in edges:
                work.record(relationship_event(RelationshipDeleted, relationship_deleted(edge, now)))
            for entity in gone:
                work.record(entity_event(EntityDeleted, deleted(entity, now)))
            left = {entity.id for entity in gone}
            present = [entity for entity in (target, *back) if entity.id not in left]
            warnings = await hold_merge(work, merge.id, present)
            await work.commit()
        command.warn(warnings)
        return merge_view(replace(merge, undone_at=now, undone_by=by))


async def _why_gone(work: MergeUnitOfWork, merge: Merge) -> Conflict:
    """The target is not active: deleted, part of another one by now, or not there at all."""
    try:
        await work.entities.get_any(merge.user_id, merge.target_id)
    except EntityNotFound:
        return MergeLost()
    except WasMerged as error:
        return MergeTargetGone(str(error))
    return MergeTargetGone()
