"""What the supervisor keeps and tells: locks, secrets, logs, exit codes, a lifeline that ends a child."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.security.sealing import Sealer, new_key
from entrypoints.cli.children import reason, rotate, told
from entrypoints.cli.data_directory import DataDirectory, DemoAccount, Secrets
from entrypoints.cli.database import with_kept_key
from entrypoints.cli.errors import CommandError
from entrypoints.cli.probe import Health, check_port_is_free, reachable
from entrypoints.cli.supervisor import problems
from entrypoints.settings import Settings


def prepared(path: Path) -> DataDirectory:
    data = DataDirectory(path / "var")
    data.prepare()
    return data


def test_one_process_at_a_time_owns_a_data_directory(tmp_path: Path) -> None:
    first, second = prepared(tmp_path), prepared(tmp_path)
    assert first.claim()
    assert not second.claim()
    first.release()
    assert second.claim()
    second.release()


def test_secrets_are_made_once_and_nobody_else_can_read_them(tmp_path: Path) -> None:
    data = prepared(tmp_path)
    made = data.secrets()
    assert prepared(tmp_path).secrets() == made
    assert len({made.admin_password, made.owner_password, made.runtime_password, made.credentials_key}) == 4
    assert Sealer.of(made.credentials_key)
    assert (data.path / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert made.admin_password not in repr(made)


def test_a_directory_of_an_older_version_gets_the_key_it_lacks_and_keeps_it(tmp_path: Path) -> None:
    data = prepared(tmp_path)
    older = {"admin_password": "a", "owner_password": "o", "runtime_password": "r", "jwt_secret": "s" * 48}
    (data.path / "secrets.json").write_text(json.dumps(older))
    assert data.existing_secrets() == Secrets("a", "o", "r")
    made = data.secrets()
    assert (made.admin_password, made.owner_password, made.runtime_password) == ("a", "o", "r")
    assert Sealer.of(made.credentials_key)
    assert data.secrets() == data.existing_secrets() == made


def test_the_key_of_a_data_directory_is_used_unless_the_environment_has_one(tmp_path: Path) -> None:
    data = prepared(tmp_path)
    bare = Settings(data_dir=str(data.path))
    assert with_kept_key(bare) == bare
    made = data.secrets()
    assert with_kept_key(bare).credentials_key == made.credentials_key
    given = Settings(data_dir=str(data.path), credentials_key=new_key())
    assert with_kept_key(given) == given


def test_lost_secrets_are_not_replaced_beside_a_database(tmp_path: Path) -> None:
    data = prepared(tmp_path)
    data.postgres.mkdir()
    (data.postgres / "PG_VERSION").write_text("18")
    with pytest.raises(CommandError, match=r"secrets\.json is missing"):
        data.secrets()


def test_damaged_files_are_named(tmp_path: Path) -> None:
    data = prepared(tmp_path)
    (data.path / "demo.json").write_text("{")
    with pytest.raises(CommandError, match=r"demo\.json is damaged"):
        data.demo()


def test_the_demo_account_is_kept_for_later_starts(tmp_path: Path) -> None:
    data = prepared(tmp_path)
    assert data.demo() is None
    data.keep_demo(DemoAccount(email="demo@example.org", password="secret", url="http://x", ingested=True))
    assert data.demo() == DemoAccount(
        email="demo@example.org", password="secret", url="http://x", ingested=True
    )
    assert (data.path / "demo.json").stat().st_mode & 0o777 == 0o600


def test_a_file_in_the_way_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("in the way")
    with pytest.raises(CommandError) as refusal:
        prepared(tmp_path)
    assert str(refusal.value).startswith(f"DATA_DIR {tmp_path}/var cannot be used: ")
    assert "\n" not in str(refusal.value)


def test_what_a_log_says_last_is_shown_in_words() -> None:
    assert told('{"event": "it broke", "exception": "Traceback\\n  line\\nValueError: no"}') == (
        "it broke: ValueError: no"
    )
    assert told("kgl: PORT: is wrong") == "PORT: is wrong"
    assert told("[1]") == "[1]"


def test_exit_codes_are_shown_as_people_say_them() -> None:
    assert reason(-9) == "signal SIGKILL"
    assert reason(3) == "exit code 3"


def test_a_log_is_cut_under_its_writer_and_kept_once(tmp_path: Path) -> None:
    log = tmp_path / "serve.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"x" * 100)
        rotate(log, limit=200)
        assert log.stat().st_size == 100
        rotate(log, limit=50)
        writer.write(b"y")
    assert log.read_bytes() == b"y"
    assert (tmp_path / "serve.log.1").read_bytes() == b"x" * 100


def test_an_address_that_cannot_be_listened_on_is_named() -> None:
    with pytest.raises(CommandError, match=r"cannot listen on 203\.0\.113\.1:1234: "):
        check_port_is_free("203.0.113.1", 1234)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104 - a name, nothing listens
        ("::", "http://[::1]:8000"),
        ("kgl.example.org", "http://kgl.example.org:8000"),
    ],
)
def test_the_shown_address_can_be_opened(host: str, url: str) -> None:
    assert reachable(host, 8000) == url


def test_readiness_is_summed_up_in_a_line() -> None:
    body: dict[str, object] = {
        "status": "unavailable",
        "dependencies": {"postgres": {"status": "down", "problems": ["too slow"]}, "x": {"status": "up"}},
    }
    assert problems(Health(status=503, body=body)) == "postgres: too slow"
    assert problems(Health(status=0, body={"reason": "refused"})) == "refused"


CHILD = """
import os, signal, sys, time
from entrypoints.cli import lifeline
lifeline.hold(float(sys.argv[1]))
if sys.argv[2] == "obeys":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
else:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
while True:
    time.sleep(0.05)  # not signal.pause(): one that comes just before it would not end it
"""


@pytest.mark.parametrize(("manner", "grace", "code"), [("obeys", "30", 7), ("ignores", "0.1", 1)])
def test_a_child_ends_when_its_supervisor_is_gone(manner: str, grace: str, code: int) -> None:
    reading, writing = os.pipe()
    command = [sys.executable, "-c", CHILD, grace, manner]
    environment = {**os.environ, "KGL_LIFELINE": str(reading)}
    with subprocess.Popen(  # noqa: S603 - this interpreter
        command, pass_fds=[reading], stdout=subprocess.PIPE, env=environment
    ) as child:
        os.close(reading)
        assert child.stdout is not None
        assert child.stdout.readline() == b"up\n"
        os.close(writing)
        assert child.wait(20) == code
