"""Loads that run in processes of their own, so that they do not slow down who measures."""

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvloop


async def run_elsewhere(module: str, requests: Sequence[bytes], url: str, *numbers: float) -> dict[str, Any]:
    """What `python -m module REQUESTS.json URL NUMBER...` prints: the fields of its result."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump([request.decode("latin-1") for request in requests], file)
        file.flush()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module, file.name, url, *map(str, numbers)), stdout=subprocess.PIPE
        )
        output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{module} ended with {process.returncode}")
    found: dict[str, Any] = json.loads(output)
    return found


def run_here(load: Callable[[str, int, Sequence[bytes], float, float], Awaitable[Any]]) -> None:
    """The other end: runs a load on the host, the port, the requests and two numbers of the command line."""
    file, url, first, second = sys.argv[1:]
    requests = [request.encode("latin-1") for request in json.loads(Path(file).read_text())]
    parts = urlsplit(url)

    async def loaded() -> Any:
        return await load(
            parts.hostname or "127.0.0.1", parts.port or 80, requests, float(first), float(second)
        )

    print(json.dumps(asdict(uvloop.run(loaded()))))
