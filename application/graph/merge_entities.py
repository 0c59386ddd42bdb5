"""Makes one entity of several that turned out to be the same thing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from application.graph.hold_to_schema import Warn, hold_merge, under_current_schema, unheard
from application.graph.merges import MergeUnitOfWork, MergeView, merge_view
from application.shared.ports import Clock, IdGenerator, StartWork
from application.shared.principal import Principal
from domain.graph.entity import Entity, deleted, require_version, resolution_keys
from domain.graph.merge import Merge, merge_of, merged, require_found, require_mergeable
from domain.graph.merge_events import EntityMerged, merge_event
from domain.shared.errors import Violation
from domain.shared.ids import EntityId, MergeId


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeEntitiesCommand:
    """`expected_version` is the target's."""

    principal: Principal
    target_id: EntityId
    source_ids: Sequence[EntityId]
    expected_version: int | None = None
    warn: Warn = unheard


class MergeEntities:
    """Raises `InvalidInput` for entities that are not there, and for what breaks an enforced schema once
    they are one; `EntityChanged`."""

    def __init__(self, start_work: StartWork[MergeUnitOfWork], clock: Clock, ids: IdGenerator) -> None:
        self._start_work = start_work
        self._clock = clock
        self._ids = ids

    async def __call__(self, command: MergeEntitiesCommand) -> MergeView:
        return await under_current_schema(partial(self._merge, command))

    async def _merge(self, command: MergeEntitiesCommand) -> MergeView:
        principal = command.principal
        require_mergeable(command.target_id, command.source_ids)
        async with self._start_work(principal) as work:
            held = await work.merges.hold(principal.user_id, [command.target_id, *command.source_ids])
            require_found(command.target_id, command.source_ids, held)
            target = held[command.target_id]
            require_version(target, command.expected_version)
            merge, warnings = await carry_out(
                work,
                merge_of(
                    MergeId(self._ids.new()),
                    target,
                    [held[source_id] for source_id in command.source_ids],
                    by=principal.actor_id or principal.user_id,
                    now=self._clock.now(),
                ),
                held,
            )
            work.created(merge.id)
            await work.commit()
        command.warn(warnings)
        return merge_view(merge)


async def carry_out(
    work: MergeUnitOfWork, merge: Merge, held: Mapping[EntityId, Entity]
) -> tuple[Merge, Sequence[Violation]]:
    """Carries out a merge of entities that the unit of work holds, and announces it; also what a schema
    warns of. Raises `InvalidInput` where the outcome breaks a schema that is enforced."""
    before = held[merge.target_id]
    target = merged(before, merge)
    known = set(resolution_keys(before.content))
    keys = [key for key in resolution_keys(target.content) if key not in known]
    done = await work.merges.carry_out(merge, target, keys)
    work.record(merge_event(EntityMerged, done, target))
    for source_id in merge.source_ids:
        work.record(merge_event(EntityMerged, done, deleted(held[source_id], merge.merged_at)))
    return done, await hold_merge(work, merge.id, [target])
