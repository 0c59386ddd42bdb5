"""Every operation is driven with secrets in hand: none of them is in any log, audit row or event."""

import contextlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
import httpx
import pytest
from websockets.sync.client import connect

from tests.e2e.api.cases import CASES, client_for, perform
from tests.e2e.api.client import Client, Contract
from tests.e2e.api.declared import declared, name_of
from tests.e2e.api.processes import JWT_SECRET, Deployment, Process
from tests.e2e.api.world import PASSWORD, Account, log_in, new_account, populate, settle
from tests.servers.postgres import PostgresTestServer, run_apart

# Members of requests and replies that are secrets, or a document's text, wherever they stand.
SECRET: Final = frozenset(
    {
        *("password", "current_password", "new_password", "access_token", "refresh_token", "token"),
        *("key", "secret", "api_key", "client_secret", "ticket", "content"),
    }
)
SHORTEST: Final = 12  # what is shorter says nothing when it is found
PAGES: Final = ("/docs", "/redoc", "/openapi.json", "/asyncapi.json")
WRITTEN: Final = """
select 'audit', a::text from backend_operations.audit_logs a
union all select 'event', e::text from backend_operations.events e
union all select 'seal', s.digest::text from backend_operations.audit_seals s
"""


def members(shown: Any) -> Iterator[str]:
    """Every secret inside a JSON value."""
    if isinstance(shown, dict):
        for name, value in shown.items():
            if name in SECRET and isinstance(value, str) and len(value) >= SHORTEST:
                yield value
            yield from members(value)
    elif isinstance(shown, list):
        for each in shown:
            yield from members(each)


@dataclass(slots=True)
class Overheard:
    """The secrets that were sent and received by one client."""

    known: set[str] = field(default_factory=set)

    def __call__(self, response: httpx.Response) -> None:
        bodies = []
        if response.request.headers.get("content-type", "").startswith("application/json"):
            bodies.append(response.request.content)
        kind = response.headers.get("content-type", "")
        if kind.startswith("application/json") and not response.url.path.endswith(PAGES):
            bodies.append(response.read())
        for body in bodies:
            with contextlib.suppress(ValueError):  # some are meant to be no JSON
                self.known |= set(members(json.loads(body)))
        authorization = response.request.headers.get("authorization", "")
        if len(authorization) > SHORTEST:
            self.known.add(authorization.partition(" ")[2])


@dataclass(frozen=True, slots=True)
class Observed:
    """A process that logs all it can, and a client whose secrets are known."""

    process: Process
    nobody: Client
    overheard: Overheard


@pytest.fixture
def observed(deployed: Deployment, contract: Contract) -> Iterator[Observed]:
    process = deployed.serve(LOG_LEVEL="debug")
    consumer = deployed.consume(LOG_LEVEL="debug")
    client = Client(process.url, contract)
    overheard = Overheard()
    client.http.event_hooks = {"response": [overheard]}
    yield Observed(process, client, overheard)
    client.close()
    process.stop()
    consumer.stop()


def refused_with_secrets(observed: Observed, account: Account) -> None:
    """Secrets where they are refused: wrong, cut short, doubled, in the wrong place."""
    nobody, mark = observed.nobody, secrets.token_hex(12)
    near = f"{PASSWORD}-{mark}"
    nobody.post("/auth/token", json={"email": account.email, "password": near})
    nobody.post("/auth/token", json={"email": f"{mark}@example.org", "password": near})
    nobody.post("/auth/token", data={"grant_type": "password", "username": account.email, "password": near})
    nobody.post("/auth/refresh", json={"refresh_token": f"{account.refresh_token}{mark}"})
    nobody.speaking(f"{account.token}{mark}").get("/entities")
    nobody.speaking(f"kgl_{mark}_{mark}").get("/entities")
    broken = f'{{"password": "{near}", '.encode()
    nobody.post("/auth/token", content=broken, headers={"Content-Type": "application/json"})
    account.client.post("/entities", json={"password": near, "name": 1})
    account.client.post("/documents", json={"content": f"Refused {mark}.", "nonsense": near})
    account.client("PATCH", "/auth/me", json={"password": near})
    with connect(observed.process.url.replace("http", "ws") + "/api/v1/ws", proxy=None) as socket:
        socket.send(json.dumps({"type": "authenticate", "token": account.token}))
        socket.recv(timeout=10)
        socket.send(json.dumps({"type": "authenticate", "token": mark}))
    observed.overheard.known |= {mark, near}


def written(dsn: str) -> list[tuple[str, str]]:
    """Every audit row and event there is, as text."""
    found: list[tuple[str, str]] = []

    async def read() -> None:
        connection = await asyncpg.connect(dsn)
        try:
            found.extend((row[0], row[1]) for row in await connection.fetch(WRITTEN))
        finally:
            await connection.close()

    run_apart(read())
    return found


def test_no_secret_and_no_document_is_logged_or_audited(
    observed: Observed, deployed: Deployment, postgres_server: PostgresTestServer
) -> None:
    account = new_account(observed.nobody)
    populate(account)
    body = f"Ada was born in London. Nobody may read {secrets.token_hex(12)} here."
    paper = f"The first line names it\n\n{body}".encode()
    sent = account.client.post("/documents/upload", files={"file": ("ada.txt", paper)})
    assert sent.status_code == 201, sent.text
    for operation in declared():
        case = CASES.get(name_of(operation))
        if case is None:
            continue  # another test says that every operation has one
        fresh = case.fresh
        caller = client_for(operation, account)
        ids = {**account.ids, **(fresh(account) if fresh else {})}
        reply = perform(operation, account, ids, caller.speaking(ids.get("token", caller.token)))
        assert reply.status_code < 500, (operation.path, reply.text)
    account.client = observed.nobody.speaking(log_in(observed.nobody, account.email)["access_token"])
    refused_with_secrets(observed, account)
    settle(account)
    assert observed.process.stop() == 0
    known = {*observed.overheard.known, body, PASSWORD, JWT_SECRET, account.refresh_token}
    assert len(known) > 40
    for process in deployed.processes:
        log = process.log_text()
        assert not [secret for secret in known if secret in log]
    rows = written(postgres_server.database_dsn(deployed.logins.runtime_url.rpartition("/")[2]))
    assert {kind for kind, _ in rows} == {"audit", "event", "seal"}
    text = "\n".join(row for _, row in rows)
    assert not [secret for secret in known if secret in text]
