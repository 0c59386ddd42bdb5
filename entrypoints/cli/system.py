"""The whole system for a terminal: started, shown, kept running, and ended by a signal in good order."""

import asyncio
import time
from typing import TYPE_CHECKING

from entrypoints.cli.console import notices, print_json
from entrypoints.cli.data_directory import DataDirectory
from entrypoints.cli.first_start import Started, set_up_demo
from entrypoints.cli.supervisor import Supervisor, on_signals
from entrypoints.cli.up import show

if TYPE_CHECKING:
    from entrypoints.settings import Settings


async def run(settings: "Settings", *, logs: bool, demo: bool, as_json: bool) -> None:
    """Returns when a signal has ended it and everything is drained."""
    console = notices()

    def notice(text: str) -> None:
        console.print(text, markup=False, style="dim")

    begun = time.monotonic()
    data = DataDirectory(settings.data_path)
    supervisor = Supervisor(settings, data, logs=logs, notice=notice)

    async def live() -> None:
        async with supervisor.running():
            started = Started(url=supervisor.url, data_dir=str(data.path))
            started.ready_seconds = round(time.monotonic() - begun, 2)

            async def finish() -> None:
                if demo:
                    await set_up_demo(data, started, notice)
                started.seconds = round(time.monotonic() - begun, 2)
                print_json(started.as_object()) if as_json else show(started, logs=logs)

            await supervisor.guarded(asyncio.ensure_future(finish()))
            await supervisor.watch()

    living = asyncio.ensure_future(live())
    stopped = False

    def stop() -> None:
        nonlocal stopped
        stopped = True
        notice("stopping: requests in flight are answered first (again to stop at once)")
        living.cancel()

    on_signals(stop, supervisor.kill)
    try:
        await living
    except asyncio.CancelledError:
        if not stopped:
            raise
        notice("stopped")
