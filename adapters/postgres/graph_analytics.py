"""Results about whole graphs in Postgres: written in batches, read once they are complete."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
from asyncpg import Record

from adapters.postgres import json
from adapters.postgres.statements import DriverConnection
from application.graph.analytics import AnalyticsRepository, AnalyticsRun
from domain.graph.analytics import AnalyticsKind
from domain.shared.errors import AccountGone
from domain.shared.ids import GraphJobId, UserId

RUN_COLUMNS = (
    "id, attempt, kind, parameters, entities, relationships, groups, snapshot_at, facts, computed_at"
)

FIND = f"select {RUN_COLUMNS} from backend_entities.analytics_runs where user_id = $1 and id = $2"

CLEAR = "delete from backend_entities.analytics_runs where user_id = $1 and id = $2 and computed_at is null"

BEGIN = f"""
insert into backend_entities.analytics_runs (user_id, {RUN_COLUMNS})
values ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, $10::jsonb, null)
"""

# $1 to $3: the user, the run and the attempt that writes it.
_WRITTEN = "user_id = $1 and id = $2 and attempt = $3 and computed_at is null"

ADD_SCORES = f"""
insert into backend_entities.analytics_scores (user_id, run_id, entity_id, score)
select w.user_id, w.id, s.entity_id, s.score
from backend_entities.analytics_runs w, unnest($4::uuid[], $5::double precision[]) as s(entity_id, score)
where {_WRITTEN}
"""

ADD_GROUPS = f"""
insert into backend_entities.analytics_groups (user_id, run_id, number, size)
select w.user_id, w.id, g.number, g.size
from backend_entities.analytics_runs w, unnest($4::bigint[], $5::bigint[]) as g(number, size)
where {_WRITTEN}
"""

COMPLETE = f"""
with done as (
    update backend_entities.analytics_runs set computed_at = $4 where {_WRITTEN}
    returning kind, snapshot_at
), replaced as (
    delete from backend_entities.analytics_runs r using done
    where r.user_id = $1 and r.id <> $2 and r.kind = done.kind and case
        when r.computed_at is null then not exists (
            select from backend_entities.graph_jobs j
            where j.user_id = $1 and j.id = r.id and j.status in ('queued', 'running')
        )
        else r.snapshot_at <= done.snapshot_at
    end
)
select exists (select from done)
"""

DROP = f"delete from backend_entities.analytics_runs where {_WRITTEN}"


class PostgresAnalyticsRepository(AnalyticsRepository):
    """Works inside the transaction of one unit of work."""

    def __init__(self, connection: DriverConnection) -> None:
        self._connection = connection

    async def find(self, user_id: UserId, run_id: GraphJobId) -> AnalyticsRun | None:
        row = await self._connection.fetchrow(FIND, user_id, run_id)
        return None if row is None else run_of(user_id, row)

    async def begin(self, run: AnalyticsRun) -> None:
        await self._connection.execute(CLEAR, run.user_id, run.id)
        try:
            await self._connection.execute(
                BEGIN,
                run.user_id,
                run.id,
                run.attempt,
                run.kind,
                json.encode(run.parameters),
                run.entities,
                run.relationships,
                run.groups,
                run.snapshot_at,
                json.encode(run.facts),
            )
        except asyncpg.ForeignKeyViolationError as error:
            raise AccountGone from error

    async def add_scores(
        self, run: AnalyticsRun, entity_ids: Sequence[UUID], scores: Sequence[float]
    ) -> None:
        await self._connection.execute(ADD_SCORES, run.user_id, run.id, run.attempt, entity_ids, scores)

    async def add_groups(self, run: AnalyticsRun, numbers: Sequence[int], sizes: Sequence[int]) -> None:
        await self._connection.execute(ADD_GROUPS, run.user_id, run.id, run.attempt, numbers, sizes)

    async def complete(self, run: AnalyticsRun, now: datetime) -> bool:
        completed: bool = await self._connection.fetchval(COMPLETE, run.user_id, run.id, run.attempt, now)
        return completed

    async def drop(self, run: AnalyticsRun) -> None:
        await self._connection.execute(DROP, run.user_id, run.id, run.attempt)


def run_of(user_id: UserId, row: Record) -> AnalyticsRun:
    """The run of a row with `RUN_COLUMNS`."""
    return AnalyticsRun(
        id=GraphJobId(row["id"]),
        user_id=user_id,
        attempt=row["attempt"],
        kind=AnalyticsKind(row["kind"]),
        parameters=json.decode(row["parameters"]),
        entities=row["entities"],
        relationships=row["relationships"],
        groups=row["groups"],
        snapshot_at=row["snapshot_at"],
        facts=json.decode(row["facts"]),
        computed_at=row["computed_at"],
    )
