"""The whole system as its users run it, on an embedded Postgres in a directory of its own."""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx

from adapters.postgres import migrations
from adapters.postgres.embedded import EmbeddedPostgres
from adapters.postgres.provision import Logins, provision
from benchmarks.elsewhere import run_elsewhere
from benchmarks.load import LoadResult

PASSWORD = "correct horse battery staple"
START_SECONDS = 60.0
LIMITS = [
    f"RATE_LIMIT{part}"
    for part in ("", "_ANONYMOUS", "_LOGIN", "_ACCOUNT", "_REGISTRATION", "_CONFIRMATION", "_SOCKETS")
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class Process:
    """A process of the system under test; its output goes to a file."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def rss(self) -> int:
        """Resident bytes, of the process alone."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError(f"{self.name} has no memory: it has ended")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@dataclass(slots=True)
class System:
    """Everything a benchmark needs to know of the running system."""

    directory: Path
    logins: Logins
    environment: dict[str, str]
    admin_url: str = ""
    processes: list[Process] = field(default_factory=list)

    def start(self, name: str, *command: str, environment: Mapping[str, str] | None = None) -> Process:
        """Starts `python -m …` beside the others."""
        log = self.directory / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                env={**self.environment, **(environment or {})},
                stdout=output,
                stderr=output,
            )
        started = Process(name, process, log)
        self.processes.append(started)
        return started

    async def serve(self, name: str = "serve") -> tuple[Process, str]:
        """An API process, once it is ready, and its URL."""
        port = free_port()
        process = self.start(name, "entrypoints.cli", "serve", environment={"PORT": str(port)})
        url = f"http://127.0.0.1:{port}"
        await until_answers(f"{url}/health/ready", process)
        return process, url

    def consume(self, name: str = "consume") -> Process:
        """A consumer process with its relay."""
        return self.start(name, "entrypoints.cli", "consume")


async def until_answers(url: str, process: Process) -> None:
    """Returns when `url` answers 200. Raises `RuntimeError` when its process ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    async with httpx.AsyncClient() as client:
        while time.monotonic() < deadline and process.process.poll() is None:
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get(url)).status_code == 200:
                    return
            await asyncio.sleep(0.05)
    raise RuntimeError(f"{process.name} did not start:\n{process.log.read_text()[-2000:]}")


@contextlib.asynccontextmanager
async def running_system() -> AsyncIterator[System]:
    """A migrated, empty system; processes are started by the benchmark and stopped here."""
    with tempfile.TemporaryDirectory(prefix="kgl-bench-") as name:
        directory = Path(name)
        postgres = EmbeddedPostgres(
            directory / "postgres", password=secrets.token_hex(16), log=directory / "postgres.log"
        )
        try:
            postgres.start()
            logins = Logins(
                owner_url=postgres.url("kgl_owner", secrets.token_hex(16)),
                runtime_url=postgres.url("kgl_app", secrets.token_hex(16)),
            )
            await provision(postgres.admin_url, logins)
            await migrations.upgrade(logins)
            system = System(directory, logins, environment(directory, logins), postgres.admin_url)
            try:
                yield system
            finally:
                for process in reversed(system.processes):
                    process.stop()
        finally:
            postgres.stop()


def environment(directory: Path, logins: Logins) -> dict[str, str]:
    """What the processes of the system are told; nothing of the caller's own settings."""
    inherited = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    return {
        **inherited,
        "DATABASE_URL": logins.runtime_url,
        "MIGRATION_DATABASE_URL": logins.owner_url,
        "DATA_DIR": str(directory),
        "JWT_SECRET": secrets.token_hex(32),
        "BCRYPT_COST": "4",
        # Counted as for everybody, and never refused.
        **dict.fromkeys(LIMITS, "100000000/minute"),
    }


async def register(url: str, email: str) -> tuple[str, str]:
    """A new account: its id and an access token."""
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        created = await client.post("/api/v1/auth/register", json={"email": email, "password": PASSWORD})
        created.raise_for_status()
        token = await client.post("/api/v1/auth/token", json={"email": email, "password": PASSWORD})
        token.raise_for_status()
    return created.json()["data"]["id"], token.json()["access_token"]


async def drive(requests: Sequence[bytes], url: str, *, connections: int, seconds: float) -> LoadResult:
    """Loads `url` from a process of its own. Raises `RuntimeError` unless every reply was a success."""
    result = LoadResult(**await run_elsewhere("benchmarks.drive", requests, url, connections, seconds))
    if result.errors or any(not status.startswith("2") for status in result.statuses):
        raise RuntimeError(f"the load met refusals: {asdict(result)}")
    return result
