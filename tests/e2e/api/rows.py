"""What an account has in the database, counted behind the API's back."""

import asyncpg

from tests.e2e.api.world import Account
from tests.servers.postgres import run_apart

TENANT_TABLES = """
select c.table_schema || '.' || c.table_name
from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
where c.table_schema like 'backend\\_%' and c.column_name = 'user_id' and t.table_type = 'BASE TABLE'
order by 1
"""


def rows_of(dsn: str, account: Account) -> dict[str, int]:
    """Rows by table, and the number of accounts under the name `accounts`."""
    found: dict[str, int] = {}

    async def count() -> None:
        connection = await asyncpg.connect(dsn)
        try:
            tables = [record[0] for record in await connection.fetch(TENANT_TABLES)]
            # What was refused is on record, and is meant to be.
            condition = {"backend_operations.audit_logs": " and action <> 'access.refused'"}
            counts = ", ".join(
                f"(select count(*) from {table} where user_id = $1{condition.get(table, '')})"
                for table in tables
            )
            accounts = "(select count(*) from backend_auth.users)"
            record = await connection.fetchrow(f"select {counts}, {accounts}", account.user_id)
            assert record is not None
            found.update(zip([*tables, "accounts"], record, strict=True))
        finally:
            await connection.close()

    run_apart(count())
    return found
