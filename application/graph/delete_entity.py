"""Takes an entity, and every relationship at it, out of the graph."""

from dataclasses import dataclass

from application.graph.ports import GraphUnitOfWork
from application.shared.ports import Clock, StartWork
from application.shared.principal import Principal
from domain.graph.events import EntityDeleted, RelationshipDeleted, entity_event, relationship_event
from domain.shared.ids import EntityId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteEntityCommand:
    principal: Principal
    entity_id: EntityId
    expected_version: int | None = None


class DeleteEntity:
    """Raises `EntityNotFound`, `EntityChanged`. The rows stay, inactive, so that it can be undone."""

    def __init__(self, start_work: StartWork[GraphUnitOfWork], clock: Clock) -> None:
        self._start_work = start_work
        self._clock = clock

    async def __call__(self, command: DeleteEntityCommand) -> None:
        user_id, now = command.principal.user_id, self._clock.now()
        async with self._start_work(command.principal) as work:
            entity = await work.entities.remove(user_id, command.entity_id, command.expected_version, now)
            # A statement of its own: it must see the relationships added until the entity was locked.
            for relationship in await work.relationships.remove_of(user_id, entity.id, now):
                work.record(relationship_event(RelationshipDeleted, relationship))
            work.record(entity_event(EntityDeleted, entity))
            await work.commit()
