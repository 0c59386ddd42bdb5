"""Servers in containers, where a Docker engine answers."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache

from tests.servers.process import ServerUnavailable, free_port


@cache
def docker_answers() -> bool:
    """Whether a Docker engine can be used; asked once.

    In a process of its own, because the client leaves its socket open when nobody answers.
    """
    ping = "import docker; docker.from_env(timeout=5).ping()"
    return subprocess.run([sys.executable, "-c", ping], capture_output=True, check=False).returncode == 0


@contextmanager
def container(
    image: str,
    port: int,
    environment: Mapping[str, str],
    is_ready: Callable[[int], bool] | None = None,
    within: float = 90,
) -> Iterator[int]:
    """Runs the image until the block ends; gives the loopback port its service is reached at."""
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - slow, and seldom needed

    host_port = free_port()
    # The engine also takes an address with the port, and testcontainers passes it on.
    running = DockerContainer(image).with_bind_ports(
        port,
        ("127.0.0.1", host_port),  # type: ignore[arg-type]  # it declares only the port
    )
    for name, value in environment.items():
        running = running.with_env(name, value)
    with running:
        deadline = time.monotonic() + within
        while not (is_ready or _accepts_connections)(host_port):
            if time.monotonic() > deadline:
                raise ServerUnavailable(f"container {image} did not answer within {within:.0f} s")
            time.sleep(0.2)
        yield host_port


def _accepts_connections(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True
