"""`kgl credentials`: from one sealing key to the next."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from entrypoints.cli.console import AsJson, DataDir, output, print_json
from entrypoints.cli.errors import FAILURE

if TYPE_CHECKING:
    from application.credentials.reseal_credentials import Resealing
    from entrypoints.container import Container

app = typer.Typer(
    no_args_is_help=True, help="Stored credentials (needs DATABASE_URL or the embedded server)."
)


@app.callback()
def group() -> None:
    """Stored credentials of providers."""


@app.command("reseal")
def reseal(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Encrypt every stored credential with the first key of CREDENTIALS_KEY.

    To change the key: put a new one in front (CREDENTIALS_KEY=NEW,OLD), restart every process, run this,
    and take the old key out once this exits with 0. Exit code 1 while anything still needs another key, the
    keys that sign tokens included: those follow with `kgl keys rotate`, twice, once the last tokens of the
    keys before have expired.
    """
    from adapters.security.sealing import Sealer
    from entrypoints.cli.users import run

    async def work(container: "Container") -> "tuple[Resealing, int]":
        done = await container.reseal_credentials()()
        sealer = Sealer.of(container.settings().credentials_key)
        keys = await container.signing_keys().keys()
        return done, sum(not sealer.is_current(key.sealed) for key in keys)

    found, signing_keys = run(work, data_dir)
    if as_json:
        print_json({**asdict(found), "signing_keys": signing_keys})
    else:
        screen = output()
        screen.print(f"key {found.key_id}: {found.current} credentials, {found.resealed} of them sealed now")
        for key_id, count in sorted(found.others.items()):
            screen.print(f"key {key_id}: {count} credentials still need it")
        if found.unreadable:
            screen.print(f"{found.unreadable} could not be opened: bring their key back, or store them again")
        if signing_keys:
            screen.print(f"{signing_keys} keys that sign tokens still need another key: see `kgl keys list`")
    if found.others or signing_keys:
        raise typer.Exit(FAILURE)
