"""Reads results about whole graphs: the last complete run of a kind and a page of it, in one round trip."""

from collections.abc import Sequence
from functools import lru_cache

from asyncpg import Record

from adapters.postgres.documents_confined import confined_sql
from adapters.postgres.engine import Database
from adapters.postgres.graph_analytics import RUN_COLUMNS, run_of
from application.graph.analytics import (
    AnalyticsQueries,
    AnalyticsRunView,
    GroupView,
    ScoredEntity,
    check_same_run,
    key_in,
    position_in,
    run_view,
)
from application.shared.pages import Page, PageRequest, Position
from domain.graph.analytics import AnalyticsKind
from domain.graph.errors import AnalyticsNotComputed
from domain.shared.ids import UserId

RUNS = confined_sql(f"""
    select {RUN_COLUMNS} from backend_entities.analytics_runs
    where user_id = tenant.user_id and computed_at is not null order by snapshot_at desc, id desc offset 0
""")

LAST = f"""
    select {RUN_COLUMNS} from backend_entities.analytics_runs
    where user_id = tenant.user_id and kind = $2 and computed_at is not null
    order by snapshot_at desc, id desc limit 1
"""

_SCORES = """
    select s.entity_id as place_id, s.score as place_key, e.name, e.type
    from backend_entities.analytics_scores s
    join backend_entities.entities e on e.user_id = s.user_id and e.id = s.entity_id and e.is_active
    where s.user_id = tenant.user_id and s.run_id = run.id
        {after}
    order by s.score {order}, s.entity_id {order} limit $3
"""

_GROUPS = """
    select run.id as place_id, g.number as place_key, g.size from backend_entities.analytics_groups g
    where g.user_id = tenant.user_id and g.run_id = run.id {after}
    order by g.number {order} limit $3
"""

AFTER_SCORE = "and (s.score, s.entity_id) {beyond} ($4::double precision, $5::uuid)"
# The id is the run's own: the list of one run has no other.
AFTER_GROUP = "and g.number {beyond} $4::bigint and $5::uuid is not null"


@lru_cache
def page_sql(groups: bool, descending: bool, following: bool) -> str:
    """Each shape is a statement of its own: a condition that only sometimes holds would hide the index."""
    order, beyond = ("desc", "<") if descending else ("asc", ">")
    after = (AFTER_GROUP if groups else AFTER_SCORE).format(beyond=beyond) if following else ""
    inner = (_GROUPS if groups else _SCORES).format(order=order, after=after)
    # The run without any row of a page still says that there is one.
    return confined_sql(f"""
        select run.*, page.* from ({LAST}) as run left join lateral ({inner}) as page on true
        order by page.place_key {order}, page.place_id {order} offset 0
    """)


class PostgresAnalyticsQueries(AnalyticsQueries):
    """Reads on connections of its own, outside any unit of work."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def runs(self, user_id: UserId) -> Sequence[AnalyticsRunView]:
        async with self._database.connection() as connection:
            rows = await connection.fetch(RUNS, user_id)
        return [view_of(user_id, row) for row in rows]

    async def scores(
        self, user_id: UserId, kind: AnalyticsKind, page: PageRequest
    ) -> tuple[AnalyticsRunView, Page[ScoredEntity]]:
        run, rows, following = await self._page(user_id, kind, page, groups=False)
        scored = [
            ScoredEntity(id=row["place_id"], name=row["name"], type=row["type"], score=row["place_key"])
            for row in rows
        ]
        return run, Page(rows=scored, next=following)

    async def groups(
        self, user_id: UserId, kind: AnalyticsKind, page: PageRequest
    ) -> tuple[AnalyticsRunView, Page[GroupView]]:
        run, rows, following = await self._page(user_id, kind, page, groups=True)
        return run, Page(
            rows=[GroupView(number=row["place_key"], size=row["size"]) for row in rows], next=following
        )

    async def _page(
        self, user_id: UserId, kind: AnalyticsKind, page: PageRequest, *, groups: bool
    ) -> tuple[AnalyticsRunView, Sequence[Record], Position | None]:
        arguments: list[object] = [user_id, kind, page.limit + 1]
        if page.after is not None:
            _, key = key_in(page.after)
            arguments += [int(key) if groups else key, page.after.id]
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                page_sql(groups, page.descending, page.after is not None), *arguments
            )
        if not rows:
            raise AnalyticsNotComputed
        run = view_of(user_id, rows[0])
        check_same_run(page.after, run.id)
        found = [row for row in rows if row["place_id"] is not None]
        shown = found[: page.limit]
        following = None
        if len(found) > page.limit:
            following = position_in(run.id, shown[-1]["place_key"], shown[-1]["place_id"])
        return run, shown, following


def view_of(user_id: UserId, row: Record) -> AnalyticsRunView:
    """The view of a complete run."""
    return run_view(run_of(user_id, row), row["computed_at"])
