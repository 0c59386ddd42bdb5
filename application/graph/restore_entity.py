"""Brings a deleted entity back, with the relationships that were deleted along with it."""

from dataclasses import dataclass
from functools import partial

from application.graph.hold_to_schema import Warn, hold_restored, under_current_schema, unheard
from application.graph.ports import GraphUnitOfWork
from application.graph.views import EntityView, entity_view
from application.shared.ports import Clock, StartWork
from application.shared.principal import Principal
from domain.graph.entity import require_version, resolution_keys, restored
from domain.graph.events import EntityRestored, RelationshipRestored, entity_event, relationship_event
from domain.shared.ids import EntityId


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreEntityCommand:
    principal: Principal
    entity_id: EntityId
    expected_version: int | None = None
    warn: Warn = unheard


class RestoreEntity:
    """A relationship whose other end is still deleted comes back with that end.

    Raises `EntityNotFound`, `EntityChanged`, `AlreadyActive`, and `ExternalIdTaken` when another entity has
    its external id by now.
    """

    def __init__(self, start_work: StartWork[GraphUnitOfWork], clock: Clock) -> None:
        self._start_work = start_work
        self._clock = clock

    async def __call__(self, command: RestoreEntityCommand) -> EntityView:
        return await under_current_schema(partial(self._restore, command))

    async def _restore(self, command: RestoreEntityCommand) -> EntityView:
        user_id, now = command.principal.user_id, self._clock.now()
        async with self._start_work(command.principal) as work:
            gone = await work.entities.get_any(user_id, command.entity_id)
            require_version(gone, command.expected_version)
            entity = restored(gone, now)
            await work.entities.restore(entity, resolution_keys(entity.content))
            work.record(entity_event(EntityRestored, entity))
            back = await work.relationships.restore_of(user_id, entity.id, now)
            for relationship in back:
                work.record(relationship_event(RelationshipRestored, relationship))
            warnings = await hold_restored(work, entity, back)
            await work.commit()
        command.warn(warnings)
        return entity_view(entity)
