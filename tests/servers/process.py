"""One server process of the tests' own: started on a free port, killed or stopped by its process group."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


class ServerUnavailable(Exception):
    """A server the tests need cannot be had on this machine; the message says what to do."""


def free_port() -> int:
    """A TCP port of the loopback interface nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class ServerProcess:
    """A program in a session of its own, so that whatever it forks ends with it."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
    ) -> None:
        self._log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
                user=user,
                extra_groups=[] if user else None,
                cwd=log.parent,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_running(self) -> bool:
        return self._process.poll() is None

    def wait_until(self, is_ready: Callable[[], bool], *, within: float, what: str) -> None:
        """Returns when the server answers; ends it and raises `ServerUnavailable` when it never does."""
        deadline = time.monotonic() + within
        while not is_ready():
            exited = self._process.poll() is not None
            if exited or time.monotonic() > deadline:
                self.kill()
                tail = self._log.read_text(errors="replace")[-2000:]
                reason = "ended at once" if exited else f"did not answer within {within:.0f} s"
                raise ServerUnavailable(f"{what} {reason}. The end of its log:\n{tail}")
            time.sleep(0.05)

    def stop(self, number: signal.Signals = signal.SIGTERM, *, within: float = 20) -> None:
        """Asks the server to end, and makes it end when it does not."""
        if self._process.poll() is None:
            self._process.send_signal(number)
            try:
                self._process.wait(within)
            except subprocess.TimeoutExpired:
                self.kill()
        self._kill_group()

    def kill(self) -> None:
        """Ends the server the way a power failure would."""
        self._kill_group()
        self._process.wait(10)

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


def answers(port: int, *, say: bytes, expect: bytes) -> bool:
    """Whether a server on this loopback port replies to `say` with something that begins with `expect`."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(say)
            return connection.recv(len(expect)) == expect
    except OSError:
        return False
