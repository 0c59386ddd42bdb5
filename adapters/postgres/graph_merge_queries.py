"""Reads merges, each read in one round trip."""

from adapters.postgres.documents_confined import confined_sql
from adapters.postgres.engine import Database
from adapters.postgres.graph_merge_rows import merge_of_row
from adapters.postgres.graph_undo_sql import MERGE_COLUMNS
from application.graph.merges import MergeQueries, MergeView, merge_view
from application.shared.pages import Page, PageRequest, Position
from domain.graph.errors import MergeNotFound
from domain.shared.ids import EntityId, MergeId, UserId

GET = confined_sql(f"""
    select {MERGE_COLUMNS} from backend_entities.merges
    where user_id = tenant.user_id and id = $2 offset 0
""")

# $5 and $6 are the place after which the page begins.
_LIST = f"""
    select {MERGE_COLUMNS} from backend_entities.merges
    where user_id = tenant.user_id
        and ($2::uuid is null or target_id = $2 or $2 = any(source_ids))
        and ($3::boolean is null or (undone_at is not null) = $3)
        and ($5::timestamptz is null or (merged_at, id) {{beyond}} ($5, $6::uuid))
    order by merged_at {{order}}, id {{order}} limit $4
"""
LIST = {
    True: confined_sql(_LIST.format(beyond="<", order="desc")),
    False: confined_sql(_LIST.format(beyond=">", order="asc")),
}


class PostgresMergeQueries(MergeQueries):
    """Reads on connections of its own, outside any unit of work."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def merge(self, user_id: UserId, merge_id: MergeId) -> MergeView:
        async with self._database.connection() as connection:
            row = await connection.fetchrow(GET, user_id, merge_id)
        if row is None:
            raise MergeNotFound
        return merge_view(merge_of_row(user_id, row))

    async def merges(
        self, user_id: UserId, entity_id: EntityId | None, undone: bool | None, page: PageRequest
    ) -> Page[MergeView]:
        after = (None, None) if page.after is None else (page.after.key, page.after.id)
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                LIST[page.descending], user_id, entity_id, undone, page.limit + 1, *after
            )
        views = [merge_view(merge_of_row(user_id, row)) for row in rows[: page.limit]]
        more = len(rows) > page.limit
        return Page(rows=views, next=Position(key=views[-1].merged_at, id=views[-1].id) if more else None)
