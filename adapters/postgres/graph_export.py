"""A graph out of Postgres: page after page in one snapshot, so that its size does not matter."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TypeVar
from uuid import UUID

from asyncpg import Record

from adapters.postgres.engine import Database
from adapters.postgres.graph_rows import (
    ENTITY_COLUMNS,
    RELATIONSHIP_COLUMNS,
    entity_view_of,
    relationship_view_of,
)
from adapters.postgres.statements import DriverConnection
from application.graph.exports import ExportFilter, GraphSnapshot, GraphSnapshots
from application.graph.views import EntityView, RelationshipView
from domain.shared.errors import Unavailable
from domain.shared.ids import UserId

View = TypeVar("View")

# A page is a query; of its rows, which may be large, so many come over at a time.
ROWS = 1000
AT_A_TIME = 100
LARGE = 1024 * 1024
BEFORE_ALL = UUID(int=0)
# An export holds a connection for as long as its reader reads; others need some, too.
MOST_OPEN = 2

ENTITIES = f"""
select {ENTITY_COLUMNS} from backend_entities.entities
where user_id = $1 and (is_active or $2) and ($3::text[] is null or type = any($3)) and id > $4
order by id limit $5
"""
_ENDS = """
    and exists (
        select from backend_entities.entities e
        where e.user_id = r.user_id and e.id = r.{end}
            and (e.is_active or $2) and ($3::text[] is null or e.type = any($3))
    )
"""
# An active relationship has active ends: only types can leave one out.
RELATIONSHIPS = f"""
select {RELATIONSHIP_COLUMNS} from backend_entities.relationships r
where user_id = $1 and (is_active or $2) and $3::text[] is null and id > $4
order by id limit $5
"""
RELATIONSHIPS_OF_TYPES = f"""
select {RELATIONSHIP_COLUMNS} from backend_entities.relationships r
where user_id = $1 and (is_active or $2) {_ENDS.format(end="source_entity_id")}
    {_ENDS.format(end="target_entity_id")} and id > $4
order by id limit $5
"""
BEGIN = "begin isolation level repeatable read read only"


class PostgresGraphSnapshots(GraphSnapshots):
    """At most `most_open` at a time in one process."""

    def __init__(self, database: Database, *, most_open: int = MOST_OPEN) -> None:
        self._database = database
        self._most_open = most_open
        self._open = 0

    @contextlib.asynccontextmanager
    async def __call__(self, user_id: UserId, wanted: ExportFilter, /) -> AsyncIterator[GraphSnapshot]:
        if self._open >= self._most_open:
            raise Unavailable("as many exports are running as may at a time; try again later")
        self._open += 1
        try:
            async with self._database.connection() as connection:
                try:
                    await connection.execute(f"{BEGIN}; select backend_operations.act_as('{user_id}')")
                    yield PostgresGraphSnapshot(connection, user_id, wanted)
                finally:
                    # Also when the reader has left: the connection goes back at once.
                    if connection.is_in_transaction() and not connection.is_closed():
                        await asyncio.shield(connection.execute("rollback"))
        finally:
            self._open -= 1


class PostgresGraphSnapshot(GraphSnapshot):
    """Reads inside one transaction."""

    def __init__(self, connection: DriverConnection, user_id: UserId, wanted: ExportFilter) -> None:
        self._connection = connection
        self._arguments = (user_id, wanted.include_inactive, wanted.types)
        self._of_types = wanted.types is not None

    def entities(self) -> AsyncIterator[Sequence[EntityView]]:
        return self._read(ENTITIES, entity_view_of)

    def relationships(self) -> AsyncIterator[Sequence[RelationshipView]]:
        statement = RELATIONSHIPS_OF_TYPES if self._of_types else RELATIONSHIPS
        return self._read(statement, relationship_view_of)

    async def _read(self, statement: str, view_of: Callable[[Record], View]) -> AsyncIterator[Sequence[View]]:
        after, read = BEFORE_ALL, ROWS
        while read == ROWS:
            read, views, size = 0, list[View](), 0
            page = self._connection.cursor(statement, *self._arguments, after, ROWS, prefetch=AT_A_TIME)
            async for row in page:
                views.append(view_of(row))
                after, read, size = row["id"], read + 1, size + len(row["metadata"])
                if size >= LARGE:
                    yield views
                    views, size = [], 0
            if views:
                yield views
