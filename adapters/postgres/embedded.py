"""A private Postgres from the wheel's binaries, for machines where nobody installed a database."""

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Final

from sqlalchemy.engine import URL

from adapters.postgres.embedded_account import Account, EmbeddedPostgresError, account_for, grant_search
from adapters.postgres.embedded_files import (
    OPTIONS,
    binaries,
    end_leftovers,
    environment,
    initialise,
    socket_directory,
    tail,
)
from adapters.postgres.embedded_memory import available, memory_options

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError"]

ADMINISTRATOR: Final = "postgres"
DATABASE: Final = "kgl"
PORT: Final = 5432

# The server must not outlive us, however we end: the shell holds the reading end of a pipe whose writing end
# only we have, and asks the server for a fast shutdown when the pipe closes. SIGKILL closes it too.
KEEPER: Final = """
exec 3<&0
"$@" 3<&- </dev/null & server=$!
(read -r _ <&3; kill -INT $server) 2>/dev/null & watch=$!
trap 'kill -INT $server 2>/dev/null' INT TERM
wait $server; status=$?
while kill -0 $server 2>/dev/null; do wait $server; status=$?; done
kill $watch 2>/dev/null
exit $status
"""


class EmbeddedPostgres:
    """One server on one data directory, reachable through a Unix socket only, with passwords for everyone.

    The caller makes sure that nobody else starts a server on the same directory meanwhile. Postgres refuses
    to run as root: root's server runs as a system user of its own, which then owns `directory`.
    """

    def __init__(self, directory: Path, *, password: str, log: Path) -> None:
        self._directory = directory.absolute()
        self._password = password
        self._log = log
        self._socket: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, within: float = 60.0) -> None:
        """Returns once the server accepts connections. What a crashed predecessor left is cleared away.

        Raises `EmbeddedPostgresError` with one line to show.
        """
        self.stop()
        programs = binaries()
        account = account_for(os.geteuid())
        try:
            self._directory.parent.mkdir(parents=True, exist_ok=True)
            grant_search(account, self._directory.parent, programs)
            if not (self._directory / "PG_VERSION").exists():
                initialise(programs, account, self._directory, ADMINISTRATOR, self._password)
            end_leftovers(self._directory, within)
            if self._socket is None:
                self._socket = socket_directory(self._directory, account)
            self._launch(programs, account, self._socket)
        except PermissionError as error:
            raise EmbeddedPostgresError(f"{error.filename}: {error.strerror}") from error
        except OSError as error:
            raise EmbeddedPostgresError(f"the embedded Postgres cannot start: {error}") from error
        self._await_readiness(within)

    def stop(self, within: float = 30.0) -> None:
        """A fast shutdown: open transactions are rolled back, everything committed is on disk."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(within)
        except subprocess.TimeoutExpired:
            end_leftovers(self._directory, within, signal.SIGQUIT)
            process.wait(10)

    @property
    def alive(self) -> bool:
        """Whether the server we started still runs."""
        return self._process is not None and self._process.poll() is None

    def url(self, user: str, password: str, database: str = DATABASE) -> str:
        """How a login reaches the server; only after `start`."""
        return url(self._socket_path, user, password, database)

    @property
    def admin_url(self) -> str:
        """The superuser's URL, for provisioning only."""
        return self.url(ADMINISTRATOR, self._password, "postgres")

    @property
    def _socket_path(self) -> Path:
        if self._socket is None:
            raise RuntimeError("the embedded Postgres has not been started")
        return self._socket

    def _launch(self, programs: Path, account: Account | None, socket: Path) -> None:
        settings = {
            **OPTIONS,
            **memory_options(available()),
            "port": str(PORT),
            "unix_socket_directories": f'"{socket}"',
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own binaries, our own arguments
                [
                    "/bin/sh",
                    "-c",
                    KEEPER,
                    "kgl-postgres",
                    programs / "postgres",
                    "-D",
                    self._directory,
                    *options,
                ],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=environment(),
                cwd="/",
                start_new_session=True,
                user=account.user_id if account else None,
                group=account.group_id if account else None,
                extra_groups=[] if account else None,
            )

    def _await_readiness(self, within: float) -> None:
        deadline = time.monotonic() + within
        status = self._directory / "postmaster.pid"
        while True:
            # The server writes its state there itself (line 8), before it takes the first connection.
            lines = status.read_text().splitlines() if status.exists() else []
            if len(lines) >= 8 and lines[7].strip() == "ready":
                return
            if not self.alive:
                raise EmbeddedPostgresError(f"the embedded Postgres ended at once: {tail(self._log)}")
            if time.monotonic() > deadline:
                self.stop()
                raise EmbeddedPostgresError(
                    f"the embedded Postgres was not ready within {within:.0f} s: {tail(self._log)}"
                )
            time.sleep(0.02)


def url(socket: Path, user: str, password: str, database: str) -> str:
    """A URL through a Unix socket, as SQLAlchemy and asyncpg both read it."""
    return URL.create(
        "postgresql",
        username=user,
        password=password,
        database=database,
        query={"host": str(socket), "port": str(PORT)},
    ).render_as_string(hide_password=False)


def running_socket(directory: Path) -> Path | None:
    """Where a server that another process runs on this directory listens; None without one."""
    try:
        lines = (directory / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError as error:
        raise EmbeddedPostgresError(f"{error.filename}: {error.strerror}") from error
    if len(lines) < 8 or lines[7].strip() != "ready":
        return None
    return Path(lines[4].strip())
