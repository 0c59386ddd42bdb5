"""The product as its users run it: real processes, real ports, the command line, and HTTP."""

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import psutil

from entrypoints.cli.target import CLIENT_VARIABLES
from entrypoints.settings import VARIABLES
from tests.servers.process import free_port

START_SECONDS: Final = 90.0
ROOT: Final = Path(__file__).parents[2]

# Fewer rounds of bcrypt, and no end of logins: tests make many accounts and attack none of them. Each command
# logs in, and how many of them fit into a minute is the machine's affair.
QUICK: Final = {
    "BCRYPT_COST": "4",
    "RATE_LIMIT_LOGIN": "10000/minute",
    "RATE_LIMIT_ACCOUNT": "10000/minute",
    "RATE_LIMIT_REGISTRATION": "10000/hour",
    "NO_COLOR": "1",
    "COLUMNS": "200",
}


class System:
    """One data directory, one port, and `kgl up` on them, started and ended as often as a test likes."""

    def __init__(self, **environment: str) -> None:
        # Not pytest's own directory: the embedded server's account must be able to pass through.
        self.folder = Path(tempfile.mkdtemp(prefix="kgl-e2e-"))
        self.data = self.folder / "var"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.told: dict[str, Any] = {}
        self.process: subprocess.Popen[str] | None = None
        inherited = {
            name: value for name, value in os.environ.items() if name not in {*VARIABLES, *CLIENT_VARIABLES}
        }
        self.environment: Mapping[str, str] = {
            **inherited,
            **QUICK,
            "DATA_DIR": str(self.data),
            "PORT": str(self.port),
            "PYTHONPATH": str(ROOT),
            **environment,
        }

    def launch(self, *arguments: str) -> "subprocess.Popen[str]":
        """`kgl up`, not waited for."""
        with (self.folder / "stderr").open("ab") as errors:
            self.process = subprocess.Popen(  # noqa: S603 - this interpreter
                [sys.executable, "-m", "entrypoints.cli", "up", "--json", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=dict(self.environment),
                cwd=self.folder,
                start_new_session=True,
            )
        return self.process

    def start(self, *arguments: str) -> "dict[str, Any]":
        """Returns what `kgl up --json` tells once everything runs."""
        process = self.launch(*arguments)
        if process.stdout is None:
            raise RuntimeError("the output is not captured")
        line = process.stdout.readline()
        if not line:
            process.wait(START_SECONDS)
            raise AssertionError(f"kgl up ended with {process.returncode}: {self.stderr()}")
        self.told = json.loads(line)
        return self.told

    def stop(self, number: signal.Signals = signal.SIGINT, within: float = 90.0) -> int:
        """Asks the supervisor to end; its exit code."""
        if self.process is None:
            raise RuntimeError("nothing runs")
        self.process.send_signal(number)
        return self.ended(within)

    def ended(self, within: float = 90.0) -> int:
        """Waits for the supervisor to end by itself; its exit code."""
        process, self.process = self.process, None
        if process is None:
            raise RuntimeError("nothing runs")
        code = process.wait(within)
        if process.stdout is not None:
            process.stdout.close()
        return code

    def tree(self) -> list[psutil.Process]:
        """Every process below the supervisor."""
        if self.process is None:
            return []
        return psutil.Process(self.process.pid).children(recursive=True)

    def children(self, command: str) -> list[psutil.Process]:
        """The children that run `kgl <command>` right now."""
        found = []
        for each in self.tree():
            with contextlib.suppress(psutil.Error):  # it has just ended
                if each.cmdline()[-2:] == ["entrypoints.cli", command]:
                    found.append(each)
        return found

    def arguments(self) -> list[str]:
        """What all processes below the supervisor were started with."""
        found: list[str] = []
        for each in self.tree():
            with contextlib.suppress(psutil.Error):  # it has just ended
                found += each.cmdline()
        return found

    def stderr(self) -> str:
        """What all starts have said to people."""
        path = self.folder / "stderr"
        return path.read_text(errors="replace") if path.exists() else ""

    def kgl(self, *arguments: str, stdin: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
        """One command, as the demo account."""
        return subprocess.run(  # noqa: S603 - this interpreter
            [sys.executable, "-m", "entrypoints.cli", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            env={**self.environment, **environment},
            cwd=self.folder,
        )

    def client(self, email: str = "", password: str = "") -> httpx.Client:
        """A logged-in client to be closed, of the demo account unless another one is named."""
        account = {"email": email, "password": password} if email else self.told["demo"]
        body = {"email": account["email"], "password": account["password"]}
        reply = httpx.post(f"{self.url}/api/v1/auth/token", json=body, timeout=30, trust_env=False)
        reply.raise_for_status()
        return httpx.Client(
            base_url=f"{self.url}/api/v1",
            headers={"Authorization": f"Bearer {reply.json()['access_token']}"},
            timeout=30,
            trust_env=False,
        )

    def new_account(self) -> httpx.Client:
        """A client of an account of its own."""
        email, password = f"{secrets.token_hex(6)}@example.org", secrets.token_urlsafe(16)
        body = {"email": email, "password": password}
        httpx.post(
            f"{self.url}/api/v1/auth/register", json=body, timeout=30, trust_env=False
        ).raise_for_status()
        return self.client(email, password)

    def remove(self) -> None:
        """Ends whatever is left and deletes the data."""
        if self.process is not None:
            left = [psutil.Process(self.process.pid), *self.tree()] if self.process.poll() is None else []
            try:
                self.stop(signal.SIGTERM)
            except subprocess.TimeoutExpired:
                for process in left:
                    with contextlib.suppress(psutil.Error):  # it has just ended
                        process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def eventually(holds: Callable[[], bool], what: str, within: float = 90.0) -> None:
    """Waits for a condition; fails when it does not come true."""
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, f"within {within:.0f} s not: {what}"
        time.sleep(0.05)
