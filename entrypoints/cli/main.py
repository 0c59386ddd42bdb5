"""The `kgl` command line: every command, and how each ends."""

import os
import signal
import sys
from typing import Annotated

import typer

from entrypoints.cli import (
    audit,
    credentials,
    demo,
    graph_files,
    health,
    ingest,
    keys,
    migrate,
    openapi,
    processes,
    purge,
    search,
    up,
    users,
    watch,
)
from entrypoints.cli.errors import FAILURE, USAGE, CommandError

app = typer.Typer(
    name="kgl",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Knowledge Graph Lab: documents go in, a live graph of entities and relationships comes out.",
    epilog="Clients talk to KGL_URL as KGL_TOKEN, or KGL_EMAIL and KGL_PASSWORD, or the demo account.",
)
app.command("up")(up.command)
app.command("serve")(processes.serve)
app.command("consume")(processes.consume)
app.add_typer(migrate.app, name="migrate")
app.add_typer(users.app, name="users")
app.add_typer(keys.app, name="keys")
app.add_typer(audit.app, name="audit")
app.add_typer(credentials.app, name="credentials")
app.command("purge")(purge.command)
app.command("ingest")(ingest.command)
app.command("import")(graph_files.import_file)
app.command("export")(graph_files.export_file)
app.command("search")(search.command)
app.command("watch")(watch.command)
app.command("health")(health.command)
app.command("demo")(demo.command)
app.command("openapi")(openapi.command)


def show_version(wanted: bool) -> None:
    """Prints the version and ends, when asked to."""
    if wanted:
        from importlib.metadata import version

        typer.echo(f"kgl {version('knowledge-graph-lab')}")
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Knowledge Graph Lab: documents go in, a live graph of entities and relationships comes out."""


def main() -> None:
    """Runs the command line and ends the process: 0 done, 1 failed, 2 asked for wrongly."""
    try:
        app()
    except CommandError as error:
        finish(str(error), error.code)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILURE)
    except Exception as error:
        code = expected(error)
        if code is None:
            raise
        finish(str(error), code)


def expected(error: Exception) -> int | None:
    """The exit code of a refusal from further inside; None for a mistake of ours, which keeps its trace."""
    from entrypoints.settings import SettingsError

    if isinstance(error, SettingsError):
        return USAGE
    from adapters.postgres.embedded_account import EmbeddedPostgresError
    from domain.shared.errors import KnowledgeGraphError

    if isinstance(error, KnowledgeGraphError | EmbeddedPostgresError):
        return FAILURE
    return None


def finish(message: str, code: int) -> None:
    """One line on standard error, then the end."""
    print(f"kgl: {' '.join(message.split())}", file=sys.stderr)  # noqa: T201 - this is the command line
    sys.exit(code)
