"""Connects two entities."""

from dataclasses import dataclass
from functools import partial

from application.graph.hold_to_schema import Warn, hold_relationship, under_current_schema, unheard
from application.graph.ports import GraphUnitOfWork
from application.graph.views import RelationshipView, relationship_view
from application.shared.ports import Clock, IdGenerator, StartWork
from application.shared.principal import Principal
from domain.graph.events import RelationshipCreated, relationship_event
from domain.graph.relationship import RelationshipContent, new_relationship
from domain.shared.ids import RelationshipId


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRelationshipCommand:
    principal: Principal
    content: RelationshipContent
    warn: Warn = unheard


class CreateRelationship:
    """Raises `InvalidInput`, also for ends that do not exist, and `RelationshipExists`."""

    def __init__(self, start_work: StartWork[GraphUnitOfWork], clock: Clock, ids: IdGenerator) -> None:
        self._start_work = start_work
        self._clock = clock
        self._ids = ids

    async def __call__(self, command: CreateRelationshipCommand) -> RelationshipView:
        return await under_current_schema(partial(self._create, command))

    async def _create(self, command: CreateRelationshipCommand) -> RelationshipView:
        principal = command.principal
        relationship = new_relationship(
            principal.user_id, RelationshipId(self._ids.new()), command.content, self._clock.now()
        )
        async with self._start_work(principal) as work:
            warnings = await hold_relationship(work, relationship)
            await work.relationships.add(relationship)
            work.record(relationship_event(RelationshipCreated, relationship))
            work.created(relationship.id)
            await work.commit()
        command.warn(warnings)
        return relationship_view(relationship)
