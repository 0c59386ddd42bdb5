"""Adds an entity somebody wrote down."""

from dataclasses import dataclass
from functools import partial

from application.graph.hold_to_schema import Warn, hold_entity, under_current_schema, unheard
from application.graph.ports import GraphUnitOfWork
from application.graph.views import EntityView, entity_view
from application.shared.ports import Clock, IdGenerator, StartWork
from application.shared.principal import Principal
from domain.graph.entity import EntityContent, new_entity, resolution_keys
from domain.graph.events import EntityCreated, entity_event
from domain.shared.ids import EntityId


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateEntityCommand:
    principal: Principal
    content: EntityContent
    warn: Warn = unheard


class CreateEntity:
    """Raises `InvalidInput`. What is extracted later under one of its names finds this entity."""

    def __init__(self, start_work: StartWork[GraphUnitOfWork], clock: Clock, ids: IdGenerator) -> None:
        self._start_work = start_work
        self._clock = clock
        self._ids = ids

    async def __call__(self, command: CreateEntityCommand) -> EntityView:
        return await under_current_schema(partial(self._create, command))

    async def _create(self, command: CreateEntityCommand) -> EntityView:
        principal = command.principal
        entity = new_entity(principal.user_id, EntityId(self._ids.new()), command.content, self._clock.now())
        async with self._start_work(principal) as work:
            warnings = await hold_entity(work, entity)
            await work.entities.add(entity, resolution_keys(entity.content))
            work.record(entity_event(EntityCreated, entity))
            work.created(entity.id)
            await work.commit()
        command.warn(warnings)
        return entity_view(entity)
