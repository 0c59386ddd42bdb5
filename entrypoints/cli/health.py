"""`kgl health`: is the server ready? For people, and for a container's health check."""

from typing import Annotated

import typer

from entrypoints.cli.console import AsJson, DataDir, output, print_json
from entrypoints.cli.errors import FAILURE


def command(
    as_json: AsJson = False,
    data_dir: DataDir = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds to wait for an answer.")] = 5.0,
) -> None:
    """Ask the server whether it is ready: exit code 0 when it is, 1 when it is not."""
    from entrypoints.cli.probe import health
    from entrypoints.cli.target import server_url

    url = server_url(data_dir)
    found = health(url, timeout)
    if as_json:
        print_json({"url": url, **found.body})
    else:
        console = output()
        console.print(f"{url}: {found.body.get('status', 'unknown')}", markup=False)
        dependencies = found.body.get("dependencies")
        for name, state in (dependencies if isinstance(dependencies, dict) else {}).items():
            problems = "; ".join(state.get("problems", []))
            console.print(f"  {name}: {state.get('status')} {problems}".rstrip(), markup=False)
        if found.status == 0:
            console.print(f"  {found.body['reason']}", markup=False)
    if not found.ready:
        raise typer.Exit(FAILURE)
