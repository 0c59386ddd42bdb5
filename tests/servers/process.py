"""One server process of the tests' own: started on a free port, killed or stopped by its process group."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path


class ServerUnavailable(Exception):
    """A server the tests need cannot be had on this machine; the message says what to do."""


_given: set[int] = set()


def free_port() -> int:
    """A TCP port of the loopback interface nobody listens on right now, and that nobody was given before: who
    was may not listen yet, or be about to start again."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port not in _given:
            _given.add(port)
            return port


@contextlib.contextmanager
def closed_port() -> Iterator[int]:
    """A TCP port of the loopback interface where nobody listens, and nobody can meanwhile."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


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
        self._group_is_gone = False
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
        self._process.wait(60)

    def _kill_group(self) -> None:
        # Once: whoever gets the number after that is none of ours.
        if not self._group_is_gone:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._group_is_gone = True


def answers(port: int, *, say: bytes, expect: bytes) -> bool:
    """Whether a server on this loopback port replies to `say` with something that begins with `expect`."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(say)
            return connection.recv(len(expect)) == expect
    except OSError:
        return False
