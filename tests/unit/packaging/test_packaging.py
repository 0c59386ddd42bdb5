"""What a newcomer touches first is right without being run: settings, containers, make targets."""

import functools
import json
import re
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from typer.main import get_command

from entrypoints.cli.main import app
from entrypoints.cli.migrate import ADMIN_URL
from entrypoints.cli.target import CLIENT_VARIABLES
from entrypoints.settings import VARIABLES, Settings, read_settings

ROOT = Path(__file__).parents[3]


def example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    assert len(pairs) == len({name for name, _, _ in pairs}), "a variable is listed twice"
    return {name: value for name, _, value in pairs}


@functools.cache
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return loaded


def dockerfile(instruction: str) -> list[str]:
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    return [line.partition(" ")[2] for line in text.splitlines() if line.startswith(f"{instruction} ")]


def commands_of_containers() -> list[list[str]]:
    services = [service["command"] for service in compose()["services"].values() if "command" in service]
    [health] = [line.partition("CMD ")[2] for line in dockerfile("HEALTHCHECK")]
    return [*services, json.loads(dockerfile("CMD")[-1]), json.loads(health)[1:]]


def test_the_example_names_exactly_the_variables_that_are_read() -> None:
    assert set(example()) == VARIABLES | set(CLIENT_VARIABLES) | {ADMIN_URL}


def test_the_example_shows_the_defaults() -> None:
    assert read_settings(example()) == Settings()


def test_the_example_holds_no_secret() -> None:
    secret = re.compile(r"SECRET|KEY$|PASSWORD|TOKEN$|DATABASE_URL|RABBITMQ_URL")
    assert {name: value for name, value in example().items() if secret.search(name) and value} == {}


def test_every_yaml_file_is_well_formed() -> None:
    rules = "{extends: default, rules: {line-length: {max: 120}, document-start: disable}}"
    command = [sys.executable, "-m", "yamllint", "--strict", "-d", rules, str(ROOT / "compose.yaml")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - the linter
    assert result.returncode == 0, result.stdout


def test_compose_is_what_its_specification_allows() -> None:
    folder = resources.files("check_jsonschema") / "builtin_schemas" / "vendor"
    schema = json.loads((folder / "compose-spec.json").read_text())
    errors = list(jsonschema.Draft7Validator(schema).iter_errors(compose()))
    assert [error.message for error in errors] == []


def test_compose_publishes_the_api_alone_and_on_this_machine_only() -> None:
    published = {
        name: service["ports"] for name, service in compose()["services"].items() if "ports" in service
    }
    assert list(published) == ["api"]
    assert all(port.startswith("127.0.0.1:") for port in published["api"])


def test_compose_sets_only_variables_that_are_read() -> None:
    ours = [service for service in compose()["services"].values() if "build" in service]
    assert ours
    assert {name for service in ours for name in service["environment"]} <= VARIABLES | {ADMIN_URL}


def test_only_who_migrates_knows_more_than_the_runtime_login() -> None:
    for name in ("api", "consumer"):
        environment = compose()["services"][name]["environment"]
        assert not {"MIGRATION_DATABASE_URL", ADMIN_URL, "POSTGRES_PASSWORD"} & set(environment)


def test_no_password_is_written_into_compose() -> None:
    for service in compose()["services"].values():
        for name, value in service.get("environment", {}).items():
            if re.search(r"PASS|SECRET|_URL", name):
                assert "${" in value, name


def test_the_script_writes_every_secret_compose_asks_for_once(tmp_path: Path) -> None:
    command = ["sh", str(ROOT / "deploy/secrets.sh"), str(tmp_path / "env")]
    assert subprocess.run(command, check=False).returncode == 0  # noqa: S603 - our own script
    lines = (tmp_path / "env").read_text().splitlines()
    made = dict(line.split("=", 1) for line in lines)
    asked = set(re.findall(r"\$\{(\w+):\?", (ROOT / "compose.yaml").read_text()))
    assert set(made) == asked
    assert read_settings(made).credentials_key
    assert (tmp_path / "env").stat().st_mode & 0o777 == 0o600
    again = subprocess.run(command, check=False, capture_output=True)  # noqa: S603 - our own script
    assert (again.returncode, (tmp_path / "env").read_text().splitlines()) == (1, lines)


def test_what_waits_for_health_can_become_healthy() -> None:
    services = compose()["services"]
    for service in services.values():
        for name, dependency in service.get("depends_on", {}).items():
            if dependency["condition"] == "service_healthy":
                assert "test" in services[name]["healthcheck"]


@pytest.mark.parametrize("arguments", commands_of_containers(), ids=" ".join)
def test_containers_run_commands_that_exist(arguments: list[str]) -> None:
    command: Any = get_command(app)
    for name in arguments:
        assert name in command.commands, f"kgl {' '.join(arguments)}"
        command = command.commands[name]


def test_the_image_runs_without_privileges_and_from_the_lock() -> None:
    assert dockerfile("USER") == ["kgl"]
    assert json.loads(dockerfile("ENTRYPOINT")[0]) == ["kgl"]
    assert any("--require-hashes -r requirements.lock" in line for line in dockerfile("RUN"))
    assert len(dockerfile("FROM")) == 2
    assert not re.search(r"(?i)(secret|password|token)\s*=", (ROOT / "Dockerfile").read_text())


def test_what_the_image_copies_is_let_through() -> None:
    allowed = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line[:1] == "!"
    }
    copied = {
        source for line in dockerfile("COPY") if not line.startswith("--from") for source in line.split()[:-1]
    }
    assert copied == allowed


def test_the_locks_are_complete_hashed_and_name_no_index() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert "index-url" not in text
        pinned = re.split(r"\n(?=\S)", text.strip())
        assert all("==" in entry and "--hash=sha256:" in entry for entry in pinned if entry[:1] != "#")
    runtime = set(re.findall(r"^([a-z0-9-]+==\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    development = set(
        re.findall(r"^([a-z0-9-]+==\S+)", (ROOT / "requirements-dev.lock").read_text(), re.MULTILINE)
    )
    assert runtime <= development, "make run after make test would take something back"


def test_make_help_lists_every_target_a_person_types() -> None:
    make = (ROOT / "Makefile").read_text()
    [phony] = re.findall(r"^\.PHONY: (.*)$", make, re.MULTILINE)
    described = re.findall(r"^([a-z]+):.*## \S", make, re.MULTILINE)
    assert sorted(described) == sorted(phony.split())
    assert {"help", "run", "test", "unit", "check", "lint", "bench"} <= set(described)


def test_ci_runs_what_a_developer_runs() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert script.read_text().splitlines()[-1] == "exec make check"


def test_the_licence_is_the_whole_of_apache_2() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


@pytest.mark.parametrize("script", sorted((ROOT / "deploy").glob("*.sh")), ids=lambda path: path.name)
def test_shell_scripts_parse(script: Path) -> None:
    result = subprocess.run(["/bin/sh", "-n", str(script)], capture_output=True, text=True, check=False)  # noqa: S603 - parses only
    assert result.returncode == 0, result.stderr
