"""Reads every version of entities and relationships: the row itself is the last, a table holds the others."""

from uuid import UUID

from adapters.postgres import json
from adapters.postgres.documents_confined import confined_sql
from adapters.postgres.engine import Database
from application.graph.history import HistoryQueries, VersionView, history_page
from application.shared.pages import Page, PageRequest
from domain.graph.errors import EntityNotFound, RelationshipNotFound
from domain.shared.ids import EntityId, RelationshipId, UserId
from domain.shared.json import JsonObject


def _window(thing: str, plural: str, descending: bool) -> str:
    """The versions of a page, and those next to it: each is explained by the one before."""
    beyond, order = ("<", "desc") if descending else (">=", "asc")
    return confined_sql(f"""
        select * from (
            select version, updated_at as changed_at, changed_by,
                backend_entities.{thing}_content({plural}) as content
            from backend_entities.{plural} where user_id = tenant.user_id and id = $2
            union all
            select version, changed_at, changed_by, content from backend_entities.{thing}_versions
            where user_id = tenant.user_id and {thing}_id = $2
        ) as versions
        where $3::bigint is null or version {beyond} $3
        order by version {order} limit $4
    """)


ENTITY = {descending: _window("entity", "entities", descending) for descending in (True, False)}
RELATIONSHIP = {
    descending: _window("relationship", "relationships", descending) for descending in (True, False)
}


class PostgresHistoryQueries(HistoryQueries):
    """Reads on connections of its own, outside any unit of work."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_entity(self, user_id: UserId, entity_id: EntityId, page: PageRequest) -> Page[VersionView]:
        found = await self._page(ENTITY[page.descending], user_id, entity_id, page)
        if found is None:
            raise EntityNotFound
        return found

    async def of_relationship(
        self, user_id: UserId, relationship_id: RelationshipId, page: PageRequest
    ) -> Page[VersionView]:
        found = await self._page(RELATIONSHIP[page.descending], user_id, relationship_id, page)
        if found is None:
            raise RelationshipNotFound
        return found

    async def _page(
        self, statement: str, user_id: UserId, thing_id: UUID, page: PageRequest
    ) -> Page[VersionView] | None:
        """None when there is no version at all; behind the last one there is an empty page."""
        after = None if page.after is None else int(float(str(page.after.key)))
        async with self._database.connection() as connection:
            rows = await connection.fetch(statement, user_id, thing_id, after, page.limit + 2)
        if not rows and after is None:
            return None
        versions = [
            VersionView(
                version=row["version"],
                changed_at=row["changed_at"],
                changed_by=row["changed_by"],
                content=_content(row["content"]),
            )
            for row in rows
        ]
        return history_page(versions if page.descending else versions[::-1], page)


def _content(text: str) -> JsonObject:
    """jsonb spells a whole confidence as an integer; the thing itself shows it as a fraction."""
    said = json.decode(text)
    return {**said, "confidence": float(said["confidence"])}
