"""The history goes up, down and up again, alone or raced, and leaves a record of it."""

import asyncio
import importlib
import os
import pkgutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Table

import adapters.postgres
from adapters.postgres import migrations
from adapters.postgres.engine import driver_dsn
from adapters.postgres.provision import Logins
from adapters.postgres.tables import metadata
from adapters.postgres.versions import head
from migrations.ledger import checksum

ROOT = Path(__file__).parents[3]
# Each module that declares tables adds them to the same metadata when it is imported.
for module in pkgutil.iter_modules(adapters.postgres.__path__):
    if module.name.startswith("tables_"):
        importlib.import_module(f"adapters.postgres.{module.name}")
COLUMNS = """
select column_name from information_schema.columns where table_schema = $1 and table_name = $2
order by ordinal_position
"""
OBJECTS = """
select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname like 'backend%' and c.relname not in ('database_schemas', 'database_schemas_id_seq',
    'database_schemas_pkey', 'alembic_version', 'alembic_version_pkc')
union all
select n.nspname || '.' || p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where n.nspname like 'backend%'
"""


async def fetch(logins: Logins, query: str, *arguments: object) -> Sequence[asyncpg.Record]:
    connection = await asyncpg.connect(driver_dsn(logins.owner_url))
    try:
        return await connection.fetch(query, *arguments)
    finally:
        await connection.close()


async def test_every_migration_goes_up_down_and_up(migrated_database: Logins) -> None:
    before = {row["name"] for row in await fetch(migrated_database, OBJECTS)}
    await migrations.downgrade(migrated_database, "base")
    assert await fetch(migrated_database, OBJECTS) == []
    await migrations.upgrade(migrated_database)
    assert {row["name"] for row in await fetch(migrated_database, OBJECTS)} == before


def test_the_newest_version_is_the_head_of_the_history() -> None:
    script = ScriptDirectory(str(ROOT / "migrations"))
    assert [head()] == script.get_heads()


def test_the_checksum_tells_an_edited_step_and_an_edited_file_of_sql(tmp_path: Path) -> None:
    sql = tmp_path / "sql"
    sql.mkdir()
    step, own, other = tmp_path / "0001_start.py", sql / "0001_start.sql", sql / "0002_next.sql"
    for path in (step, own, other):
        path.write_text("select 1")
    sums = [checksum(step)]
    for path in (step, own, other):
        path.write_text("select 2")
        sums.append(checksum(step))
    assert len({*sums[:3]}) == 3
    assert sums[3] == sums[2], "it belongs to another step"


async def test_every_step_is_recorded_with_its_checksum_and_direction(migrated_database: Logins) -> None:
    await migrations.downgrade(migrated_database, "-1")
    await migrations.upgrade(migrated_database)
    rows = await fetch(migrated_database, "select * from backend_operations.database_schemas order by id")
    files = sorted((ROOT / "migrations/versions").glob("0*.py"))
    up = [(path.name[:4], False) for path in files]
    last = files[-1].name[:4]
    assert [(r["version"], r["is_rollback"]) for r in rows] == [*up, (last, True), (last, False)]
    assert {r["version"]: r["checksum"] for r in rows} == {p.name[:4]: checksum(p) for p in files}
    assert all(r["name"] and r["applied_by"] and r["applied_at"] for r in rows)


async def test_processes_that_migrate_at_once_do_not_collide(migrated_database: Logins) -> None:
    await migrations.downgrade(migrated_database, "base")
    environment = {
        **os.environ,
        "MIGRATION_DATABASE_URL": migrated_database.owner_url,
        "DATABASE_URL": migrated_database.runtime_url,
    }
    command = [sys.executable, "-m", "alembic", "upgrade", "head"]
    processes = await asyncio.gather(
        *(
            asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stderr=subprocess.PIPE)
            for _ in range(3)
        )
    )
    outcomes = await asyncio.gather(*(process.communicate() for process in processes))
    assert [process.returncode for process in processes] == [0, 0, 0], outcomes
    count = "select count(*) from backend_operations.database_schemas where not is_rollback"
    applied = await fetch(migrated_database, count)
    assert applied[0]["count"] == 2 * len(list((ROOT / "migrations/versions").glob("0*.py")))


async def test_alembic_works_from_a_shell_and_says_what_it_needs(migrated_database: Logins) -> None:
    environment = {key: value for key, value in os.environ.items() if "DATABASE_URL" not in key}
    command = [sys.executable, "-m", "alembic", "downgrade", "-1"]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )
    _, complaint = await process.communicate()
    assert process.returncode == 1
    assert complaint.decode().strip() == "MIGRATION_DATABASE_URL is not set: migrations need it"


@pytest.mark.parametrize("table", metadata.tables.values(), ids=str)
async def test_the_tables_of_the_code_are_those_of_the_catalogue(
    table: Table, migrated_database: Logins
) -> None:
    rows = await fetch(migrated_database, COLUMNS, table.schema, table.name)
    assert [column.name for column in table.columns] == [row["column_name"] for row in rows]
