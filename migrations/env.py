"""Runs migrations as the owner, one process at a time, and records each of them."""

import asyncio
import os

from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from migrations.ledger import MIGRATION_LOCK, open_ledger, record

OWNER_URL = "MIGRATION_DATABASE_URL"
RUNTIME_URL = "DATABASE_URL"


def setting(attribute: str, variable: str) -> str:
    """What the caller put into the configuration, else what the environment says."""
    value = context.config.attributes.get(attribute) or os.environ.get(variable)
    if not value:
        raise SystemExit(f"{variable} is not set: migrations need it")
    return str(value)


def on_version_apply(ctx: MigrationContext, step: MigrationInfo, *_: object, **__: object) -> None:
    """Alembic's hook: called inside the transaction of each migration."""
    record(ctx, step)


def run(connection: Connection) -> None:
    """Waits for any other migrating process, then migrates; each migration commits on its own."""
    connection.execute(text("select pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
    try:
        open_ledger(connection)
        connection.commit()
        context.configure(
            connection=connection,
            version_table_schema="backend_operations",
            on_version_apply=on_version_apply,
            transaction_per_migration=True,
        )
        context.config.attributes["runtime_role"] = make_url(setting("runtime_url", RUNTIME_URL)).username
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    finally:
        connection.rollback()
        connection.execute(text("select pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
        connection.commit()


async def main() -> None:
    url = make_url(setting("owner_url", OWNER_URL)).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


asyncio.run(main())
