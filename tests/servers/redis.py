"""A real Redis for tests: the one named in the environment, a container, or a private server."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.containers import container, docker_answers
from tests.servers.folder import server_folder
from tests.servers.process import ServerProcess, ServerUnavailable, answers, free_port


def says_pong(port: int) -> bool:
    """Whether a Redis answers a ping."""
    return answers(port, say=b"PING\r\n", expect=b"+PONG")


class RedisTestServer:
    """A server and its URL."""

    def __init__(self, url: str) -> None:
        self.url = url


class PrivateRedis(RedisTestServer):
    """The machine's own binary on a free loopback port, keeping nothing on disk."""

    def __init__(self, directory: Path) -> None:
        binary = shutil.which("redis-server")
        if binary is None:
            raise ServerUnavailable(
                "Redis is needed: set TEST_REDIS_URL, start Docker, or run tests/servers/install.sh"
            )
        self._binary = binary
        self._directory = directory
        self._port = free_port()
        self._process: ServerProcess | None = None
        super().__init__(f"redis://127.0.0.1:{self._port}/0")

    def start(self) -> None:
        options = ["--bind", "127.0.0.1", "--port", str(self._port), "--dir", str(self._directory)]
        options += ["--save", "", "--appendonly", "no"]
        self._process = ServerProcess([self._binary, *options], log=self._directory / "log")
        self._process.wait_until(lambda: says_pong(self._port), within=30, what="Redis")

    @property
    def pid(self) -> int:
        """The running server's."""
        if self._process is None:
            raise RuntimeError("the server does not run")
        return self._process.pid

    def kill(self) -> None:
        """Ends the server without any shutdown."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    stop = kill


@contextmanager
def private_redis() -> Iterator[PrivateRedis]:
    """A private server in a folder of its own, gone at the end."""
    with server_folder("redis") as directory:
        server = PrivateRedis(directory)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def any_redis() -> Iterator[RedisTestServer]:
    """The environment's server, else a container, else a private one."""
    if url := os.environ.get("TEST_REDIS_URL"):
        yield RedisTestServer(url)
    elif docker_answers():
        with container("redis:7", 6379, {}, says_pong) as port:
            yield RedisTestServer(f"redis://127.0.0.1:{port}/0")
    else:
        with private_redis() as server:
            yield server
