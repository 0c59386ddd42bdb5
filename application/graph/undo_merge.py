"""Takes a merge back: everything it changed becomes what it was."""

from dataclasses import dataclass, replace

from application.graph.merges import MergeUnitOfWork, MergeView, merge_view
from application.shared.ports import Clock, StartWork
from application.shared.principal import Principal
from domain.graph.errors import MergeTargetGone, MergeUndoneAlready
from domain.graph.merge import unmerged
from domain.graph.merge_events import EntityUnmerged, merge_event
from domain.shared.ids import MergeId


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoMergeCommand:
    principal: Principal
    merge_id: MergeId


class UndoMerge:
    """What was edited since stays edited. Raises `MergeNotFound`, `MergeUndoneAlready`, `MergeBuiltUpon`,
    `MergeTargetGone`, `MergeSourceGone`, and `ExternalIdTaken` when another entity has a source's by now."""

    def __init__(self, start_work: StartWork[MergeUnitOfWork], clock: Clock) -> None:
        self._start_work = start_work
        self._clock = clock

    async def __call__(self, command: UndoMergeCommand) -> MergeView:
        principal, now = command.principal, self._clock.now()
        by = principal.actor_id or principal.user_id
        async with self._start_work(principal) as work:
            merge = await work.merges.get(principal.user_id, command.merge_id)
            if merge.undone_at is not None:
                raise MergeUndoneAlready
            held = await work.merges.hold(principal.user_id, [merge.target_id])
            if merge.target_id not in held:
                raise MergeTargetGone
            target = unmerged(held[merge.target_id], merge, now)
            back = await work.merges.undo(merge, target, by, now)
            for entity in (target, *back):
                work.record(merge_event(EntityUnmerged, merge, entity))
            await work.commit()
        return merge_view(replace(merge, undone_at=now, undone_by=by))
