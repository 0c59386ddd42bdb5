"""Answers to bulk requests in Postgres, kept for as long as somebody may ask the same again."""

from datetime import datetime
from uuid import UUID

import msgspec

from adapters.postgres import json
from adapters.postgres.documents_confined import confined_sql
from adapters.postgres.engine import Database
from adapters.postgres.statements import DriverConnection
from application.graph.write_bulk import BulkResultQueries, BulkResultRepository, BulkView
from domain.shared.ids import UserId

ADD = """
insert into backend_entities.bulk_results (user_id, id, outcomes, created_at) values ($1, $2, $3::jsonb, $4)
"""
GET = confined_sql("""
    select outcomes from backend_entities.bulk_results where user_id = tenant.user_id and id = $2 offset 0
""")
_DECODER = msgspec.json.Decoder(BulkView)


class PostgresBulkResultRepository(BulkResultRepository):
    """Works inside the transaction of one unit of work."""

    def __init__(self, connection: DriverConnection) -> None:
        self._connection = connection

    async def add(self, user_id: UserId, result: BulkView, now: datetime) -> None:
        await self._connection.execute(ADD, user_id, result.id, json.encode(result), now)


class PostgresBulkResultQueries(BulkResultQueries):
    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, user_id: UserId, result_id: UUID) -> BulkView | None:
        async with self._database.connection() as connection:
            found = await connection.fetchval(GET, user_id, result_id)
        return None if found is None else _DECODER.decode(found)
