"""`kgl keys` on the system a newcomer has: everything in one data directory, nothing configured."""

import json

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
        keys = httpx.get(f"{system.url}/.well-known/jwks.json", trust_env=False).json()["keys"]
        return {key["kid"] for key in keys}

    eventually(lambda: published() == set(now), "the running API publishes the new key", within=5)
    assert client.get("/auth/me").status_code == 200, "nobody is logged out"
    client.close()


def test_the_data_directory_keeps_the_key_and_tells_nobody(system: System) -> None:
    kept = json.loads((system.data / "secrets.json").read_text())
    for name in ("serve", "consume"):
        assert kept["credentials_key"] not in (system.data / "logs" / f"{name}.log").read_text()
    assert kept["credentials_key"] not in system.stderr()
