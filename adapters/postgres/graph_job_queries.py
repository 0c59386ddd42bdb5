"""Reads graph jobs and what they refused, each in one round trip."""

from collections.abc import Sequence

from adapters.postgres.documents_confined import confined_sql
from adapters.postgres.engine import Database
from adapters.postgres.graph_job_rows import GRAPH_JOB_COLUMNS, graph_job_of
from application.graph.jobs import GraphJobQueries, GraphJobView, graph_job_view
from application.shared.pages import Page, PageRequest, Position
from domain.graph.job import RefusedKey, RefusedPlace
from domain.shared.ids import GraphJobId, UserId

GET = confined_sql(f"""
    select {GRAPH_JOB_COLUMNS} from backend_entities.graph_jobs
    where user_id = tenant.user_id and id = $2 offset 0
""")

# $5 and $6 are the place after which the page begins.
_LIST = f"""
    select {GRAPH_JOB_COLUMNS} from backend_entities.graph_jobs
    where user_id = tenant.user_id and ($2::text is null or kind = $2) and ($3::text is null or status = $3)
        and ($5::timestamptz is null or (created_at, id) {{beyond}} ($5, $6::uuid))
    order by created_at {{order}}, id {{order}} limit $4
"""
LIST = {
    True: confined_sql(_LIST.format(beyond="<", order="desc")),
    False: confined_sql(_LIST.format(beyond=">", order="asc")),
}

# Begins with the job: no row at all means that there is none.
_NOTED = """
    select e.* from backend_entities.graph_jobs j left join lateral (
        select place, pointer, code, detail from backend_entities.{table}
        where user_id = tenant.user_id and job_id = j.id and (place, pointer, code) > ($3, $4, $5)
        order by place, pointer, code limit $6
    ) as e on true
    where j.user_id = tenant.user_id and j.id = $2 order by e.place, e.pointer, e.code offset 0
"""
REFUSED = confined_sql(_NOTED.format(table="graph_job_errors"))
WARNED = confined_sql(_NOTED.format(table="graph_job_warnings"))


class PostgresGraphJobQueries(GraphJobQueries):
    """Reads on connections of its own, outside any unit of work."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, user_id: UserId, job_id: GraphJobId) -> GraphJobView | None:
        async with self._database.connection() as connection:
            row = await connection.fetchrow(GET, user_id, job_id)
        return None if row is None else graph_job_view(graph_job_of(user_id, row))

    async def list(
        self, user_id: UserId, kind: str | None, status: str | None, page: PageRequest
    ) -> Page[GraphJobView]:
        after = (None, None) if page.after is None else (page.after.key, page.after.id)
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                LIST[page.descending], user_id, kind, status, page.limit + 1, *after
            )
        views = [graph_job_view(graph_job_of(user_id, row)) for row in rows[: page.limit]]
        more = len(rows) > page.limit
        return Page(rows=views, next=Position(key=views[-1].created_at, id=views[-1].id) if more else None)

    async def refused(
        self, user_id: UserId, job_id: GraphJobId, after: RefusedKey, limit: int
    ) -> Sequence[RefusedPlace] | None:
        return await self._noted(REFUSED, user_id, job_id, after, limit)

    async def warned(
        self, user_id: UserId, job_id: GraphJobId, after: RefusedKey, limit: int
    ) -> Sequence[RefusedPlace] | None:
        return await self._noted(WARNED, user_id, job_id, after, limit)

    async def _noted(
        self, statement: str, user_id: UserId, job_id: GraphJobId, after: RefusedKey, limit: int
    ) -> Sequence[RefusedPlace] | None:
        async with self._database.connection() as connection:
            rows = await connection.fetch(statement, user_id, job_id, *after, limit)
        if not rows:
            return None
        return [
            RefusedPlace(place=row["place"], pointer=row["pointer"], code=row["code"], detail=row["detail"])
            for row in rows
            if row["place"] is not None
        ]
