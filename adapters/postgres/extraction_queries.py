"""Reads jobs and their items, each in one round trip."""

from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, Uuid, bindparam, select

from adapters.postgres import tables as t
from adapters.postgres.documents_confined import confined_sql
from adapters.postgres.engine import Database
from adapters.postgres.extraction_job_rows import ITEM_COLUMNS, JOB_COLUMNS, item_view_of, job_view_of
from adapters.postgres.keyset import keyset
from adapters.postgres.statements import Statement, confined
from application.extraction.queries import JobItemView, JobQueries, JobView
from application.shared.pages import Page, PageRequest, Position
from domain.shared.ids import JobId, UserId

SHOWN = [t.jobs.c[name] for name in JOB_COLUMNS.split(", ")]

GET = Statement(
    confined(
        lambda user_id: select(*SHOWN).where(
            t.jobs.c.user_id == user_id, t.jobs.c.id == bindparam("id", type_=Uuid)
        )
    )
)

# Begins with the job: no row at all means that there is none.
ITEMS = confined_sql(f"""
    select i.* from backend_extraction.jobs j left join lateral (
        select {ITEM_COLUMNS} from backend_extraction.job_items
        where user_id = tenant.user_id and job_id = j.id and ($3::text is null or status = $3)
            and ($4::uuid is null or id > $4)
        order by id limit $5
    ) as i on true
    where j.user_id = tenant.user_id and j.id = $2 order by i.id offset 0
""")


@lru_cache(maxsize=8)
def list_statement(by_status: bool, descending: bool, after: bool) -> Statement:
    """The statement of one combination, compiled when it is first asked for."""
    c = t.jobs.c

    def build(user_id: ColumnElement[Any]) -> Select[Any]:
        query = select(*SHOWN).where(c.user_id == user_id)
        if by_status:
            query = query.where(c.status == bindparam("status", type_=Text))
        return keyset(query, c.created_at, c.id, descending=descending, after=after)

    return Statement(confined(build))


class PostgresJobQueries(JobQueries):
    """Reads on connections of its own, outside any unit of work."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, user_id: UserId, job_id: JobId) -> JobView | None:
        async with self._database.connection() as connection:
            row = await GET.fetchrow(connection, user_id=user_id, id=job_id)
        return None if row is None else job_view_of(user_id, row)

    async def list(self, user_id: UserId, status: str | None, page: PageRequest) -> Page[JobView]:
        statement = list_statement(status is not None, page.descending, page.after is not None)
        parameters: dict[str, object] = {} if status is None else {"status": status}
        if page.after is not None:
            parameters |= {"key": page.after.key, "id": page.after.id}
        async with self._database.connection() as connection:
            rows = await statement.fetch(connection, user_id=user_id, limit=page.limit + 1, **parameters)
        shown = rows[: page.limit]
        more = len(rows) > page.limit
        return Page(
            rows=[job_view_of(user_id, row) for row in shown],
            next=Position(key=shown[-1]["created_at"], id=shown[-1]["id"]) if more else None,
        )

    async def items(
        self, user_id: UserId, job_id: JobId, status: str | None, page: PageRequest
    ) -> Page[JobItemView] | None:
        after = None if page.after is None else page.after.id
        async with self._database.connection() as connection:
            rows = await connection.fetch(ITEMS, user_id, job_id, status, after, page.limit + 1)
        if not rows:
            return None
        rows = [row for row in rows if row["id"] is not None]
        shown = rows[: page.limit]
        more = len(rows) > page.limit
        return Page(
            rows=[item_view_of(row) for row in shown],
            next=Position(key=str(shown[-1]["id"]), id=shown[-1]["id"]) if more else None,
        )
