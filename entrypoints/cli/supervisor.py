"""Everything in one process tree: database, API and consumer, started together and ended together."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Final

from entrypoints.cli.children import Child, Lifeline, reason, rotate
from entrypoints.cli.database import (
    DatabaseUrls,
    embedded_server,
    embedded_urls,
    in_thread,
    prepare,
)
from entrypoints.cli.errors import CommandError
from entrypoints.cli.probe import Health, check_port_is_free, health, reachable

if TYPE_CHECKING:
    from adapters.postgres.embedded import EmbeddedPostgres
    from entrypoints.cli.data_directory import DataDirectory
    from entrypoints.settings import Settings

READY_WITHIN: Final = 60.0
FORGIVEN_AFTER: Final = 60.0
PROCESSES: Final = ("serve", "consume")

__all__ = ["Supervisor", "reason"]


class Supervisor:
    """`async with supervisor.running(): await supervisor.watch()`; leaving drains and stops everything."""

    def __init__(
        self, settings: "Settings", data: "DataDirectory", *, logs: bool, notice: Callable[[str], None]
    ) -> None:
        self._settings = settings
        self._data = data
        self._logs = logs
        self._notice = notice
        self._children: list[Child] = []
        self._keepers: list[asyncio.Task[None]] = []
        self._server: EmbeddedPostgres | None = None
        self.url = ""

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Ready when entered. Raises `CommandError` when something cannot be started."""
        line = Lifeline()
        try:
            self._data.prepare()
            if not self._data.claim():
                raise CommandError(f"another `kgl up` already runs on {self._data.path}")
            port = check_port_is_free(self._settings.host, self._settings.port)
            self.url = reachable(self._settings.host, port)
            urls = await self._start_database()
            await prepare(urls)
            self._start_children(urls, port, line)
            await self._until_ready()
            yield
        finally:
            await asyncio.shield(asyncio.ensure_future(self._stop(line)))

    async def watch(self) -> None:
        """Keeps everything running until cancelled; raises when a part cannot be kept running."""
        watchers = [*self._keepers, asyncio.ensure_future(self._watch_database())]
        try:
            done, _ = await asyncio.wait(watchers, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            watchers[-1].cancel()

    def kill(self) -> None:
        """For whoever does not want to wait: ends the children at once. The database still ends in order."""
        for child in self._children:
            child.kill()

    async def guarded(self, work: "asyncio.Future[None]") -> None:
        """Waits for work that needs the children; raises when one of them cannot be kept running first."""
        done, _ = await asyncio.wait([work, *self._keepers], return_when=asyncio.FIRST_COMPLETED)
        if work not in done:
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await work
        for task in done:
            task.result()

    async def _start_database(self) -> DatabaseUrls:
        if self._settings.database_url:
            return DatabaseUrls(
                runtime=self._settings.database_url, owner=self._settings.migration_database_url
            )
        secrets = self._data.secrets()
        server = self._server = embedded_server(self._data, secrets)
        rotate(self._data.log("postgres"))
        await in_thread(server.start)
        return embedded_urls(server.url, server.admin_url, secrets)

    def _start_children(self, urls: DatabaseUrls, port: int, line: Lifeline) -> None:
        environment = {
            **os.environ,
            **{name: str(value) for name, value in given(self._settings).items()},
            "PORT": str(port),
            "DATABASE_URL": urls.runtime,
        }
        # Those who serve have no business with the logins that own the tables.
        for name in ("MIGRATION_DATABASE_URL", "ADMIN_DATABASE_URL"):
            environment.pop(name, None)
        if not self._settings.credentials_key:
            environment["CREDENTIALS_KEY"] = self._data.secrets().credentials_key
        for name in PROCESSES:
            log = None if self._logs else self._data.log(name)
            child = Child(name, environment, line, log=log, notice=self._notice)
            child.rotate_log()
            self._children.append(child)
            self._keepers.append(asyncio.ensure_future(child.keep()))

    async def _until_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN
        found = Health(status=0, body={"status": "unreachable"})
        while not found.ready:
            if time.monotonic() > deadline:
                raise CommandError(
                    f"the API was not ready within {READY_WITHIN:.0f} s: {problems(found)} "
                    f"(see {self._data.log('serve')})"
                )
            done, _ = await asyncio.wait(self._keepers, timeout=0.05, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            found = await asyncio.to_thread(health, self.url, 5.0)

    async def _watch_database(self) -> None:
        failures, failed_at = 0, 0.0
        while True:
            await asyncio.sleep(1)
            for child in self._children:
                child.rotate_log()
            if self._server is None or self._server.alive:
                continue
            # Crashes far apart are bad luck each; many in a row will not end by themselves.
            failures = failures + 1 if time.monotonic() - failed_at < FORGIVEN_AFTER else 1
            failed_at = time.monotonic()
            if failures > 5:
                raise CommandError(
                    f"the embedded Postgres ends again and again (see {self._data.log('postgres')})"
                )
            self._notice("the embedded Postgres ended unexpectedly, starting it again")
            await in_thread(self._server.start)

    async def _stop(self, line: Lifeline) -> None:
        grace = self._settings.shutdown_grace + 4
        await asyncio.gather(*(child.stop(grace) for child in self._children))
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        line.close()
        if self._server is not None:
            await asyncio.to_thread(self._server.stop)
        self._data.release()


def given(settings: "Settings") -> dict[str, object]:
    """The variables that the command line may have changed."""
    return {"HOST": settings.host, "DATA_DIR": str(settings.data_path.absolute())}


def problems(found: Health) -> str:
    """What readiness complains of, in a line."""
    dependencies = found.body.get("dependencies")
    if not isinstance(dependencies, dict):
        return str(found.body.get("reason") or found.body.get("status"))
    told = [
        f"{name}: {'; '.join(map(str, state.get('problems', [])))}"
        for name, state in dependencies.items()
        if state.get("status") != "up"
    ]
    return ", ".join(told) or str(found.body.get("status"))


def on_signals(first: Callable[[], None], again: Callable[[], None]) -> None:
    """Calls `first` on the first SIGINT or SIGTERM, `again` on every further one."""
    loop = asyncio.get_running_loop()
    called = False

    def handle() -> None:
        nonlocal called
        (again if called else first)()
        called = True

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, handle)
