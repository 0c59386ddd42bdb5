"""Consumers to be killed: real `kgl consume` processes, started without their second of imports."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests.e2e.resilience.deployment import Deployment


class Consumers:
    """Those of one deployment that live, oldest first."""

    def __init__(self, nursery: "subprocess.Popen[str]", folder: Path) -> None:
        self._nursery = nursery
        self._folder = folder
        self._count = 0
        self._alive: list[tuple[psutil.Process, Path]] = []

    def start(self) -> None:
        """One more, not waited for."""
        if self._nursery.stdin is None or self._nursery.stdout is None:
            raise RuntimeError("the nursery cannot be talked to")
        self._count += 1
        log = self._folder / f"consumer-{self._count}.log"
        self._nursery.stdin.write(f"{log}\n")
        self._nursery.stdin.flush()
        self._alive.append((psutil.Process(int(self._nursery.stdout.readline())), log))

    def that_said(self, event: str) -> psutil.Process | None:
        """The oldest living one that has logged this event."""
        for process, log in self._alive:
            if log.exists() and f'"event":"{event}"' in log.read_text(errors="replace"):
                return process
        return None

    def kill(self, process: psutil.Process) -> None:
        """Ends it as a power failure would."""
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        self._alive = [(each, log) for each, log in self._alive if each != process]

    def all_live(self) -> bool:
        """Whether none has ended but those that were killed."""
        return all(process.is_running() for process, _ in self._alive)


@contextlib.contextmanager
def consumers_of(deployment: Deployment) -> Iterator[Consumers]:
    """Starts none yet, but could at once; ends all of them."""
    nursery = subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.resilience.nursery"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **deployment.environment},
    )
    with nursery:  # closes its input at the end, which ends it and everybody it has started
        if nursery.stdout is None or nursery.stdout.readline() != "ready\n":
            raise RuntimeError("the nursery did not begin")
        yield Consumers(nursery, deployment.folder)
