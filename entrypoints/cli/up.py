"""`kgl up`: one command from nothing to a running system with something in it."""

from typing import TYPE_CHECKING, Annotated

import typer

from entrypoints.cli.console import AsJson, DataDir, run_async
from entrypoints.cli.processes import Host, Port

if TYPE_CHECKING:
    from entrypoints.cli.first_start import Started


def command(
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    logs: Annotated[
        bool, typer.Option("--logs", help="Show the logs instead of keeping them in files.")
    ] = False,
    demo: Annotated[bool, typer.Option(help="Make a demo account with samples on the first start.")] = True,
    as_json: AsJson = False,
) -> None:
    """Run everything: database, API, live feed and consumer, until Ctrl-C.

    Without DATABASE_URL an embedded Postgres keeps its data in DATA_DIR.
    """
    from entrypoints.cli.console import settings as read
    from entrypoints.cli.system import run

    settings = read({"HOST": host, "PORT": port, "DATA_DIR": data_dir})
    run_async(run(settings, logs=logs, demo=demo, as_json=as_json))


def show(started: "Started", *, logs: bool) -> None:
    """What a newcomer needs to know, on standard output."""
    from rich.table import Table
    from rich.text import Text

    from entrypoints.cli.console import output

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in lines(started, logs=logs):
        table.add_row(Text(name), Text(value))
    console = output()
    console.print()
    console.print("Knowledge Graph Lab is running", style="bold green")
    console.print(table)
    console.print()


def lines(started: "Started", *, logs: bool) -> list[tuple[str, str]]:
    """The rows of the summary."""
    rows = []
    if ingested := started.ingested:
        rows.append(
            (
                "Samples",
                f"{ingested.documents} documents became {ingested.entities} entities and "
                f"{ingested.relationships} relationships in {ingested.seconds:.1f} seconds",
            )
        )
    rows += [
        ("Ready", f"after {started.ready_seconds:.1f} seconds"),
        ("API", f"{started.url}/api/v1"),
        ("Docs", f"{started.url}/api/v1/docs"),
    ]
    if started.email:
        rows.append(("Demo login", f"{started.email}  password {started.password}"))
    rows += [
        ("Data", started.data_dir),
        ("Logs", "on standard error" if logs else f"{started.data_dir}/logs"),
        ("Stop", "Ctrl-C"),
    ]
    return rows
