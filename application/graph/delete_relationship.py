"""Takes a relationship out of the graph."""

from dataclasses import dataclass

from application.graph.ports import GraphUnitOfWork
from application.shared.ports import Clock, StartWork
from application.shared.principal import Principal
from domain.graph.events import RelationshipDeleted, relationship_event
from domain.shared.ids import RelationshipId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteRelationshipCommand:
    principal: Principal
    relationship_id: RelationshipId
    expected_version: int | None = None


class DeleteRelationship:
    """Raises `RelationshipNotFound`, `RelationshipChanged`. The row stays, inactive."""

    def __init__(self, start_work: StartWork[GraphUnitOfWork], clock: Clock) -> None:
        self._start_work = start_work
        self._clock = clock

    async def __call__(self, command: DeleteRelationshipCommand) -> None:
        async with self._start_work(command.principal) as work:
            relationship = await work.relationships.remove(
                command.principal.user_id,
                command.relationship_id,
                command.expected_version,
                self._clock.now(),
            )
            work.record(relationship_event(RelationshipDeleted, relationship))
            await work.commit()
