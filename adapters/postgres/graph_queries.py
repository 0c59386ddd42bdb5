"""Reading entities and relationships, each read in one round trip."""

from typing import Any

from sqlalchemy import ColumnElement, Select, Table, Uuid, bindparam, select

from adapters.postgres import tables as t
from adapters.postgres.documents_confined import confined_sql
from adapters.postgres.engine import Database
from adapters.postgres.graph_analytics_queries import PostgresAnalyticsQueries
from adapters.postgres.graph_filters import json_page_of, page_query
from adapters.postgres.graph_rows import (
    ENTITY_COLUMNS,
    RELATIONSHIP_COLUMNS,
    entity_read,
    entity_view_of,
    relationship_read,
    relationship_view_of,
)
from adapters.postgres.statements import Statement, confined
from application.graph.analytics import kinds_asked, refuse_uncomputed
from application.graph.queries import EntityFilter, EntityQueries, RelationshipFilter, RelationshipQueries
from application.graph.views import EntityJson, EntityView, RelationshipJson, RelationshipView
from application.shared.pages import Page, PageRequest
from domain.graph.analytics import AnalyticsKind
from domain.graph.errors import EntityNotFound, RelationshipNotFound
from domain.graph.merge import merged_away
from domain.shared.ids import EntityId, RelationshipId, UserId


def _by_id(table: Table, columns: str) -> Statement:
    def build(user_id: ColumnElement[Any]) -> Select[Any]:
        c = table.c
        wanted = bindparam("id", type_=Uuid)
        return select(*(c[name] for name in columns.split(", "))).where(
            c.user_id == user_id, c.id == wanted, c.is_active
        )

    return Statement(confined(build))


MERGED_INTO = confined_sql(
    "select merged_into from backend_entities.entities where user_id = tenant.user_id and id = $2 offset 0"
)
ENTITY = _by_id(t.entities, ENTITY_COLUMNS)
RELATIONSHIP = _by_id(t.relationships, RELATIONSHIP_COLUMNS)


class PostgresEntityQueries(EntityQueries):
    def __init__(self, database: Database) -> None:
        self._database = database

    async def entity(self, user_id: UserId, entity_id: EntityId) -> EntityView:
        async with self._database.connection() as connection:
            row = await ENTITY.fetchrow(connection, user_id=user_id, id=entity_id)
            if row is None:
                into = await connection.fetchval(MERGED_INTO, user_id, entity_id)
                raise EntityNotFound if into is None else merged_away(into)
        return entity_view_of(row)

    async def entities(self, user_id: UserId, wanted: EntityFilter, page: PageRequest) -> Page[EntityView]:
        found = await self.entities_json(user_id, wanted, page)
        return Page(rows=[entity_read(shown) for shown in found.rows], next=found.next)

    async def entities_json(
        self, user_id: UserId, wanted: EntityFilter, page: PageRequest
    ) -> Page[EntityJson]:
        statement, parameters = page_query(t.entities, wanted, page)
        async with self._database.connection() as connection:
            rows = await statement.fetch(connection, user_id=user_id, **parameters)
        if not rows and (asked := kinds_asked(wanted, page.sort)):
            runs = await PostgresAnalyticsQueries(self._database).runs(user_id)
            refuse_uncomputed(asked, frozenset(AnalyticsKind(run.kind) for run in runs))
        return json_page_of(rows, page, EntityJson, entity_read)


class PostgresRelationshipQueries(RelationshipQueries):
    def __init__(self, database: Database) -> None:
        self._database = database

    async def relationship(self, user_id: UserId, relationship_id: RelationshipId) -> RelationshipView:
        async with self._database.connection() as connection:
            row = await RELATIONSHIP.fetchrow(connection, user_id=user_id, id=relationship_id)
        if row is None:
            raise RelationshipNotFound
        return relationship_view_of(row)

    async def relationships(
        self, user_id: UserId, wanted: RelationshipFilter, page: PageRequest
    ) -> Page[RelationshipView]:
        found = await self.relationships_json(user_id, wanted, page)
        return Page(rows=[relationship_read(shown) for shown in found.rows], next=found.next)

    async def relationships_json(
        self, user_id: UserId, wanted: RelationshipFilter, page: PageRequest
    ) -> Page[RelationshipJson]:
        statement, parameters = page_query(t.relationships, wanted, page)
        async with self._database.connection() as connection:
            rows = await statement.fetch(connection, user_id=user_id, **parameters)
        return json_page_of(rows, page, RelationshipJson, relationship_read)
