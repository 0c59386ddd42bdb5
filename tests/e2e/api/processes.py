"""`kgl serve` and `kgl consume` as real processes over a migrated database, and what they have logged."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from adapters.postgres.provision import Logins
from entrypoints.cli.target import CLIENT_VARIABLES
from entrypoints.settings import VARIABLES
from tests.servers.process import ServerUnavailable, free_port

ROOT: Final = Path(__file__).parents[3]
JWT_SECRET: Final = "a-secret-of-the-tests-that-must-never-be-logged"
MAX_BODY: Final = 256 * 1024


class Process:
    """One process of the product. `port` is its API's, where it has one."""

    def __init__(
        self, command: str, folder: Path, environment: Mapping[str, str], module: str = "entrypoints.cli"
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_file = folder / f"{command}-{self.port}.log"
        inherited = {n: v for n, v in os.environ.items() if n not in {*VARIABLES, *CLIENT_VARIABLES}}
        with self.log_file.open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603 - this interpreter
                [sys.executable, "-m", module, command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**inherited, "PYTHONPATH": str(ROOT), "PORT": str(self.port), **environment},
                cwd=folder,
            )

    def wait_until(self, holds: Callable[[], bool], within: float = 90.0) -> None:
        deadline = time.monotonic() + within
        while not holds():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise ServerUnavailable(f"the process did not come up:\n{self.log_text()[-2000:]}")
            time.sleep(0.05)

    def ready(self) -> int:
        """The status of its readiness, 0 when it does not answer at all."""
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=10, trust_env=False).status_code
        except httpx.TransportError:
            return 0

    def log_text(self) -> str:
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def log_lines(self) -> list[dict[str, Any]]:
        """Every line that is written to its end, each of which must be a JSON object."""
        return [json.loads(line) for line in self.log_text().split("\n")[:-1] if line]

    def stop(self, within: float = 20.0) -> int:
        """Ends it with SIGTERM; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
            raise


class Deployment:
    """API processes and consumers that share a database."""

    module = "entrypoints.cli"  # what is run; a test may put something around it

    def __init__(self, logins: Logins, folder: Path, **environment: str) -> None:
        self.logins = logins
        self._folder = folder
        self._environment = {
            "DATABASE_URL": logins.runtime_url,
            "JWT_SECRET": JWT_SECRET,
            "BCRYPT_COST": "4",
            "RATE_LIMITS": "off",  # what is asked for here in a minute, nobody else asks for in a day
            "MAX_BODY_SIZE": str(MAX_BODY),
            "MAX_DOCUMENT_CHARACTERS": "100000",
            "DATA_DIR": str(folder / "var"),
            **environment,
        }
        self.processes: list[Process] = []

    @property
    def environment(self) -> Mapping[str, str]:
        """What every process of it is given."""
        return self._environment

    def serve(self, **environment: str) -> Process:
        """One more API process, ready."""
        process = self._start("serve", environment)
        process.wait_until(lambda: process.ready() == 200)
        return process

    def consume(self, **environment: str) -> Process:
        """One more consumer, at work."""
        process = self._start("consume", environment)
        process.wait_until(lambda: '"consuming"' in process.log_text())
        return process

    def _start(self, command: str, environment: Mapping[str, str]) -> Process:
        process = Process(command, self._folder, {**self._environment, **environment}, self.module)
        self.processes.append(process)
        return process

    def stop(self) -> list[int]:
        """Ends all of them; their exit codes."""
        running = [process for process in self.processes if process.process.poll() is None]
        for process in running:
            process.process.send_signal(signal.SIGTERM)
        return [process.stop() for process in running]


@contextmanager
def deployment(logins: Logins, **environment: str) -> Iterator[Deployment]:
    """Nothing runs yet; everything is ended at the end."""
    with tempfile.TemporaryDirectory(prefix="kgl-api-", ignore_cleanup_errors=True) as folder:
        made = Deployment(logins, Path(folder), **environment)
        try:
            yield made
        finally:
            made.stop()
