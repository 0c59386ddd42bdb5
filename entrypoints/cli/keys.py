"""`kgl keys`: the keys tokens are signed with, and the next one's turn."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from entrypoints.cli.console import AsJson, DataDir, output, print_json, print_table
from entrypoints.cli.console import settings as read
from entrypoints.cli.errors import USAGE, CommandError

if TYPE_CHECKING:
    from domain.identity.signing_key import StoredKey
    from entrypoints.container import Container

app = typer.Typer(
    no_args_is_help=True, help="Keys that sign tokens (needs DATABASE_URL or the embedded server)."
)


@app.command("list")
def show_all(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the keys: next (published ahead), current (signs), retired (its tokens are still honoured)."""
    from entrypoints.cli.users import run

    async def work(container: "Container") -> "Sequence[StoredKey]":
        return await container.signing_keys().keys()

    show(run(work, data_dir), as_json)


@app.command("rotate")
def rotate(
    compromised: Annotated[
        bool,
        typer.Option("--compromised", help="Honour none of the keys there are; everybody logs in again."),
    ] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Let the next key sign, and make another one to come after it.

    Nobody is logged out: tokens of the key that signed before are good until they expire. Running processes
    take the change over within five seconds.
    """
    from entrypoints.cli.users import run, trace

    settings = read({"DATA_DIR": data_dir})
    for name in ("JWT_SECRET", "JWT_PRIVATE_KEY"):
        if getattr(settings, name.lower()):
            raise CommandError(f"tokens are signed with {name}: there are no keys to rotate", USAGE)

    async def work(container: "Container") -> "Sequence[StoredKey]":
        return await container.rotate_signing_keys()(trace(), trust_none=compromised)

    show(run(work, data_dir), as_json)


def show(keys: "Sequence[StoredKey]", as_json: bool) -> None:
    """What of the keys may be seen."""
    told = [
        {
            "kid": key.kid,
            "state": key.state.value,
            "created_at": key.created_at,
            "activated_at": key.activated_at,
            "expires_at": key.expires_at,
        }
        for key in keys
    ]
    if as_json:
        print_json(told)
    elif told:
        print_table(tuple(told[0]), [tuple(map(shown, key.values())) for key in told])
    else:
        output().print("there are no keys yet: the first `kgl serve` or `kgl up` makes them")


def shown(value: object) -> object:
    """A cell of the table; times without their fractions."""
    from datetime import datetime

    return f"{value:%Y-%m-%d %H:%M:%SZ}" if isinstance(value, datetime) else value
