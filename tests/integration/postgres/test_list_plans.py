"""A list that an index answers is planned once, not for every request anew."""

from adapters.postgres.graph_queries import PostgresEntityQueries
from adapters.postgres.provision import Logins
from application.graph.queries import EntityFilter
from application.shared.pages import PageRequest
from tests.contract.systems import postgres_system
from tests.integration.postgres.test_metadata_filter import fill

RUNS = 12
# Postgres makes plans for the given values five times before it compares their cost with a general plan's.
TRIALS = 5
PLANS = """
select generic_plans, custom_plans from pg_prepared_statements
where starts_with(statement, 'SELECT rows.shown') order by prepare_time desc limit 1
"""


async def test_first_and_following_pages_of_a_type_are_planned_once(migrated_database: Logins) -> None:
    async with postgres_system(migrated_database, pool=1) as system:
        user = await system.new_user()
        await fill(migrated_database, user)
        queries, wanted = PostgresEntityQueries(system.database), EntityFilter(type="person")
        page = PageRequest(sort="created_at", limit=50)
        for _ in ("first", "second"):
            for _ in range(RUNS):
                found = await queries.entities_json(user, wanted, page)
                assert len(found.rows) == page.limit
            async with system.database.connection() as connection:
                plans = await connection.fetchrow(PLANS)
            assert plans is not None
            assert tuple(plans) == (RUNS - TRIALS, TRIALS)
            page = PageRequest(sort="created_at", limit=50, after=found.next)
