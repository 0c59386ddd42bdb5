"""Rows of graph jobs as aggregates."""

from asyncpg import Record

from adapters.postgres import json
from domain.graph.job import GraphJob, GraphJobKind, GraphJobStatus
from domain.shared.ids import GraphJobId, UserId

GRAPH_JOB_COLUMNS = (
    "id, kind, status, parameters, total, done, refused, result, error, attempts, failures, created_at, "
    "started_at, finished_at"
)


def graph_job_of(user_id: UserId, row: Record) -> GraphJob:
    """The aggregate of a row with `GRAPH_JOB_COLUMNS`."""
    return GraphJob(
        id=GraphJobId(row["id"]),
        user_id=user_id,
        kind=GraphJobKind(row["kind"]),
        status=GraphJobStatus(row["status"]),
        parameters=json.decode(row["parameters"]),
        total=row["total"],
        done=row["done"],
        refused=row["refused"],
        result=None if row["result"] is None else json.decode(row["result"]),
        error=row["error"],
        attempts=row["attempts"],
        failures=row["failures"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
    )
