"""The secret scan finds what is planted, shows none of it, and lets through only what somebody explained."""

import secrets
import string
from pathlib import Path

import pytest

from tests.secret_scan import ALLOWED, allowed, files, main, scan


def random_text(length: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))


def planted() -> dict[str, str]:
    """Texts of the shape of real secrets, made anew for each run, by the line that would betray them."""
    password = random_text(16)
    aws = "AKIA" + random_text(16, string.ascii_uppercase + string.digits)
    github = "ghp_" + random_text(36)
    openai = f"sk-{random_text(20)}T3BlbkFJ{random_text(20)}"
    key = "-----BEGIN " + "PRIVATE KEY-----"
    return {
        f'password = "{password}"\n': password,
        f'url = "postgresql://kgl:{password}@db.example.org/kgl"\n': password,
        f"# {aws}\n": aws,
        f'TOKEN = "{github}"\n': github,
        f"export X={openai}\n": openai,
        f'"""\n{key}\n"""\n': key,
    }


@pytest.mark.parametrize("number", range(len(planted())))
def test_finds_a_planted_secret_and_does_not_repeat_it(
    number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line, secret = list(planted().items())[number]
    (tmp_path / "settings.py").write_text(line)
    assert main(tmp_path) == 1
    shown = capsys.readouterr().out
    assert shown.startswith("settings.py:")
    assert secret not in shown


def test_finds_keys_of_services_in_tests_too(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    for number, line in enumerate(planted()):
        (tmp_path / "tests" / f"test_{number}.py").write_text(line)
    found = {each.file for each in scan(tmp_path, files(tmp_path))}
    assert {f"tests/test_{number}.py" for number in (2, 3, 4, 5)} <= found


def test_an_allowance_needs_its_reason_and_its_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "settings.py").write_text(next(iter(planted())))
    [found] = scan(tmp_path, files(tmp_path))
    (tmp_path / ALLOWED).write_text(f"# Why not\n\n{found.file} {found.digest}\n")
    with pytest.raises(ValueError, match="a reason"):
        allowed(tmp_path)
    (tmp_path / ALLOWED).write_text(f"{found.file} {found.digest} made up for an example\n")
    assert main(tmp_path) == 0
    (tmp_path / "settings.py").write_text("")
    assert main(tmp_path) == 1
    assert "no such text any more" in capsys.readouterr().out


def test_names_and_references_are_no_secrets(tmp_path: Path) -> None:
    (tmp_path / "names.py").write_text('PASSWORD = "password_changed"\npassword = os.environ["PASSWORD"]\n')
    assert main(tmp_path) == 0
