"""`kgl keys` on the system a newcomer has: everything in one data directory, nothing configured."""

import json
from typing import Any

import httpx

from tests.e2e.system import System, eventually


def test_keys_of_a_data_directory_are_listed_and_rotated_while_it_runs(system: System) -> None:
    listed = json.loads(system.kgl("keys", "list", "--json").stdout)
    assert {key["state"] for key in listed} >= {"current", "next"}
    client = system.client()
    assert client.get("/auth/me").status_code == 200
    done = system.kgl("keys", "rotate")
    assert done.returncode == 0, done.stderr
    assert "retired" in done.stdout
    following = next(key["kid"] for key in listed if key["state"] == "next")
    now = {key["kid"]: key["state"] for key in json.loads(system.kgl("keys", "list", "--json").stdout)}
    assert now[following] == "current"

    def published() -> set[str]:
        keys = httpx.get(f"{system.url}/.well-known/jwks.json", timeout=30, trust_env=False).json()["keys"]
        return {key["kid"] for key in keys}

    eventually(lambda: published() == set(now), "the running API publishes the new key", within=5)
    assert client.get("/auth/me").status_code == 200, "nobody is logged out"
    client.close()


def test_rotations_are_in_the_audit_log_and_under_its_seals(system: System) -> None:
    assert system.kgl("keys", "rotate").returncode == 0

    def verified() -> "dict[str, Any]":
        found: dict[str, Any] = json.loads(system.kgl("audit", "verify", "--json").stdout)
        assert found["intact"], found
        return found

    before = verified()["rows"]
    assert system.kgl("keys", "rotate").returncode == 0
    eventually(lambda: verified()["rows"] > before, "the rotation has its seal")


def test_one_round_of_purging_takes_nothing_that_is_new(system: System) -> None:
    done = system.kgl("purge", "--json")
    assert done.returncode == 0, done.stderr
    removed = json.loads(done.stdout)
    assert set(removed.values()) == {0}
    assert "events" in removed
    with system.client() as client:
        assert client.get("/events", params={"limit": 1}).json()["data"], "everything is still there"


def test_a_retention_that_is_too_short_is_refused(system: System) -> None:
    done = system.kgl("purge", EVENT_RETENTION="60")
    assert done.returncode == 2
    assert "EVENT_RETENTION" in done.stderr


def test_the_data_directory_keeps_the_key_and_tells_nobody(system: System) -> None:
    kept = json.loads((system.data / "secrets.json").read_text())
    for name in ("serve", "consume"):
        assert kept["credentials_key"] not in (system.data / "logs" / f"{name}.log").read_text()
    assert kept["credentials_key"] not in system.stderr()
