"""Files on their way into a graph, in Postgres: parts as bytes, so that any consumer can go on with them."""

from collections.abc import Mapping
from datetime import datetime

import asyncpg

from adapters.postgres import json
from adapters.postgres.engine import Database
from adapters.postgres.statements import DriverConnection
from application.graph.imports import (
    ImportRepository,
    ImportState,
    ImportSweep,
    Phase,
    RefreshStatistics,
)
from domain.shared.errors import AccountGone
from domain.shared.ids import EntityId, GraphJobId, UserId

OPEN = "insert into backend_entities.imports (user_id, id, started_at) values ($1, $2, $3)"
APPEND = """
insert into backend_entities.import_parts (user_id, import_id, ordinal, content) values ($1, $2, $3, $4)
"""
PART = """
select content from backend_entities.import_parts where user_id = $1 and import_id = $2 and ordinal = $3
"""
STATE = """
select phase, place, total, has_keys, counts from backend_entities.imports where user_id = $1 and id = $2
for no key update
"""
KEEP = """
update backend_entities.imports set phase = $3, place = $4, total = $5, has_keys = $6, counts = $7::jsonb
where user_id = $1 and id = $2
"""
REMEMBER = """
insert into backend_entities.import_keys (user_id, import_id, key, entity_id)
select $1, $2, k.key, k.entity_id from unnest($3::text[], $4::uuid[]) as k(key, entity_id)
on conflict do nothing
"""
EMPTY = (
    "delete from backend_entities.import_parts where user_id = $1 and import_id = $2",
    "delete from backend_entities.import_keys where user_id = $1 and import_id = $2",
)
REMOVE = "delete from backend_entities.imports where user_id = $1 and id = $2"
REFRESH_STATISTICS = "select backend_entities.refresh_statistics()"
SWEEP = "select backend_entities.sweep_imports($1, $2)"


class PostgresImportRepository(ImportRepository):
    """Works inside the transaction of one unit of work."""

    def __init__(self, connection: DriverConnection) -> None:
        self._connection = connection

    async def open(self, user_id: UserId, import_id: GraphJobId, now: datetime) -> None:
        try:
            await self._connection.execute(OPEN, user_id, import_id, now)
        except asyncpg.ForeignKeyViolationError as error:
            raise AccountGone from error

    async def append(self, user_id: UserId, import_id: GraphJobId, ordinal: int, content: bytes) -> None:
        await self._connection.execute(APPEND, user_id, import_id, ordinal, content)

    async def part(self, user_id: UserId, import_id: GraphJobId, ordinal: int) -> bytes | None:
        content: bytes | None = await self._connection.fetchval(PART, user_id, import_id, ordinal)
        return content

    async def state(self, user_id: UserId, import_id: GraphJobId) -> ImportState | None:
        row = await self._connection.fetchrow(STATE, user_id, import_id)
        if row is None:
            return None
        return ImportState(
            phase=Phase(row["phase"]),
            place=row["place"],
            total=row["total"],
            has_keys=row["has_keys"],
            counts=json.decode(row["counts"]),
        )

    async def keep(self, user_id: UserId, import_id: GraphJobId, state: ImportState) -> None:
        await self._connection.execute(
            KEEP,
            user_id,
            import_id,
            state.phase,
            state.place,
            state.total,
            state.has_keys,
            json.encode(state.counts),
        )

    async def remember(self, user_id: UserId, import_id: GraphJobId, keys: Mapping[str, EntityId]) -> None:
        await self._connection.execute(REMEMBER, user_id, import_id, list(keys), list(keys.values()))

    async def empty(self, user_id: UserId, import_id: GraphJobId) -> None:
        for statement in EMPTY:
            await self._connection.execute(statement, user_id, import_id)

    async def remove(self, user_id: UserId, import_id: GraphJobId) -> None:
        await self._connection.execute(REMOVE, user_id, import_id)


class PostgresRefreshStatistics(RefreshStatistics):
    """ANALYZE, in a transaction of its own: it takes a moment, and shows what it found at its end."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __call__(self) -> None:
        async with self._database.connection() as connection:
            await connection.execute(REFRESH_STATISTICS)


class PostgresImportSweep(ImportSweep):
    """Sees only what the sweep's own scope lets it see."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __call__(self, abandoned_before: datetime, answered_before: datetime, /) -> int:
        async with self._database.connection() as connection:
            return int(await connection.fetchval(SWEEP, abandoned_before, answered_before))
