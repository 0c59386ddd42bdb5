"""A deployment as an operator runs it: processes over one database, each killed when a test likes."""

import asyncio
import contextlib
import secrets
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import httpx

from adapters.postgres.provision import Logins
from entrypoints.settings import VARIABLES
from tests.e2e.resilience.polling import eventually
from tests.servers.process import ServerProcess, free_port

ROOT: Final = Path(__file__).parents[3]
PASSWORD: Final = "correct horse battery staple"
START_SECONDS: Final = 180.0


class Deployment:
    """One database, one API port, any number of consumers; a fresh account is logged in."""

    def __init__(self, logins: Logins, **environment: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="kgl-resilience-"))
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/api/v1"
        self.headers: dict[str, str] = {}
        self.environment = {
            **dict.fromkeys(VARIABLES, ""),  # whatever the tests' own environment says counts for nothing
            "DATABASE_URL": logins.runtime_url,
            "JWT_SECRET": secrets.token_hex(32),
            "ACCESS_TOKEN_LIFETIME": "3600",
            "BCRYPT_COST": "4",
            "RATE_LIMITS": "off",
            "PORT": str(self.port),
            "PYTHONPATH": str(ROOT),
            **environment,
        }
        self.api: ServerProcess
        self._started: list[ServerProcess] = []
        self._logs: dict[ServerProcess, Path] = {}

    def start(self, module: str, *arguments: str) -> ServerProcess:
        """`python -m module`, not waited for."""
        name = (arguments or (module.rpartition(".")[2],))[-1]
        log = self.folder / f"{name}-{len(self._started)}.log"
        process = ServerProcess(
            [sys.executable, "-m", module, *arguments], log=log, environment=self.environment
        )
        self._started.append(process)
        self._logs[process] = log
        return process

    async def serve(self) -> ServerProcess:
        """An API process that is ready."""
        process = self.api = self.start("entrypoints.cli", "serve")
        async with httpx.AsyncClient(trust_env=False) as client:

            async def ready() -> bool:
                with contextlib.suppress(httpx.HTTPError):
                    reply = await client.get(f"http://127.0.0.1:{self.port}/health/ready")
                    return reply.status_code == 200
                return False

            await eventually(ready, f"the API to be ready:\n{self.logs()}", within=START_SECONDS)
        return process

    def consume(self) -> ServerProcess:
        """A consumer, not waited for."""
        return self.start("entrypoints.cli", "consume")

    async def consumer(self) -> ServerProcess:
        """A consumer that takes messages."""
        process = self.consume()
        await eventually(
            lambda: self.has_said(process, "consuming"), f"a consumer to run:\n{self.logs()}", poll=0.05
        )
        return process

    async def register(self) -> None:
        """Makes an account and logs it in: `client()` then acts for it."""
        account = {"email": f"{secrets.token_hex(6)}@example.org", "password": PASSWORD}
        async with self.client() as client:
            (await client.post("/auth/register", json=account)).raise_for_status()
            reply = await client.post("/auth/token", json=account)
        self.headers = {"Authorization": f"Bearer {reply.raise_for_status().json()['access_token']}"}

    def client(self) -> httpx.AsyncClient:
        """For the API, as the account."""
        return httpx.AsyncClient(base_url=self.url, headers=self.headers, timeout=30, trust_env=False)

    def has_said(self, process: ServerProcess, event: str) -> bool:
        """Whether the process has logged this event."""
        return f'"event":"{event}"' in self._logs[process].read_text(errors="replace")

    def logs(self) -> str:
        """The ends of what the processes wrote."""
        return "\n".join(
            f"--- {log.name}\n{log.read_text(errors='replace')[-1500:]}"
            for log in sorted(self.folder.glob("*.log"), key=lambda log: log.stat().st_mtime)[-3:]
        )

    def close(self) -> None:
        """Ends every process that is left."""
        for process in reversed(self._started):
            process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.asynccontextmanager
async def deployed(logins: Logins, **environment: str) -> AsyncIterator[Deployment]:
    """A deployment with one API process that is ready, and an account."""
    deployment = Deployment(logins, **environment)
    try:
        await deployment.serve()
        await deployment.register()
        yield deployment
    finally:
        await asyncio.to_thread(deployment.close)
