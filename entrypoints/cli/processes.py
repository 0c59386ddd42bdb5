"""`kgl serve` and `kgl consume`: the two processes a deployment runs as many of as it wants."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from entrypoints.cli import lifeline
from entrypoints.cli.companions import left_out
from entrypoints.cli.console import settings as read
from entrypoints.cli.errors import CommandError

if TYPE_CHECKING:
    from entrypoints.settings import Settings

Host = Annotated[str | None, typer.Option(help="Address to listen on.", show_default="HOST, else 127.0.0.1")]
Port = Annotated[
    int | None, typer.Option(min=0, max=65535, help="Port to listen on.", show_default="PORT, else 8000")
]


def serve(host: Host = None, port: Port = None) -> None:
    """Serve the API and the live feed (needs DATABASE_URL and CREDENTIALS_KEY)."""
    settings = read({"HOST": host, "PORT": port})
    with left_out():
        from entrypoints.serve import serve as run_server

    run(run_server, settings)


def consume() -> None:
    """Relay events and work on jobs (needs DATABASE_URL)."""
    settings = read()
    with left_out():
        from entrypoints.consume import consume as run_consumer

    run(run_consumer, settings)


def run(program: "Callable[[Settings], Awaitable[None]]", settings: "Settings") -> None:
    """Runs a process of ours to its end. It takes care of SIGTERM and SIGINT itself."""
    import asyncio

    import uvloop

    lifeline.hold(settings.shutdown_grace + 4)

    async def main() -> None:
        await program(settings)

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(main())
    except OSError as error:
        # An address in use, a directory that is not there: the message says it, a trace would not say more.
        raise CommandError(str(error)) from error
