"""Changes what an entity says: all of it (PUT) or some of it (PATCH)."""

from dataclasses import dataclass
from functools import partial

from application.graph.hold_to_schema import Warn, hold_entity, under_current_schema, unheard
from application.graph.ports import GraphUnitOfWork
from application.graph.views import EntityView, entity_view
from application.shared.ports import Clock, StartWork
from application.shared.principal import Principal
from domain.graph.entity import (
    Entity,
    EntityContent,
    patched,
    released_keys,
    replaced,
    require_version,
    resolution_keys,
)
from domain.graph.events import EntityUpdated, entity_event
from domain.shared.ids import EntityId
from domain.shared.json import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateEntityCommand:
    """`change` is the whole new content, or a merge patch (RFC 7396) of it."""

    principal: Principal
    entity_id: EntityId
    change: EntityContent | JsonObject
    expected_version: int | None = None
    warn: Warn = unheard


class UpdateEntity:
    """Raises `InvalidInput`, `EntityNotFound`, `EntityChanged`. A change to nothing new is no change."""

    def __init__(self, start_work: StartWork[GraphUnitOfWork], clock: Clock) -> None:
        self._start_work = start_work
        self._clock = clock

    async def __call__(self, command: UpdateEntityCommand) -> EntityView:
        return await under_current_schema(partial(self._update, command))

    async def _update(self, command: UpdateEntityCommand) -> EntityView:
        async with self._start_work(command.principal) as work:
            before = await work.entities.get(command.principal.user_id, command.entity_id)
            require_version(before, command.expected_version)
            after = self._changed(before, command.change)
            if after is not before:
                warnings = await hold_entity(work, after, before)
                claim = resolution_keys(after.content)
                await work.entities.save(after, claim, released_keys(before.content, after.content))
                work.record(entity_event(EntityUpdated, after))
                await work.commit()
                command.warn(warnings)
        return entity_view(after)

    def _changed(self, entity: Entity, change: EntityContent | JsonObject) -> Entity:
        now = self._clock.now()
        if isinstance(change, EntityContent):
            return replaced(entity, change, now)
        return patched(entity, change, now)
