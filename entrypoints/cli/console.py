"""What the terminal shows: people get tables, programs get JSON, and NO_COLOR is respected by rich itself."""

import sys
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import typer

from entrypoints.cli.errors import USAGE, CommandError

if TYPE_CHECKING:
    from rich.console import Console

    from entrypoints.settings import Settings

Result = TypeVar("Result")

# A file or another program has no width: lines are not broken for it.
PIPE_WIDTH: Final = 400

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
DataDir = Annotated[
    str | None, typer.Option("--data-dir", help="Where data is kept.", show_default="DATA_DIR, else ./var")
]


def output() -> "Console":
    """What a command was asked for goes to standard output."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)


def notices() -> "Console":
    """Everything else goes to standard error."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(value: object) -> None:
    """One line of JSON on standard output; identifiers and times as text."""
    import msgspec

    sys.stdout.write(msgspec.json.encode(value, enc_hook=str).decode() + "\n")
    sys.stdout.flush()


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A plain table; brackets in values are text, not markup."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if value is None else str(value)) for value in row))
    output().print(table)


def settings(overrides: Mapping[str, object] | None = None) -> "Settings":
    """The environment's settings, with what the command line said instead."""
    import os

    from entrypoints.settings import read_settings

    given = {name: str(value) for name, value in (overrides or {}).items() if value is not None}
    return read_settings({**os.environ, **given})


def password(variable: str = "KGL_PASSWORD", *, confirm: bool = False) -> str:
    """From the environment, standard input, or a prompt; never from the arguments, which others can read."""
    import os

    if value := os.environ.get(variable):
        return value
    if not sys.stdin.isatty():
        value = sys.stdin.readline().rstrip("\n")
        if value:
            return value
        raise CommandError(f"no password: set {variable} or write it to standard input", USAGE)
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=confirm, err=True))


def run_async(work: "Coroutine[object, object, Result]") -> Result:
    """Runs a command's work on an event loop of its own."""
    import asyncio

    return asyncio.run(work)
