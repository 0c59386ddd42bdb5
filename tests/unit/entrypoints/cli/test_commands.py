"""Commands end with 0, 1 or 2, say why in one line, and take no secret as an argument."""

import io
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from entrypoints.cli.main import app, main
from entrypoints.cli.target import CLIENT_VARIABLES
from entrypoints.settings import VARIABLES

Kgl = Callable[..., "Ended"]


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


@pytest.fixture
def kgl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Kgl:
    for name in [*VARIABLES, *CLIENT_VARIABLES]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))

    def run(*arguments: str, **environment: str) -> Ended:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["kgl", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        return Ended(int(end.value.code or 0), said.out, said.err)

    return run


def all_commands() -> list[tuple[str, Any]]:
    root: Any = get_command(app)
    found: list[tuple[str, Any]] = []
    for name, command in root.commands.items():
        inner = getattr(command, "commands", None)
        found += [(f"{name} {each}", value) for each, value in inner.items()] if inner else [(name, command)]
    return found


def test_every_command_of_the_manual_is_there() -> None:
    names = {name for name, _ in all_commands()}
    migrations = {f"migrate {name}" for name in ("upgrade", "downgrade", "check", "history", "provision")}
    users = {f"users {name}" for name in ("create", "list", "set-role", "deactivate")}
    assert names == migrations | users | {
        *("up", "serve", "consume", "ingest", "search", "watch", "health", "demo", "openapi", "audit verify"),
        *("import", "export", "purge"),
        *("keys list", "keys rotate", "credentials reseal"),
    }


@pytest.mark.parametrize(("name", "command"), all_commands(), ids=str)
def test_no_option_takes_a_secret_and_all_explain_themselves(name: str, command: Any) -> None:
    assert command.help, name
    for parameter in command.params:
        assert not {"password", "token", "secret"} & set(parameter.name.split("_"))


def test_help_starts_without_the_heavy_libraries() -> None:
    program = (
        "import sys, entrypoints.cli.main\n"
        "heavy = {'sqlalchemy', 'asyncpg', 'httpx', 'quart', 'msgspec', 'asyncio'} & {*sys.modules}\n"
        "sys.exit(' '.join(heavy) or None)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)  # noqa: S603 - this interpreter
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "line"),
    [
        (["up"], {"PORT": "eighty"}, 2, "kgl: PORT: "),
        (["up", "--port", "99999"], {}, 2, "Invalid value"),
        (["up"], {"DATABASE_URL": "mysql://a:b@c/d"}, 2, "kgl: DATABASE_URL: must begin with postgresql://"),
        (["nonsense"], {}, 2, "No such command"),
        (["search", "x"], {}, 2, "kgl: who is calling?"),
        (["search", "x"], {"KGL_URL": "ftp://x", "KGL_TOKEN": "t"}, 2, "kgl: KGL_URL: "),
        (["ingest", "missing.txt"], {"KGL_TOKEN": "t"}, 2, "kgl: missing.txt: no such file or folder"),
        (["users", "create", "ada@example.org"], {}, 2, "kgl: no password: "),
        (["users", "set-role", "ada@example.org", "king"], {}, 2, "kgl: king is no role: "),
        (["migrate", "upgrade"], {"DATABASE_URL": "postgresql://a@b/c"}, 2, "kgl: MIGRATION_DATABASE_URL: "),
        (["demo"], {}, 1, "kgl: there is no demo account in "),
    ],
)
def test_refusals_are_one_line_without_a_trace(
    kgl: Kgl, arguments: list[str], environment: dict[str, str], code: int, line: str
) -> None:
    result = kgl(*arguments, **environment)
    assert result.code == code, result.err
    assert line in result.err
    assert "Traceback" not in result.err
    assert result.out == ""
    if line.startswith("kgl: "):
        assert len(result.err.strip().splitlines()) == 1


def test_a_file_where_data_should_be_is_one_line(tmp_path: Path, kgl: Kgl) -> None:
    (tmp_path / "var").write_text("in the way")
    result = kgl("up")
    assert result.code == 1
    assert result.err.startswith(f"kgl: DATA_DIR {tmp_path}/var cannot be used: ")
    assert len(result.err.strip().splitlines()) == 1


def test_ingest_names_what_it_skips_and_fails_without_documents(tmp_path: Path, kgl: Kgl) -> None:
    (tmp_path / "entities.json").write_text('{"value": "Ada"}\n')
    result = kgl("ingest", str(tmp_path), KGL_TOKEN="t")
    assert result.code == 1
    assert "skipped" in result.err
    assert "entities.json: holds no record" in result.err
    assert "kgl: no documents found in " in result.err


def test_colours_are_left_out_when_they_are_not_wanted(tmp_path: Path, kgl: Kgl) -> None:
    result = kgl("--help", FORCE_COLOR="1")
    assert "\x1b[3" not in result.out
    assert "\x1b[9" not in result.out
