"""Credentials of providers, from the API to the database and back out of neither."""

import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import asyncpg
import httpx

from adapters.postgres.engine import driver_dsn
from adapters.security.sealing import new_key
from tests.e2e.api.client import Client
from tests.e2e.api.processes import ROOT, Deployment, Process, deployment
from tests.e2e.api.world import PASSWORD, Account, events_of, eventually, new_account
from tests.servers.database import MigratedServer
from tests.servers.postgres import PostgresTestServer, run_apart
from tests.servers.providers import ProviderServer

OPENAI, HUB = "/settings/credentials/openai", "/settings/credentials/huggingface"
SHOWN = {"provider", "masked", "checked_at", "created_at", "updated_at"}


def put(client: Client, path: str, token: str, **headers: str) -> httpx.Response:
    return client("PUT", path, json={"token": token}, headers=headers)


def refusal(reply: httpx.Response) -> tuple[int, list[tuple[str, str]]]:
    return reply.status_code, [(each["pointer"], each["code"]) for each in reply.json()["errors"]]


def test_stores_shows_replaces_and_forgets(account: Account, providers: ProviderServer) -> None:
    client = account.client
    assert client.get(OPENAI).status_code == 404
    made = put(client, OPENAI, "sk-good-0123456789-abcd")
    assert made.status_code == 201
    assert set(made.json()["data"]) == SHOWN
    assert made.json()["data"]["masked"] == "sk-...abcd"
    assert made.headers["cache-control"] == "no-store"
    assert providers.asked[-1] == ("/v1/models", "Bearer sk-good-0123456789-abcd")
    shown = client.get(OPENAI)
    assert shown.json()["data"] == made.json()["data"]
    etag = shown.headers["etag"]
    assert etag == made.headers["etag"]
    assert client.get(OPENAI, headers={"If-None-Match": etag}).status_code == 304
    replaced = put(client, OPENAI, "sk-good-9876543210-efgh", **{"If-Match": etag})
    assert (replaced.status_code, replaced.json()["data"]["masked"]) == (200, "sk-...efgh")
    assert replaced.json()["data"]["created_at"] == made.json()["data"]["created_at"]
    assert put(client, OPENAI, "sk-good-0123456789-abcd", **{"If-Match": etag}).status_code == 412
    assert put(client, HUB, "hf_good-0123456789-ijkl").status_code == 201
    assert [each["masked"] for each in client.data("/settings/credentials")] == ["hf_...ijkl", "sk-...efgh"]
    assert client("DELETE", OPENAI, headers={"If-Match": etag}).status_code == 412
    assert client("DELETE", OPENAI, headers={"If-Match": replaced.headers["etag"]}).status_code == 204
    assert client("DELETE", OPENAI).status_code == 404
    assert client.get(OPENAI).status_code == 404
    assert [each["provider"] for each in client.data("/settings/credentials")] == ["huggingface"]
    again = put(client, OPENAI, "sk-good-0123456789-abcd")
    assert again.status_code == 201
    assert again.headers["etag"] not in (etag, replaced.headers["etag"]), "an old tag fits nothing new"


def test_says_why_nothing_was_stored(account: Account, providers: ProviderServer) -> None:
    client, before = account.client, len(providers.asked)
    for token, code in (
        ("short", "too_short"),
        ("x" * 1001, "too_long"),
        ("two words\r\nEvil: 1", "bad_character"),
    ):
        assert refusal(put(client, OPENAI, token)) == (422, [("/token", code)])
    assert len(providers.asked) == before, "nobody was asked"
    for path, token in ((OPENAI, "sk-wrong-1234"), (HUB, "sk-good-1234"), (OPENAI, "sk-good-forbidden")):
        reply = put(client, path, token)
        assert refusal(reply) == (422, [("/token", "refused_by_provider")])
        assert "credential refused by provider" in reply.json()["detail"]
        assert token not in reply.text
    for mood in ("broken", "busy", "away", "hang", "drop", "elsewhere", "portal"):
        reply = put(client, OPENAI, f"sk-good-{mood}-secret")
        assert reply.status_code == 503, mood
        assert reply.headers["retry-after"]
        assert "openai could not be asked" in reply.json()["detail"]
        assert mood not in reply.text
    assert client.data("/settings/credentials") == []
    for body in (
        {},
        {"token": None},
        {"token": 5},
        {"token": "sk-good-1234", "base_url": "http://127.0.0.1"},
    ):
        assert client("PUT", OPENAI, json=body).status_code == 422
    for path in ("/settings/credentials/anthropic", "/settings/credentials/OPENAI"):
        assert put(client, path, "sk-good-1234").status_code == 404
        assert client.get(path).status_code == 404
        assert client("DELETE", path).status_code == 404


def test_keeps_the_token_out_of_everything_but_the_seal(
    account: Account, deployed: Deployment, postgres_server: PostgresTestServer
) -> None:
    token = "sk-good-nobody-may-ever-read-this"
    assert put(account.client, OPENAI, token).status_code == 201
    put(account.client, OPENAI, token + "-broken")
    put(account.client, OPENAI, "sk-wrong-nobody-may-ever-read-this")
    assert account.client("PUT", OPENAI, json={"token": token, "x": 1}).status_code == 422
    assert account.client("DELETE", OPENAI).status_code == 204
    eventually(lambda: len(events_of(account, "credential.*")) == 3, "the events are out")
    events = events_of(account, "credential.*")
    assert sorted(each["type"] for each in events) == [
        "credential.deleted",
        "credential.refused",
        "credential.stored",
    ]
    entries = account.client.data("/audit-logs", params={"limit": 200})
    assert {("credential.stored", "success"), ("credential.refused", "failure")} <= {
        (each["action"], each["outcome"]) for each in entries
    }
    assert put(account.client, OPENAI, token).status_code == 201
    name = deployed.logins.runtime_url.rpartition("/")[2]
    kept = everything_in(postgres_server.database_dsn(name))
    assert "sk-...this" in kept
    for text in (json.dumps(events), json.dumps(entries), kept):
        assert "nobody-may-ever" not in text
        assert token.encode().hex() not in text
    for process in deployed.processes:
        assert "nobody-may-ever" not in process.log_text()


def everything_in(dsn: str) -> str:
    """All rows of the tables a credential could end up in, as text."""
    found: list[str] = []

    async def read() -> None:
        connection = await asyncpg.connect(dsn)
        try:
            for table in (
                "backend_auth.provider_credentials",
                "backend_operations.events",
                "backend_operations.audit_logs",
                "backend_operations.idempotency_keys",
                "backend_operations.messages",
            ):
                rows = await connection.fetch(f"select t::text as row from {table} t")
                found.extend(row["row"] for row in rows)
        finally:
            await connection.close()

    run_apart(read())
    return "\n".join(found)


def test_an_accounts_end_takes_its_credentials_along(
    nobody: Client, owner: Account, deployed: Deployment, postgres_server: PostgresTestServer
) -> None:
    account = new_account(nobody)
    assert put(account.client, OPENAI, "sk-good-0123456789-abcd").status_code == 201
    assert account.client("DELETE", "/auth/me", json={"password": PASSWORD}).status_code == 204
    kept = everything_in(postgres_server.database_dsn(deployed.logins.runtime_url.rpartition("/")[2]))
    owners = re.findall(r"^\(([0-9a-f-]{36}),[0-9a-f-]{36},(?:openai|huggingface),", kept, re.MULTILINE)
    assert owner.user_id in owners
    assert account.user_id not in owners


def reseal(process: Deployment, **environment: str) -> tuple[int, dict[str, Any], str]:
    """`kgl credentials reseal --json`: its exit code, what it says, and what it complains of."""
    result = subprocess.run(
        [sys.executable, "-m", "entrypoints.cli", "credentials", "reseal", "--json"],
        env={"PYTHONPATH": str(ROOT), "PATH": "", "DATABASE_URL": process.logins.runtime_url, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    return result.returncode, json.loads(result.stdout) if result.stdout else {}, result.stderr


def test_an_old_key_can_be_retired(
    migrated_server: MigratedServer, providers: ProviderServer, nobody: Client
) -> None:
    logins, old, new = migrated_server.create_database(), new_key(), new_key()
    where = {"OPENAI_BASE_URL": providers.openai, "HUGGING_FACE_BASE_URL": providers.url, "NO_PROXY": "*"}
    try:
        with deployment(logins, **where) as made, contextlib.ExitStack() as stack:
            with api_of(made.serve(), nobody) as keyless:
                ada = new_account(keyless)
                reply = put(ada.client, OPENAI, "sk-good-0123456789-abcd")
                assert reply.status_code == 503
                assert "CREDENTIALS_KEY is not set" in reply.json()["detail"]
                assert ada.client.data("/settings/credentials") == []
            made.stop()
            api = stack.enter_context(api_of(made.serve(CREDENTIALS_KEY=old), nobody))
            accounts = [new_account(api) for _ in range(3)]
            etags = [put(each.client, OPENAI, "sk-good-0123456789-abcd").headers["etag"] for each in accounts]
            code, _, complaint = reseal(made)
            assert (code, "CREDENTIALS_KEY is not set" in complaint) == (1, True)
            code, found, _ = reseal(made, CREDENTIALS_KEY=new)
            assert (code, found["unreadable"], list(found["others"].values())) == (1, 3, [3])
            code, found, _ = reseal(made, CREDENTIALS_KEY=f"{new},{old}")
            assert (code, found["resealed"], found["current"], found["others"]) == (0, 3, 3, {})
            code, found, _ = reseal(made, CREDENTIALS_KEY=new)
            assert (code, found["resealed"], found["current"]) == (0, 0, 3)
            shown = [each.client.get(OPENAI) for each in accounts]
            assert [each.headers["etag"] for each in shown] == etags, "nobody notices"
    finally:
        migrated_server.drop_database(logins)


@contextlib.contextmanager
def api_of(process: Process, like: Client) -> Iterator[Client]:
    client = Client(process.url, like.contract)
    yield client
    client.close()


def test_the_table_shows_no_other_users_row(deployed: Deployment, owner: Account) -> None:
    assert owner.client.get(OPENAI).status_code == 200
    seen: list[int] = []

    async def look() -> None:
        connection = await asyncpg.connect(driver_dsn(deployed.logins.runtime_url))
        try:
            seen.append(await connection.fetchval("select count(*) from backend_auth.provider_credentials"))
        finally:
            await connection.close()

    run_apart(look())
    assert seen == [0]
