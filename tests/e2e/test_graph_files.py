"""`kgl import` and `kgl export` against a running system: what they say, and how they end."""

import json
import secrets
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.system import System

Kgl = Callable[..., "subprocess.CompletedProcess[str]"]
GOOD = [
    {"kind": "entity", "id": f"00000000-0000-7000-8000-00000000000{n}", "name": f"Thing {n}", "type": "thing"}
    for n in (1, 2)
]
EDGE = {
    "kind": "relationship",
    "source_entity_id": GOOD[0]["id"],
    "target_entity_id": GOOD[1]["id"],
    "relationship_type": "knows, well",
    "metadata": {"since": [1990, None]},
}
NAMELESS = {"kind": "entity", "type": "thing"}


def account(system: System) -> Mapping[str, str]:
    """A new account, as the command line is told of it."""
    email, password = f"{secrets.token_hex(6)}@example.org", secrets.token_urlsafe(16)
    body = {"email": email, "password": password}
    httpx.post(f"{system.url}/api/v1/auth/register", json=body, timeout=30).raise_for_status()
    return {"KGL_EMAIL": email, "KGL_PASSWORD": password}


@pytest.fixture
def owner(system: System) -> Mapping[str, str]:
    return account(system)


@pytest.fixture
def kgl(system: System, owner: Mapping[str, str]) -> Kgl:
    """One command, as an account without anything."""
    return lambda *arguments: system.kgl(*arguments, **owner)


def written(path: Path, *rows: object) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def told(result: "subprocess.CompletedProcess[str]", status: int = 0) -> dict[str, Any]:
    assert result.returncode == status, result.stderr
    shown: dict[str, Any] = json.loads(result.stdout)
    return shown


def test_import_says_what_became_of_the_file(kgl: Kgl, tmp_path: Path) -> None:
    file = written(tmp_path / "graph.jsonl", EDGE, *GOOD)
    job = told(kgl("import", file, "--json"))
    assert (job["status"], job["parameters"]["format"], job["done"]) == ("succeeded", "jsonl", 3)
    assert job["result"]["entities"]["created"] == 2
    again = kgl("import", file)
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout.splitlines()[1:] == ["entities: 2 unchanged", "relationships: 1 unchanged"]
    refused = told(kgl("import", file, "--create", "--json"), status=1)
    assert (refused["status"], refused["refused"]) == ("partial", 3)


def test_import_names_refused_rows_and_fails(kgl: Kgl, tmp_path: Path) -> None:
    file = written(tmp_path / "graph.ndjson", GOOD[0], *[NAMELESS] * 12)
    result = kgl("import", file)
    assert result.returncode == 1
    assert result.stdout.startswith("partial: import ")
    errors = result.stderr.splitlines()
    assert errors[0] == "row 2: /name is required"
    assert (len(errors), errors[-1]) == (11, "and 2 more rows")
    nothing = kgl("import", file, "--all-or-nothing")
    assert (nothing.returncode, nothing.stdout.partition(":")[0]) == (1, "failed")
    assert "nothing was imported: 12 row(s) were refused" in nothing.stderr


def test_import_says_what_the_declared_schema_has_against_rows_it_wrote(
    system: System, kgl: Kgl, owner: Mapping[str, str], tmp_path: Path
) -> None:
    with system.client(owner["KGL_EMAIL"], owner["KGL_PASSWORD"]) as client:
        declared = {"metadata_schema": {"required": ["size"]}}
        assert client.put("/graph/schema/entity-types/thing", json=declared).status_code == 201
        assert client.put("/graph/schema/settings", json={"enforcement": "warn"}).status_code == 200
    result = kgl("import", written(tmp_path / "graph.jsonl", *GOOD))
    assert (result.returncode, result.stdout.splitlines()[1]) == (0, "entities: 2 created")
    assert "2 row(s) were written against the declared schema" in result.stderr


def test_import_can_leave_the_waiting_to_others(kgl: Kgl, tmp_path: Path) -> None:
    job = told(kgl("import", written(tmp_path / "graph.jsonl", *GOOD), "--no-wait", "--json"))
    assert (job["kind"], job["finished_at"]) == ("import", None)


def test_what_cannot_be_read_is_a_wrong_call(kgl: Kgl, tmp_path: Path) -> None:
    for arguments in (
        ("import", str(tmp_path / "nothing.jsonl")),
        ("import", written(tmp_path / "graph.txt", *GOOD)),
        ("import", written(tmp_path / "graph.jsonl", *GOOD), "--format", "xml"),
        ("export", str(tmp_path / "graph.txt")),
    ):
        result = kgl(*arguments)
        assert (result.returncode, result.stdout) == (2, ""), arguments
        assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("extension", ["jsonl", "csv", "graphml", "ttl", "jsonld"])
def test_a_graph_that_is_exported_and_imported_elsewhere_is_the_same(
    system: System, kgl: Kgl, tmp_path: Path, extension: str
) -> None:
    told(kgl("import", written(tmp_path / "first.jsonl", *GOOD, EDGE), "--json"))
    file = tmp_path / f"graph.{extension}"
    shown = told(kgl("export", str(file), "--json"))
    assert (shown["file"], shown["bytes"]) == (str(file), file.stat().st_size)
    other = account(system)
    job = told(system.kgl("import", str(file), "--json", **other))
    assert (job["status"], job["refused"]) == ("succeeded", 0)
    assert documents(system.kgl("export", **other).stdout) == documents(kgl("export").stdout)
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(["first.jsonl", file.name])


def documents(text: str) -> list[dict[str, Any]]:
    """What a file says, but for what every account has of its own."""
    own = {"version", "created_at", "updated_at"}
    rows = [json.loads(line) for line in text.splitlines()]
    assert len(rows) == 3
    return [{name: value for name, value in row.items() if name not in own} for row in rows]


def test_export_is_limited_to_what_was_asked_for(kgl: Kgl, tmp_path: Path) -> None:
    other = {"kind": "entity", "name": "Other", "type": "other"}
    gone = {"kind": "entity", "name": "Gone", "type": "thing", "is_active": False}
    told(kgl("import", written(tmp_path / "first.jsonl", *GOOD, EDGE, other, gone), "--json"))

    def names(*arguments: str) -> list[str]:
        lines = kgl("export", *arguments).stdout.splitlines()
        return [row["name"] for line in lines if (row := json.loads(line))["kind"] == "entity"]

    assert sorted(names("--types", "other")) == ["Other"]
    assert sorted(names("--types", "thing", "--include-inactive")) == ["Gone", "Thing 1", "Thing 2"]
    assert sorted(names()) == ["Other", "Thing 1", "Thing 2"]
    table = kgl("export", "--format", "csv").stdout.splitlines()
    assert len(table) == 5
