"""Brings a deleted relationship back, between ends that are there."""

from dataclasses import dataclass
from functools import partial

from application.graph.hold_to_schema import Warn, hold_relationship, under_current_schema, unheard
from application.graph.ports import GraphUnitOfWork
from application.graph.views import RelationshipView, relationship_view
from application.shared.ports import Clock, StartWork
from application.shared.principal import Principal
from domain.graph.events import RelationshipRestored, relationship_event
from domain.graph.relationship import require_version, restored
from domain.shared.ids import RelationshipId


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreRelationshipCommand:
    principal: Principal
    relationship_id: RelationshipId
    expected_version: int | None = None
    warn: Warn = unheard


class RestoreRelationship:
    """Raises `RelationshipNotFound`, `RelationshipChanged`, `AlreadyActive`, `EndIsDeleted`,
    `RelationshipExists` and `ExternalIdTaken`."""

    def __init__(self, start_work: StartWork[GraphUnitOfWork], clock: Clock) -> None:
        self._start_work = start_work
        self._clock = clock

    async def __call__(self, command: RestoreRelationshipCommand) -> RelationshipView:
        return await under_current_schema(partial(self._restore, command))

    async def _restore(self, command: RestoreRelationshipCommand) -> RelationshipView:
        user_id, now = command.principal.user_id, self._clock.now()
        async with self._start_work(command.principal) as work:
            gone = await work.relationships.get_any(user_id, command.relationship_id)
            require_version(gone, command.expected_version)
            relationship = restored(gone, now)
            warnings = await hold_relationship(work, relationship)
            await work.relationships.restore(relationship)
            work.record(relationship_event(RelationshipRestored, relationship))
            await work.commit()
        command.warn(warnings)
        return relationship_view(relationship)
