"""The commands of `kgl` against a running system."""

import json
import subprocess
import sys
from pathlib import Path

from tests.e2e.system import System


def told(result: "subprocess.CompletedProcess[str]") -> object:
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_health_openapi_and_demo_answer(system: System) -> None:
    health = told(system.kgl("health", "--json"))
    assert isinstance(health, dict)
    assert (health["status"], health["url"]) == ("ready", system.url)
    document = told(system.kgl("openapi"))
    assert isinstance(document, dict)
    assert document["openapi"].startswith("3.1")
    assert told(system.kgl("demo", "--json")) == {**system.told["demo"], "url": system.url}


def test_ingest_follows_documents_until_search_finds_them(system: System, tmp_path: Path) -> None:
    records = [
        {"title": "Founding", "text": "Maria Kovacs founded Quillfeather Instruments in Budapest in 1931."},
        {"title": "Work", "text": "Pavel Novak works for Quillfeather Instruments."},
    ]
    (tmp_path / "records.jsonl").write_text("\n".join(json.dumps(record) for record in records))
    (tmp_path / "notes.md").write_text("# Notes\n\nQuillfeather Instruments was sold in 1960.")
    (tmp_path / "entities.json").write_text('{"value": "Ada"}\n')
    first = told(system.kgl("ingest", str(tmp_path), "--json"))
    assert isinstance(first, dict)
    assert (first["created"], first["processed"], first["failures"]) == (3, 3, [])
    assert first["entities"] >= 3
    assert [Path(each["path"]).name for each in first["skipped"]] == ["entities.json"]
    again = told(system.kgl("ingest", str(tmp_path), "--json"))
    assert isinstance(again, dict)
    assert (again["created"], again["duplicates"], again["entities"]) == (0, 3, 0)
    found = told(system.kgl("search", "Quillfeather", "--json"))
    assert isinstance(found, list)
    assert {"entity", "document"} <= {row["kind"] for row in found}


def test_ingest_fails_when_a_document_is_refused(system: System, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text(
        json.dumps([{"title": "Nul", "text": "a\x00b"}, {"title": "x", "text": "Fine."}])
    )
    result = system.kgl("ingest", str(tmp_path))
    assert result.returncode == 1
    assert "bad.json#1" in result.stderr
    assert "1 failed" in result.stdout


def test_watch_shows_what_happens_and_resumes_from_a_position(system: System, tmp_path: Path) -> None:
    (tmp_path / "watched.txt").write_text("Greta Lindqvist was born in Uppsala.")
    with subprocess.Popen(
        [sys.executable, "-m", "entrypoints.cli", "watch", "document.*", "--since", "0", "--json"],
        stdout=subprocess.PIPE,
        text=True,
        env=dict(system.environment),
    ) as watching:
        assert watching.stdout is not None
        try:
            seen = [json.loads(watching.stdout.readline())]
            assert system.kgl("ingest", str(tmp_path)).returncode == 0
            while seen[-1]["data"].get("title") != "watched" or seen[-1]["type"] != "document.processed":
                seen.append(json.loads(watching.stdout.readline()))
        finally:
            watching.terminate()
    positions = [event["position"] for event in seen]
    assert positions == sorted(set(positions))
    since = str(positions[-2])
    resumed = system.kgl("watch", "document.*", "--since", since, "--count", "1", "--json")
    assert json.loads(resumed.stdout) == seen[-1]
    assert resumed.stderr == ""


def test_watch_shows_everything_unless_told_otherwise(system: System) -> None:
    shown = system.kgl("watch", "--since", "0", "--count", "200")
    assert shown.returncode == 0
    for kind in ("session.started", "document.added", "entity.created", "job.finished"):
        assert kind in shown.stdout


def test_users_are_made_while_everything_runs(system: System) -> None:
    secret = "a passphrase of some length"
    made = told(system.kgl("users", "create", "root@example.org", "--role", "admin", "--json", stdin=secret))
    assert isinstance(made, dict)
    assert made["role"] == "admin"
    with system.client("root@example.org", secret) as client:
        assert client.get("/auth/me").json()["data"]["role"] == "admin"
        changed = told(system.kgl("users", "set-role", "Root@example.org", "user", "--json"))
        assert isinstance(changed, dict)
        assert changed["role"] == "user"
    assert told(system.kgl("users", "deactivate", "root@example.org", "--json"))
    refused = system.kgl("search", "x", KGL_EMAIL="root@example.org", KGL_PASSWORD=secret)
    assert refused.returncode == 1
    assert len(refused.stderr.strip().splitlines()) == 1
    listed = told(system.kgl("users", "list", "--json"))
    assert isinstance(listed, list)
    assert {"email": "root@example.org", "is_active": False}.items() <= next(
        row for row in listed if row["email"] == "root@example.org"
    ).items()
    taken = system.kgl("users", "create", "root@example.org", stdin=secret)
    assert taken.returncode == 1


def test_migrations_are_reported(system: System) -> None:
    check = told(system.kgl("migrate", "check", "--json"))
    assert isinstance(check, dict)
    assert check["current"] is True
    history = told(system.kgl("migrate", "history", "--json"))
    assert isinstance(history, list)
    assert history[0]["is_rollback"] is False


def test_a_wrong_token_is_one_line(system: System) -> None:
    result = system.kgl("search", "x", KGL_URL=system.url, KGL_TOKEN="nonsense")
    assert result.returncode == 1
    assert len(result.stderr.strip().splitlines()) == 1
    assert "Traceback" not in result.stderr
