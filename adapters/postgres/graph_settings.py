"""Settings of a user's graph in Postgres: one row, or none for the defaults."""

import asyncpg

from adapters.postgres.documents_confined import confined_sql
from adapters.postgres.engine import Database
from adapters.postgres.statements import DriverConnection
from application.graph.graph_settings import GraphSettingsQueries, GraphSettingsRepository
from domain.graph.settings import GraphSettings
from domain.shared.errors import AccountGone
from domain.shared.ids import UserId

_GET = "select auto_merge_threshold, updated_at from backend_entities.graph_settings where user_id = "
GET = f"{_GET}$1 for update"
READ = confined_sql(f"{_GET}tenant.user_id offset 0")

PUT = """
insert into backend_entities.graph_settings (user_id, auto_merge_threshold, updated_at) values ($1, $2, $3)
on conflict (user_id) do update
set auto_merge_threshold = excluded.auto_merge_threshold, updated_at = excluded.updated_at
"""


class PostgresGraphSettingsRepository(GraphSettingsRepository):
    """Works inside the transaction of one unit of work."""

    def __init__(self, connection: DriverConnection) -> None:
        self._connection = connection

    async def get(self, user_id: UserId) -> GraphSettings:
        return _settings_of(user_id, await self._connection.fetchrow(GET, user_id))

    async def put(self, settings: GraphSettings) -> None:
        try:
            await self._connection.execute(
                PUT, settings.user_id, settings.auto_merge_threshold, settings.updated_at
            )
        except asyncpg.ForeignKeyViolationError as error:
            raise AccountGone from error


class PostgresGraphSettingsQueries(GraphSettingsQueries):
    """Reads on connections of its own, outside any unit of work."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, user_id: UserId) -> GraphSettings:
        async with self._database.connection() as connection:
            return _settings_of(user_id, await connection.fetchrow(READ, user_id))


def _settings_of(user_id: UserId, row: asyncpg.Record | None) -> GraphSettings:
    if row is None:
        return GraphSettings(user_id=user_id)
    return GraphSettings(
        user_id=user_id, auto_merge_threshold=row["auto_merge_threshold"], updated_at=row["updated_at"]
    )
