"""The embedded server trusts nobody, survives every way to die, and says in one line why it cannot run."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from adapters.postgres.embedded import EmbeddedPostgres, EmbeddedPostgresError, running_socket
from adapters.postgres.embedded import url as socket_url
from adapters.postgres.embedded_files import servers_on

PASSWORD = "a'long:and/odd@password"

CRASHING_OWNER = """
import sys, time
from pathlib import Path
from adapters.postgres.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), password=sys.argv[2], log=Path(sys.argv[1] + ".log"))
server.start()
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture
def directory() -> Iterator[Path]:
    # Not pytest's own directory: that one lies below a directory private to root.
    with tempfile.TemporaryDirectory(prefix="kgl-embedded-") as made:
        yield Path(made) / "postgres"


@pytest.fixture
def server(directory: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(directory, password=PASSWORD, log=directory.parent / "postgres.log")
    yield server
    server.stop()


def ask(url: str, question: str) -> object:
    async def run() -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(question)
        finally:
            await connection.close()

    return asyncio.run(run())


def wait_until_nobody_runs(directory: Path) -> None:
    deadline = time.monotonic() + 60
    while servers_on(directory):
        assert time.monotonic() < deadline, "the server outlived its owner"
        time.sleep(0.05)


def test_lets_the_administrator_in_with_the_password_only(server: EmbeddedPostgres) -> None:
    server.start()
    assert ask(server.admin_url, "select 'in'") == "in"
    for wrong in ("", "guess"):
        with pytest.raises(asyncpg.InvalidPasswordError):
            ask(server.url("postgres", wrong, "postgres"), "select 'in'")
    rules = "select string_agg(distinct auth_method, ',') from pg_hba_file_rules"
    assert ask(server.admin_url, rules) == "scram-sha-256"


def test_listens_on_no_network_and_keeps_its_socket_private(server: EmbeddedPostgres) -> None:
    server.start()
    assert ask(server.admin_url, "show listen_addresses") == ""
    socket = Path(str(ask(server.admin_url, "show unix_socket_directories")).strip('"'))
    assert socket.stat().st_mode & 0o077 == 0


def test_keeps_the_durability_and_folds_letters_of_every_language(server: EmbeddedPostgres) -> None:
    server.start()
    assert ask(server.admin_url, "show fsync") == "on"
    assert ask(server.admin_url, "show synchronous_commit") == "on"
    assert ask(server.admin_url, "select lower('ÄÉŠΩ')") == "äéšω"


def test_starts_again_with_what_was_committed(server: EmbeddedPostgres) -> None:
    server.start()
    ask(server.admin_url, "create table kept as select 42 as value")
    server.stop()
    assert not server.alive
    server.start()
    assert ask(server.admin_url, "select value from kept") == 42


def test_recovers_from_a_server_killed_with_all_its_processes(
    server: EmbeddedPostgres, directory: Path
) -> None:
    server.start()
    ask(server.admin_url, "create table kept as select 42 as value")
    for process_id in servers_on(directory):
        with contextlib.suppress(ProcessLookupError):  # the others end when the first one has
            os.kill(process_id, signal.SIGKILL)
    wait_until_nobody_runs(directory)
    server.start()
    assert ask(server.admin_url, "select value from kept") == 42


def test_ends_with_its_owner_even_when_that_is_killed(server: EmbeddedPostgres, directory: Path) -> None:
    command = [sys.executable, "-c", CRASHING_OWNER, str(directory), PASSWORD]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as owner:  # noqa: S603 - this interpreter
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"ready\n"
        owner.kill()
    wait_until_nobody_runs(directory)
    server.start()
    assert ask(server.admin_url, "select 'in'") == "in"


def test_ends_a_server_that_outlived_everybody(server: EmbeddedPostgres, directory: Path) -> None:
    command = [sys.executable, "-c", CRASHING_OWNER, str(directory), PASSWORD]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as owner:  # noqa: S603 - this interpreter
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"ready\n"
        [keeper] = psutil.Process(owner.pid).children()
        for watcher in [child for child in keeper.children() if child.name() != "postgres"]:
            watcher.kill()
        keeper.kill()
        owner.kill()
    assert servers_on(directory)
    server.start()
    assert ask(server.admin_url, "select 'in'") == "in"


def test_is_not_stopped_by_a_trace_that_names_some_other_process(
    server: EmbeddedPostgres, directory: Path
) -> None:
    server.start()
    server.stop()
    (directory / "postmaster.pid").write_text(
        f"{os.getpid()}\n{directory}\n0\n5432\n/nowhere\n\n1 1\nready\n"
    )
    server.start()
    assert ask(server.admin_url, "select 'in'") == "in"


def test_finds_another_place_for_a_socket_whose_path_is_too_long(directory: Path) -> None:
    long = directory.parent / ("long" * 40) / "with, comma"
    server = EmbeddedPostgres(long, password=PASSWORD, log=directory.parent / "postgres.log")
    server.start()
    try:
        assert ask(server.admin_url, "select 'in'") == "in"
        socket = running_socket(long)
        assert socket is not None
        assert socket.stat().st_mode & 0o077 == 0
        assert ask(socket_url(socket, "postgres", PASSWORD, "postgres"), "select 'in'") == "in"
    finally:
        server.stop()
        shutil.rmtree(socket or directory, ignore_errors=True)


def test_names_a_directory_it_cannot_use(directory: Path) -> None:
    directory.parent.joinpath("file").write_text("in the way")
    server = EmbeddedPostgres(
        directory.parent / "file" / "postgres", password=PASSWORD, log=directory.parent / "postgres.log"
    )
    with pytest.raises(EmbeddedPostgresError) as refusal:
        server.start()
    assert str(directory.parent / "file") in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_leaves_foreign_files_alone(server: EmbeddedPostgres, directory: Path) -> None:
    directory.mkdir()
    (directory / "thesis.txt").write_text("ten years")
    with pytest.raises(EmbeddedPostgresError, match="holds no Postgres database"):
        server.start()
    assert (directory / "thesis.txt").read_text() == "ten years"
