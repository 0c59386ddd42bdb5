"""Changes what a relationship says: all of it (PUT) or some of it (PATCH)."""

from dataclasses import dataclass
from functools import partial

from application.graph.hold_to_schema import Warn, hold_relationship, under_current_schema, unheard
from application.graph.ports import GraphUnitOfWork
from application.graph.views import RelationshipView, relationship_view
from application.shared.ports import Clock, StartWork
from application.shared.principal import Principal
from domain.graph.events import RelationshipUpdated, relationship_event
from domain.graph.relationship import Relationship, RelationshipContent, patched, replaced, require_version
from domain.shared.ids import RelationshipId
from domain.shared.json import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRelationshipCommand:
    """`change` is the whole new content, or a merge patch (RFC 7396) of it."""

    principal: Principal
    relationship_id: RelationshipId
    change: RelationshipContent | JsonObject
    expected_version: int | None = None
    warn: Warn = unheard


class UpdateRelationship:
    """Raises `InvalidInput`, `RelationshipNotFound`, `RelationshipChanged`, `RelationshipExists`.

    A change to nothing new is no change.
    """

    def __init__(self, start_work: StartWork[GraphUnitOfWork], clock: Clock) -> None:
        self._start_work = start_work
        self._clock = clock

    async def __call__(self, command: UpdateRelationshipCommand) -> RelationshipView:
        return await under_current_schema(partial(self._update, command))

    async def _update(self, command: UpdateRelationshipCommand) -> RelationshipView:
        async with self._start_work(command.principal) as work:
            before = await work.relationships.get(command.principal.user_id, command.relationship_id)
            require_version(before, command.expected_version)
            after = self._changed(before, command.change)
            if after is not before:
                warnings = await hold_relationship(work, after)
                await work.relationships.save(before, after)
                work.record(relationship_event(RelationshipUpdated, after))
                await work.commit()
                command.warn(warnings)
        return relationship_view(after)

    def _changed(self, relationship: Relationship, change: RelationshipContent | JsonObject) -> Relationship:
        now = self._clock.now()
        if isinstance(change, RelationshipContent):
            return replaced(relationship, change, now)
        return patched(relationship, change, now)
