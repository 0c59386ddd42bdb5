"""`kgl purge` over a system in which things have grown old, and what its users notice of it."""

import asyncio
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import asyncpg
import httpx
import pytest

from adapters.postgres.engine import driver_dsn
from adapters.postgres.provision import Logins
from adapters.security.sealing import new_key
from entrypoints.cli.target import CLIENT_VARIABLES
from entrypoints.settings import VARIABLES
from tests.e2e.api.processes import ROOT, Deployment, deployment
from tests.e2e.system import eventually
from tests.servers.database import MigratedServer

# What makes rows old: the table, the scope its rows are seen in, and the change.
AGEING = (
    (
        "relay",
        "update backend_operations.events set occurred_at = now() - interval '40 days' where position <= 4",
    ),
    (
        "authentication",
        "update backend_auth.sessions set revoked_at = now() - interval '40 days' "
        "where revoked_at is not null",
    ),
)
OWN_AGEING = (
    "update backend_operations.idempotency_keys set created_at = now() - interval '2 days'",
    "update backend_operations.inbox set handled_at = now() - interval '8 days'",
)


@pytest.fixture
def deployed(migrated_server: MigratedServer) -> Iterator[Deployment]:
    logins = migrated_server.create_database()
    with deployment(logins, JWT_SECRET="", CREDENTIALS_KEY=new_key()) as made:
        yield made
    migrated_server.drop_database(logins)


def kgl(deployed: Deployment, *arguments: str) -> "dict[str, Any]":
    inherited = {n: v for n, v in os.environ.items() if n not in {*VARIABLES, *CLIENT_VARIABLES}}
    done = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-m", "entrypoints.cli", *arguments, "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**inherited, "PYTHONPATH": str(ROOT), **deployed.environment},
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


async def age(logins: Logins, user_id: str) -> None:
    connection = await asyncpg.connect(driver_dsn(logins.runtime_url))
    try:
        for scope, statement in AGEING:
            async with connection.transaction():
                await connection.execute("select backend_operations.act_within($1)", scope)
                await connection.execute(statement)
        async with connection.transaction():
            await connection.execute("select backend_operations.act_as($1::text::uuid)", user_id)
            for statement in OWN_AGEING:
                await connection.execute(statement)
    finally:
        await connection.close()


def test_what_is_over_goes_and_everything_else_works_on(deployed: Deployment) -> None:
    deployed.consume()
    api = f"{deployed.serve().url}/api/v1"
    body = {"email": f"{secrets.token_hex(6)}@example.org", "password": secrets.token_urlsafe(16)}
    with httpx.Client(trust_env=False, timeout=30) as client:
        user_id = client.post(f"{api}/auth/register", json=body).json()["data"]["id"]

        def log_in() -> dict[str, str]:
            token = client.post(f"{api}/auth/token", json=body).json()["access_token"]
            return {"Authorization": f"Bearer {token}"}

        over = log_in()
        assert client.post(f"{api}/auth/logout", headers=over).is_success
        client.headers.update(log_in())

        def create() -> httpx.Response:
            entity = {"name": "Ada Lovelace", "type": "person", "confidence": 1.0}
            return client.post(f"{api}/entities", json=entity, headers={"Idempotency-Key": "once"})

        first = create().json()["data"]["id"]
        assert create().json()["data"]["id"] == first
        document = {"title": "Notes", "content": "Ada Lovelace wrote to Charles Babbage."}
        name = client.post(f"{api}/documents", json=document).json()["data"]["id"]

        def is_processed() -> bool:
            found: bool = client.get(f"{api}/documents/{name}").json()["data"]["status"] == "processed"
            return found

        eventually(is_processed, "the document is read")
        assert set(kgl(deployed, "purge").values()) == {0}
        asyncio.run(age(deployed.logins, user_id))
        removed = kgl(deployed, "purge")
        assert removed["events"] == 4
        assert (removed["idempotency_keys"], removed["sessions"]) == (1, 1)
        assert removed["inbox"] >= 1
        assert set(kgl(deployed, "purge").values()) == {0}

        for path in ("/events", "/events/stream"):
            refused = client.get(f"{api}{path}", params={"since": 1})
            assert refused.status_code == 422
            (told,) = refused.json()["errors"]
            assert (told["pointer"], told["code"]) == ("/since", "no_longer_kept")
        kept = client.get(f"{api}/events", params={"since": 4, "limit": 200}).json()["data"]
        assert kept == client.get(f"{api}/events", params={"limit": 200}).json()["data"]
        assert [event["position"] for event in kept][:1] == [5]
        assert is_processed()
        assert create().json()["data"]["id"] != first, "the key is forgotten"
        again = {"title": "More", "content": "Charles Babbage answered Ada Lovelace."}
        name = client.post(f"{api}/documents", json=again).json()["data"]["id"]
        eventually(is_processed, "the next document is read, too")

    def is_sealed() -> bool:
        verified = kgl(deployed, "audit", "verify")
        assert verified["intact"], verified
        return bool(verified["rows"] > 0)

    eventually(is_sealed, "the audit log is whole")
