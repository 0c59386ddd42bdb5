"""Accounts with something of everything, made through the API and the consumer, each with a mark."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from adapters.security.keys import KeyRing, hs256_key
from adapters.security.tokens import JwtTokens
from adapters.system.clock import SystemClock
from application.identity.ports import TokenClaims, TokenUse
from domain.shared.ids import SessionId, UserId
from domain.shared.roles import Role
from tests.e2e.api.client import Client, ids_in
from tests.e2e.api.identities import link_identity
from tests.e2e.api.processes import JWT_SECRET

PASSWORD = "correct-horse-of-the-tests"
TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@dataclass(slots=True)
class Account:
    """A logged-in account. `mark` is in every text it writes, and in nobody else's."""

    client: Client
    email: str
    mark: str
    user_id: str
    refresh_token: str
    ids: dict[str, str] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)

    @property
    def token(self) -> str:
        assert self.client.token is not None
        return self.client.token


def eventually(holds: Callable[[], bool], what: str, within: float = 30.0) -> None:
    """Waits for a condition; fails when it does not come true."""
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, f"within {within:.0f} s not: {what}"
        time.sleep(0.02)


IMPORTED: Final = (
    "graph.jsonl",
    b'{"kind":"entity","name":"Imported","type":"person","external_id":"imported"}\n'
    b'{"kind":"entity","name":"","type":"person"}\n',
)


def ended_import(account: Account) -> str:
    """The job of an import that is through."""
    reply = account.client("POST", "/graph/import", files={"file": IMPORTED})
    assert reply.status_code == 202, reply.text
    job: str = reply.json()["data"]["id"]
    eventually(
        lambda: account.client.data(f"/graph/jobs/{job}")["finished_at"] is not None, "the import to end"
    )
    return job


def log_in(nobody: Client, email: str) -> dict[str, Any]:
    reply = nobody.post("/auth/token", json={"email": email, "password": PASSWORD})
    assert reply.status_code == 200, reply.text
    tokens: dict[str, Any] = reply.json()
    return tokens


def new_account(nobody: Client) -> Account:
    """An account that has nothing yet."""
    mark = "M" + secrets.token_hex(4)
    email = f"{mark.lower()}@example.org"
    made = nobody.post("/auth/register", json={"email": email, "password": PASSWORD, "first_name": mark})
    assert made.status_code == 201, made.text
    tokens = log_in(nobody, email)
    return Account(
        client=nobody.speaking(tokens["access_token"]),
        email=email,
        mark=mark,
        user_id=made.json()["data"]["id"],
        refresh_token=tokens["refresh_token"],
    )


def administrator(client: Client) -> Client:
    """The same API, as an administrator; the token is made apart from the server."""
    issued = datetime.now(UTC)
    claims = TokenClaims(
        user_id=UserId(uuid4()),
        role=Role.ADMIN,
        session_id=SessionId(uuid4()),
        token_id=uuid4(),
        issued_at=issued,
        expires_at=issued + timedelta(minutes=10),
    )
    name = "knowledge-graph-lab"
    issuer = JwtTokens(KeyRing(hs256_key(JWT_SECRET)), name, name, SystemClock())
    return client.speaking(issuer.issue(TokenUse.ACCESS, claims))


def current_session(client: Client) -> str:
    """The id of the session the client speaks from."""
    found: list[str] = [each["id"] for each in client.data("/auth/sessions?limit=200") if each["current"]]
    assert len(found) == 1
    return found[0]


def entity_body(account: Account, name: str = "") -> dict[str, Any]:
    mark = account.mark
    return {
        "name": f"{mark} {name or secrets.token_hex(4)}",
        "type": "person",
        "confidence": 0.5,
        "source": f"https://example.org/{mark}",
        "source_type": "manual",
        "metadata": {"mark": mark, "size": 7},
        "aliases": [f"alias {mark}"],
    }


def document_body(account: Account, text: str = "") -> dict[str, Any]:
    mark = account.mark
    return {
        "content": text or f"Ada {mark} was born in London. Paper {secrets.token_hex(8)}.",
        "title": f"Title {mark}",
        "media_type": "text/plain",
        "source": f"https://example.org/{mark}",
        "source_type": "manual",
        "metadata": {"mark": mark},
        "tags": [f"tag-{mark.lower()}"],
    }


def made(account: Account, path: str, body: dict[str, Any]) -> str:
    """Creates one thing; its id."""
    reply = account.client.post(path, json=body)
    assert reply.status_code in (201, 202), reply.text
    identifier: str = reply.json()["data"]["id"]
    return identifier


def new_relationship(account: Account) -> dict[str, Any]:
    """The body of a relationship between two entities made for it."""
    ends = [made(account, "/entities", entity_body(account)) for _ in range(2)]
    return {
        "source_entity_id": ends[0],
        "target_entity_id": ends[1],
        "relationship_type": "knows",
        "confidence": 0.5,
        "source": f"https://example.org/{account.mark}",
        "source_type": "manual",
        "metadata": {"mark": account.mark},
    }


def processed(account: Account, document_id: str) -> bool:
    status: str = account.client.data(f"/documents/{document_id}")["status"]
    assert status != "failed"
    return status == "processed"


def settle(account: Account, within: float = 30.0) -> None:
    """Waits until nothing of the account is on its way."""

    def is_settled() -> bool:
        jobs = account.client.data("/ai/jobs?limit=200")
        return all(job["finished_at"] for job in jobs) and not account.client.data(
            "/documents?status=pending&limit=1"
        )

    eventually(is_settled, "every job finished", within)


def declare_types(account: Account) -> str:
    """An entity type and a relationship type of one name, declared."""
    name = f"t-{account.mark.lower()}"
    for kind in ("entity-types", "relationship-types"):
        reply = account.client("PUT", f"/graph/schema/{kind}/{name}", json={"description": account.mark})
        assert reply.status_code in (200, 201), reply.text
    return name


def populate(account: Account, *, with_identity: bool = True) -> None:
    """An identity, entities with a relationship, a document with passages and mentions, a job."""
    ids, client = account.ids, account.client
    if with_identity:
        ids["identity_id"], refresh_token = link_identity(client, account.email, PASSWORD)
        account.refresh_token = refresh_token or account.refresh_token
    ids["type"] = declare_types(account)
    ids["user_id"], ids["session_id"] = account.user_id, current_session(client)
    key = {"name": f"key of {account.mark}", "scopes": ["read"]}
    ids["api_key_id"] = made(account, "/auth/api-keys", key)
    relation = new_relationship(account)
    ids["entity_id"], ids["other_id"] = relation["source_entity_id"], relation["target_entity_id"]
    ids["relationship_id"] = made(account, "/relationships", relation)
    twins = [made(account, "/entities", entity_body(account, "Twin")) for _ in range(2)]
    merge = {"target_id": twins[0], "source_ids": twins[1:]}
    ids["merge_id"] = made(account, "/entities/merge", merge)
    ids["document_id"] = made(account, "/documents", document_body(account))
    eventually(lambda: processed(account, ids["document_id"]), "the document is processed")
    settle(account)
    ids["job_id"] = client.data("/ai/jobs")[0]["id"]
    ids["graph_job_id"] = ended_import(account)
    ids["mentioned_id"] = client.data(f"/documents/{ids['document_id']}/entities")[0]["id"]
    ids["chunk_id"] = client.data(f"/documents/{ids['document_id']}/chunks")[0]["id"]
    eventually(lambda: bool(events_of(account, "job.finished")), "the last of its events is out")
    for path in ("/entities", "/relationships", "/documents", "/ai/jobs", "/auth/me", "/events"):
        account.known |= ids_in(client.get(path))
    for name in ("chunks", "entities"):
        account.known |= ids_in(client.get(f"/documents/{ids['document_id']}/{name}"))
    account.known |= ids_in(client.get(f"/entities/{ids['mentioned_id']}/mentions"))
    account.known |= ids_in(client.get(f"/ai/jobs/{ids['job_id']}/items"))
    account.known |= {*ids.values(), account.user_id}


def events_of(account: Account, topic: str) -> list[dict[str, Any]]:
    """The account's events of a topic."""
    found: list[dict[str, Any]] = account.client.data("/events", params={"topics": topic, "limit": 200})
    return found
