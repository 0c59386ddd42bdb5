"""`kgl openapi`: the description of the HTTP API, as the running server gives it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from entrypoints.cli.console import DataDir
from entrypoints.cli.errors import CommandError


def command(
    out: Annotated[str, typer.Option("--out", "-o", help="File to write, `-` for standard output.")] = "-",
    data_dir: DataDir = None,
) -> None:
    """Print the server's OpenAPI document (JSON)."""
    import httpx

    from entrypoints.cli.target import server_url

    url = f"{server_url(data_dir)}/api/v1/openapi.json"
    try:
        response = httpx.get(url, timeout=30)
        response.raise_for_status()
    except httpx.HTTPError as error:
        raise CommandError(f"{url}: {error}") from error
    if out == "-":
        sys.stdout.write(response.text.rstrip("\n") + "\n")
        return
    try:
        Path(out).write_text(response.text.rstrip("\n") + "\n", encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{out} cannot be written: {error.strerror}") from error
