"""Postgres goes away and comes back: readiness tells, requests get 503, and nobody restarts anything."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.api.client import Client, Contract
from tests.e2e.api.processes import Deployment, Process, deployment
from tests.e2e.api.world import Account, entity_body, events_of, eventually, log_in, made, new_account
from tests.servers.database import migrated
from tests.servers.postgres import PrivatePostgres, private_postgres
from tests.servers.process import ServerUnavailable


@contextmanager
def own_postgres() -> Iterator[PrivatePostgres]:
    """A server that is this test's alone: it is stopped while others need theirs."""
    try:
        with private_postgres() as server:
            yield server
    except ServerUnavailable as error:
        pytest.fail(str(error), pytrace=False)


def test_recovers_by_itself_from_an_outage(contract: Contract) -> None:
    with own_postgres() as postgres, migrated(postgres) as server:
        logins = server.create_database()
        with deployment(logins, DATABASE_ACQUIRE_TIMEOUT="2") as deployed:
            outlive(postgres, deployed, contract)
            assert set(deployed.stop()) == {0}
        server.drop_database(logins)


def outlive(postgres: PrivatePostgres, deployed: Deployment, contract: Contract) -> None:
    """Before, during and after."""
    process = deployed.serve()
    deployed.consume()
    nobody = Client(process.url, contract)
    account = new_account(nobody)
    known = made(account, "/entities", entity_body(account))
    postgres.stop()
    try:
        refused_meanwhile(process, nobody, account, known)
    finally:
        postgres.start()
    eventually(lambda: process.ready() == 200, "it is ready again")
    assert account.client.data(f"/entities/{known}")["id"] == known
    assert len(account.client.data("/entities")) == 1, "what was refused was not done"
    log_in(nobody, account.email)
    made(account, "/entities", entity_body(account))
    # The relay and the feed have come back, too.
    eventually(lambda: len(events_of(account, "entity.created")) == 2, "the events are out", within=30)
    nobody.close()


def refused_meanwhile(process: Process, nobody: Client, account: Account, known: str) -> None:
    eventually(lambda: process.ready() == 503, "it is not ready")
    ready = nobody.get("/health/ready").json()
    assert ready["status"] == "unavailable"
    assert ready["dependencies"]["postgres"]["status"] == "down"
    assert ready["dependencies"]["postgres"]["problems"]
    assert nobody.get("/health/live").status_code == 200
    for method, path, body in (
        ("GET", f"/entities/{known}", None),
        ("GET", "/entities", None),
        ("POST", "/entities", entity_body(account)),
        ("DELETE", f"/entities/{known}", None),
        ("GET", "/search?q=x", None),
        ("GET", "/graph/stats", None),
        ("GET", "/events", None),
        ("GET", "/documents", None),
        ("POST", "/documents", {"content": "Ada."}),
        ("POST", "/vector-chunks/search", {"query": "Ada"}),
        ("POST", "/ai/extractions", {"text": "Ada."}),
        ("GET", "/ai/jobs", None),
        ("GET", "/auth/me", None),
        ("POST", "/auth/logout", None),
    ):
        begun = time.monotonic()
        reply = account.client(method, path, json=body)
        assert reply.status_code == 503, (method, path, reply.text)
        assert reply.headers["retry-after"]
        assert time.monotonic() - begun < 5
    login = {"email": account.email, "password": "correct-horse-of-the-tests"}
    assert nobody.post("/auth/token", json=login).status_code == 503
    assert nobody.post("/auth/register", json={**login, "email": "b@example.org"}).status_code == 503
    refresh = {"refresh_token": account.refresh_token}
    assert nobody.post("/auth/refresh", json=refresh).status_code == 503
    # What needs no database goes on.
    assert account.client.get("/ai/providers").status_code == 200
    assert account.client.get("/entities?limit=0").status_code == 422
