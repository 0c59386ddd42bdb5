"""Shows the relationships at one entity, and tells an entity without any from none at all."""

from application.graph.queries import EntityQueries, RelationshipFilter, RelationshipQueries
from application.graph.views import RelationshipJson
from application.shared.pages import Page, PageRequest
from domain.shared.ids import EntityId, UserId


class ListRelationshipsOfEntity:
    """Raises `EntityNotFound`. One read where there is anything to show: active relationships have active
    ends."""

    def __init__(self, entities: EntityQueries, relationships: RelationshipQueries) -> None:
        self._entities = entities
        self._relationships = relationships

    async def __call__(
        self, user_id: UserId, entity_id: EntityId, wanted: RelationshipFilter, page: PageRequest
    ) -> Page[RelationshipJson]:
        found = await self._relationships.relationships_json(user_id, wanted, page)
        if not found.rows:
            await self._entities.entity(user_id, entity_id)
        return found
