"""Graph jobs in Postgres: each step of a job is one statement."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from adapters.postgres import json
from adapters.postgres.graph_job_rows import GRAPH_JOB_COLUMNS, graph_job_of
from adapters.postgres.statements import DriverConnection
from application.graph.jobs import GraphJobRepository
from domain.graph.job import GraphJob, GraphJobOutcome, Progress, RefusedPlace
from domain.shared.errors import AccountGone
from domain.shared.ids import GraphJobId, UserId

ADD = """
insert into backend_entities.graph_jobs (user_id, id, kind, status, parameters, total, created_at)
values ($1, $2, $3, 'queued', $4::jsonb, $5, $6)
"""

_OPEN = "user_id = $1 and id = $2 and status in ('queued', 'running')"

CLAIM = f"""
update backend_entities.graph_jobs
set status = 'running', attempts = attempts + 1, started_at = coalesce(started_at, $3)
where {_OPEN} returning {GRAPH_JOB_COLUMNS}
"""

ADVANCE = f"""
update backend_entities.graph_jobs set total = $3, done = $4, refused = $5
where {_OPEN} returning {GRAPH_JOB_COLUMNS}
"""

_NOTE = """
insert into backend_entities.{table} (user_id, job_id, place, pointer, code, detail)
select $1, $2, r.place, r.pointer, r.code, r.detail
from unnest($3::bigint[], $4::text[], $5::text[], $6::text[]) as r(place, pointer, code, detail)
on conflict do nothing
"""
REFUSE = _NOTE.format(table="graph_job_errors")
WARN = _NOTE.format(table="graph_job_warnings")

NOTE_FAILURE = f"""
update backend_entities.graph_jobs set failures = failures + 1, error = $3
where {_OPEN} returning failures
"""

FINISH = f"""
update backend_entities.graph_jobs
set status = $3, result = $4::jsonb, error = $5, finished_at = $6, started_at = coalesce(started_at, $6)
where {_OPEN} returning {GRAPH_JOB_COLUMNS}
"""


class PostgresGraphJobRepository(GraphJobRepository):
    """Works inside the transaction of one unit of work."""

    def __init__(self, connection: DriverConnection) -> None:
        self._connection = connection

    async def add(self, job: GraphJob) -> None:
        parameters = json.encode(job.parameters)
        try:
            await self._connection.execute(
                ADD, job.user_id, job.id, job.kind, parameters, job.total, job.created_at
            )
        except asyncpg.ForeignKeyViolationError as error:
            raise AccountGone from error

    async def claim(self, user_id: UserId, job_id: GraphJobId, now: datetime) -> GraphJob | None:
        row = await self._connection.fetchrow(CLAIM, user_id, job_id, now)
        return None if row is None else graph_job_of(user_id, row)

    async def advance(self, user_id: UserId, job_id: GraphJobId, progress: Progress) -> GraphJob | None:
        row = await self._connection.fetchrow(
            ADVANCE, user_id, job_id, progress.total, progress.done, progress.refused
        )
        return None if row is None else graph_job_of(user_id, row)

    async def refuse(self, user_id: UserId, job_id: GraphJobId, places: Sequence[RefusedPlace]) -> None:
        await self._note(REFUSE, user_id, job_id, places)

    async def warn(self, user_id: UserId, job_id: GraphJobId, places: Sequence[RefusedPlace]) -> None:
        await self._note(WARN, user_id, job_id, places)

    async def _note(
        self, statement: str, user_id: UserId, job_id: GraphJobId, places: Sequence[RefusedPlace]
    ) -> None:
        await self._connection.execute(
            statement,
            user_id,
            job_id,
            [refused.place for refused in places],
            [refused.pointer for refused in places],
            [refused.code for refused in places],
            [refused.detail for refused in places],
        )

    async def note_failure(self, user_id: UserId, job_id: GraphJobId, error: str) -> int | None:
        failures: int | None = await self._connection.fetchval(NOTE_FAILURE, user_id, job_id, error)
        return failures

    async def finish(
        self, user_id: UserId, job_id: GraphJobId, outcome: GraphJobOutcome, now: datetime
    ) -> GraphJob | None:
        row = await self._connection.fetchrow(
            FINISH, user_id, job_id, outcome.status, json.encode(outcome.result), outcome.error, now
        )
        return None if row is None else graph_job_of(user_id, row)
