"""P12: `kgl up` on an existing database, from the command to the first ready answer."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import httpx

from benchmarks.report import Finding
from benchmarks.system import free_port

RUNS = 5


def start(directory: str) -> float:
    """Seconds until ready; the system is stopped again."""
    port = free_port()
    inherited = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    environment = {**inherited, "DATA_DIR": directory, "PORT": str(port)}
    begun = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "entrypoints.cli", "up"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            while time.monotonic() - begun < 120:
                try:
                    if httpx.get(f"http://127.0.0.1:{port}/health/ready").status_code == 200:
                        return time.monotonic() - begun
                except httpx.HTTPError:
                    time.sleep(0.02)
            raise RuntimeError("the system did not become ready")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def measure() -> list[Finding]:
    """The first start creates the database; the median of the following ones counts."""
    with tempfile.TemporaryDirectory(prefix="kgl-bench-") as directory:
        first = start(str(Path(directory) / "var"))
        later = [start(str(Path(directory) / "var")) for _ in range(RUNS)]
    return [
        Finding(
            target="P12",
            what="kgl up on an existing database, to ready",
            figure=median(later),
            bound=4,
            at_most=True,
            unit="s",
            parts={"first start, with an empty directory (s)": first, "slowest later start (s)": max(later)},
        )
    ]
