"""`kgl migrate`: the tables, as the owner named by MIGRATION_DATABASE_URL, or of the embedded server."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final

import typer

from entrypoints.cli.console import AsJson, output, print_json, print_table, run_async
from entrypoints.cli.console import settings as read
from entrypoints.cli.errors import FAILURE, USAGE, CommandError

if TYPE_CHECKING:
    from adapters.postgres.provision import Logins
    from entrypoints.cli.database import DatabaseUrls

ADMIN_URL: Final = "ADMIN_DATABASE_URL"
HISTORY = """
select version, name, checksum, applied_at, applied_by, is_rollback
from backend_operations.database_schemas order by applied_at, version
"""

app = typer.Typer(no_args_is_help=True, help="Prepare and change the database.")


@app.command()
def upgrade(revision: Annotated[str, typer.Argument(help="Where to go.")] = "head") -> None:
    """Apply migrations. Another process that does the same is waited for."""
    from adapters.postgres import migrations

    with owner() as (urls, logins), explained():
        run_async(provisioned(urls, logins))
        run_async(migrations.upgrade(logins, revision))
        report(logins)


@app.command()
def downgrade(
    revision: Annotated[str, typer.Argument(help="Where to go: -1, a version, or base.")],
) -> None:
    """Take migrations back; tables they made are dropped with what is in them."""
    from adapters.postgres import migrations

    with owner() as (_, logins), explained():
        run_async(migrations.downgrade(logins, revision))
        report(logins)


@app.command()
def check(as_json: AsJson = False) -> None:
    """Is the database at the newest migration? Exit code 1 when it is not."""
    from adapters.postgres.versions import head
    from entrypoints.cli.database import version

    with owner() as (_, logins):
        found = run_async(version(logins.owner_url))
    newest = head()
    if as_json:
        print_json({"version": found, "newest": newest, "current": found == newest})
    else:
        output().print(f"at {found or 'nothing'}, the newest is {newest}")
    if found != newest:
        raise typer.Exit(FAILURE)


@app.command()
def history(as_json: AsJson = False) -> None:
    """What was applied and taken back, when, and by whom."""
    with owner() as (_, logins):
        rows = run_async(ledger(logins.owner_url))
    if as_json:
        print_json(rows)
        return
    print_table(
        ("version", "name", "applied at", "by", "what"),
        [
            (
                row["version"],
                row["name"],
                str(row["applied_at"])[:19],
                row["applied_by"],
                "taken back" if row["is_rollback"] else "applied",
            )
            for row in rows
        ],
    )


@app.command()
def provision() -> None:
    """Make the logins, the database and the extension, as the superuser named by ADMIN_DATABASE_URL."""
    from adapters.postgres.provision import provision as make

    with owner() as (urls, logins), explained():
        admin = urls.admin or os.environ.get(ADMIN_URL, "")
        if not admin:
            raise CommandError(f"{ADMIN_URL}: is not set", USAGE)
        from entrypoints.settings import check_database_url

        check_database_url(ADMIN_URL, admin)
        run_async(make(admin, logins))
    output().print("the logins, the database and the extension are there")


@contextmanager
def owner() -> "Iterator[tuple[DatabaseUrls, Logins]]":
    """The owner's and the runtime login, from the environment or of the embedded server."""
    from adapters.postgres.provision import Logins
    from entrypoints.cli.database import open_database
    from entrypoints.settings import require

    settings = read()
    if settings.database_url or settings.migration_database_url:
        require(settings, "MIGRATION_DATABASE_URL", "DATABASE_URL")
    with open_database(settings) as urls:
        yield urls, Logins(owner_url=urls.owner, runtime_url=urls.runtime)


@contextmanager
def explained() -> Iterator[None]:
    """What the database or Alembic refuse, in one line."""
    import asyncpg
    from alembic.util.exc import CommandError as AlembicError
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except AlembicError as error:
        raise CommandError(str(error), USAGE) from error
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise CommandError(f"the database refuses: {error}") from error
    except DBAPIError as error:
        raise CommandError(f"the database refuses: {error.orig or error}") from error


async def provisioned(urls: "DatabaseUrls", logins: "Logins") -> None:
    """The embedded server has nobody else to make its logins."""
    if urls.admin:
        from adapters.postgres.provision import provision as make

        await make(urls.admin, logins)


def report(logins: "Logins") -> None:
    """Where the database is now."""
    from entrypoints.cli.database import version

    output().print(f"the database is at {run_async(version(logins.owner_url)) or 'nothing'}")


async def ledger(url: str) -> list[dict[str, object]]:
    """The rows of the history; none before the first migration."""
    import asyncpg

    from adapters.postgres.engine import driver_dsn

    try:
        connection = await asyncpg.connect(driver_dsn(url))
    except (OSError, asyncpg.PostgresError) as error:
        raise CommandError(f"the database does not answer: {error}") from error
    try:
        return [dict(row) for row in await connection.fetch(HISTORY)]
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
        return []
    finally:
        await connection.close()
