"""Refuses to serve from a database whose catalogue says that row level security would not hold."""

from collections.abc import Sequence

from adapters.postgres.engine import Database

ROLE = """
select rolname, rolsuper, rolbypassrls,
    exists (
        select from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname like 'backend\\_%' and c.relkind in ('r', 'p') and pg_has_role(c.relowner, 'member')
    ) as owns
from pg_roles where rolname = current_user
"""
UNCONFINED = """
select n.nspname || '.' || c.relname as name
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname like 'backend\\_%' and c.relkind in ('r', 'p')
    and exists (
        select from pg_attribute a
        where a.attrelid = c.oid and a.attname = 'user_id' and not a.attisdropped
    )
    and not (c.relrowsecurity and c.relforcerowsecurity
        and exists (select from pg_policy p where p.polrelid = c.oid))
order by 1
"""
VERSION = "select version_num from backend_operations.alembic_version"


async def objections(database: Database, expected_version: str) -> Sequence[str]:
    """Why this database must not be served from, one sentence each; empty when all is well.

    Raises `Unavailable` when the database does not answer.
    """
    async with database.connection() as connection:
        if await connection.fetchval("select to_regclass('backend_operations.alembic_version')") is None:
            return ["the database has not been migrated: run `kgl migrate upgrade`"]
        found = []
        version = await connection.fetchval(VERSION)
        if version != expected_version:
            found.append(f"the database is at migration {version}, this version needs {expected_version}")
        role = await connection.fetchrow(ROLE)
        if role is None:
            raise RuntimeError("the current role is missing from pg_roles")
        name = role["rolname"]
        if role["rolsuper"]:
            found.append(f"the runtime login {name} is a superuser and bypasses row level security")
        if role["rolbypassrls"]:
            found.append(f"the runtime login {name} has BYPASSRLS")
        if role["owns"]:
            found.append(f"the runtime login {name} owns tables, or is a member of their owner")
        found += [
            f"row level security is not forced on {row['name']}" for row in await connection.fetch(UNCONFINED)
        ]
    return found
