"""Requests that ask for more than they should: other people's ids, roles, addresses to fetch."""

import json
import secrets
from typing import Any
from uuid import UUID

import pytest

from domain.shared.roles import Role
from entrypoints.http.operation import Operation
from tests.e2e.api.callers import promoted
from tests.e2e.api.cases import CASES, perform
from tests.e2e.api.client import Client
from tests.e2e.api.declared import declared, name_of
from tests.e2e.api.listening import Listener, listening
from tests.e2e.api.world import (
    PASSWORD,
    Account,
    administrator,
    document_body,
    entity_body,
    eventually,
    made,
    new_account,
    new_relationship,
    processed,
)

NOT_OFFERED: dict[str, Any] = {
    "role": "admin",
    "is_admin": True,
    "is_active": True,
    "user_id": "00000000-0000-4000-8000-000000000001",
    "owner_id": "00000000-0000-4000-8000-000000000001",
    "owner": "00000000-0000-4000-8000-000000000001",
    "id": "00000000-0000-4000-8000-000000000001",
    "version": 99,
    "created_at": "2000-01-01T00:00:00Z",
    "password_hash": "x",
    "__proto__": {"role": "admin"},
}
# What decides about access, and so is on record when somebody tries it.
DECISIVE = ("role", "is_admin", "is_active", "user_id", "owner_id", "owner")
BY_ID = [
    operation
    for operation in declared()
    if name_of(operation) in CASES and CASES[name_of(operation)].stranger == 404
]


def offers(account: Account) -> dict[str, dict[str, Any]]:
    """Bodies that are accepted as they are, by method and path."""
    entity, relation = account.ids["entity_id"], account.ids["relationship_id"]
    email = f"{secrets.token_hex(6)}@example.org"
    return {
        "POST /auth/register": {"email": email, "password": PASSWORD},
        "PATCH /auth/me": {"first_name": "A"},
        "POST /auth/token": {"email": account.email, "password": PASSWORD},
        "POST /auth/api-keys": {"name": "k", "scopes": ["read"]},
        "POST /entities": entity_body(account),
        f"PUT /entities/{entity}": entity_body(account),
        f"PATCH /entities/{entity}": {"confidence": 0.5},
        "POST /relationships": new_relationship(account),
        f"PATCH /relationships/{relation}": {"confidence": 0.5},
        "POST /documents": document_body(account),
        "POST /ai/extractions": {"document_ids": [account.ids["document_id"]]},
        "POST /vector-chunks/search": {"query": "London"},
    }


@pytest.mark.parametrize("field", NOT_OFFERED)
def test_no_field_is_taken_that_is_not_offered(field: str, victim: Account) -> None:
    before = victim.client.data("/auth/me")
    for call, body in offers(victim).items():
        method, path = call.split()
        reply = victim.client(method, path, json={**body, field: NOT_OFFERED[field]})
        assert reply.status_code == 422, (call, reply.text)
        assert [(each["pointer"], each["code"]) for each in reply.json()["errors"]] == [
            (f"/{field}", "unknown_field")
        ]
    assert victim.client.data("/auth/me") == before


def test_each_of_those_bodies_is_good_without_it(owner: Account) -> None:
    for call, body in offers(owner).items():
        method, path = call.split()
        assert owner.client(method, path, json=body).status_code < 300, call


def test_a_field_given_twice_is_no_way_around(victim: Account) -> None:
    email = f"{secrets.token_hex(6)}@example.org"
    for method, path, body in (
        ("PATCH", "/auth/me", '{"role": "user", "role": "admin"}'),
        ("PATCH", "/auth/me", '{"first_name": "A", "role": "user", "role": "admin"}'),
        ("POST", "/auth/register", f'{{"email": "{email}", "password": "{PASSWORD}", "role": 1, "role": 2}}'),
    ):
        reply = victim.client(method, path, content=body, headers={"Content-Type": "application/json"})
        assert reply.status_code == 422, reply.text
    assert victim.client.data("/auth/me")["role"] == "user"


def test_a_file_brings_no_owner(victim: Account, stranger: Account) -> None:
    given = {"user_id": stranger.user_id, "owner": stranger.user_id, "role": "admin"}
    for name, value in given.items():
        reply = victim.client(
            "POST", "/documents/upload", files={"file": ("a.md", b"# A")}, data={name: value}
        )
        assert reply.status_code == 422, reply.text


@pytest.mark.parametrize("operation", BY_ID, ids=name_of)
def test_an_id_cannot_be_guessed(operation: Operation[Any, Any], owner: Account, stranger: Account) -> None:
    """Ids that begin with the time are near each other: that helps nobody."""
    case = CASES[name_of(operation)]
    things = {**owner.ids, **(case.fresh(owner) if case.fresh else {})}
    used = case.fresh(stranger) if case.fresh else {}
    own: dict[str, str] = {name: used[name] for name in ("token", "refresh_token") if name in used}
    for step in (-1, 0, 1):
        near = {name: str(UUID(int=UUID(id_).int + step)) for name, id_ in things.items() if is_id(id_)}
        reply = perform(operation, stranger, {**things, **near, **own})
        assert reply.status_code == 404, reply.text
    for guess in (UUID(int=0), UUID(int=2**128 - 1)):
        # The last bits differ: some operations speak of two things, which are not the same.
        guessed = {name: str(UUID(int=guess.int ^ place)) for place, name in enumerate(near)}
        reply = perform(operation, stranger, {**things, **guessed, **own})
        assert reply.status_code == 404, reply.text


def is_id(text: str) -> bool:
    return len(text) == 36 and text.count("-") == 4


SMUGGLED = (
    "X-User-Id",
    "X-User",
    "X-Remote-User",
    "X-Forwarded-User",
    "X-Authenticated-User",
    "X-Tenant-Id",
    "X-Account-Id",
    "X-Original-User",
)


def test_no_header_makes_somebody_else(owner: Account, stranger: Account) -> None:
    path = f"/entities/{owner.ids['entity_id']}"
    for name in SMUGGLED:
        for value in (owner.user_id, owner.email):
            headers = {name: value, "X-Role": "admin", "X-Admin": "true", "X-Forwarded-For": "127.0.0.1"}
            me = stranger.client.get("/auth/me", headers=headers)
            assert me.json()["data"]["id"] == stranger.user_id
            assert stranger.client.get(path, headers=headers).status_code == 404
            assert stranger.client.get("/admin/users", headers=headers).status_code == 403


def test_no_header_makes_another_request(owner: Account) -> None:
    path = f"/entities/{owner.ids['entity_id']}"
    for headers in (
        {"X-HTTP-Method-Override": "DELETE"},
        {"X-Method-Override": "DELETE", "X-HTTP-Method": "DELETE"},
        {"X-Original-URL": "/api/v1/admin/users", "X-Rewrite-URL": "/api/v1/admin/users"},
        {"X-Forwarded-Prefix": "/api/v1/admin", "X-Forwarded-Host": "evil.example"},
    ):
        shown = owner.client.get(path, headers=headers)
        assert shown.status_code == 200
        assert shown.json()["data"]["id"] == owner.ids["entity_id"]
        assert "evil.example" not in shown.text + str(shown.headers)
    assert owner.client.get(path).status_code == 200


def test_no_spelling_of_an_address_goes_around_the_rule(owner: Account) -> None:
    for path in (
        "/admin/users/",
        "//admin/users",
        "/./admin/users",
        "/auth/../admin/users",
        "/ADMIN/users",
        "/admin/users;x=.json",
        "/admin/users.json",
        "/%61dmin/users",
        "/admin%2Fusers",
        "/admin/users%00",
        "/admin/users%20",
    ):
        reply = owner.client.http.get("/api/v1" + path, headers=owner.client.credentials())
        assert reply.status_code in (400, 403, 404), (path, reply.status_code)
        assert reply.headers["content-type"] == "application/problem+json"
    assert owner.client("HEAD", "/admin/users").status_code == 403


def addresses(port: int) -> list[str]:
    """One place on loopback, in the spellings that filters forget, and what is not HTTP at all."""
    return [
        f"http://127.0.0.1:{port}/",
        f"http://localhost:{port}/",
        f"http://2130706433:{port}/",
        f"http://0x7f.1:{port}/",
        f"http://[::ffff:127.0.0.1]:{port}/",
        f"http://user@127.0.0.1:{port}/",
        f"//127.0.0.1:{port}/",
        f"gopher://127.0.0.1:{port}/_GET",
        "file:///etc/passwd",
        "http://169.254.169.254/latest/meta-data/",
    ]


def test_no_address_that_somebody_writes_is_fetched(nobody: Client) -> None:
    account = new_account(nobody)
    with listening() as listener:
        documents = []
        for address in addresses(listener.port):
            page = f"Ada met Bob. ![map]({address}) [more]({address}) <img src='{address}'> {address}\n"
            body = {
                **document_body(account),
                "source": address,
                "metadata": {"url": address, "callback": address},
            }
            for media_type in ("text/plain", "text/markdown"):
                text = f"{page} {media_type}"
                documents.append(
                    made(account, "/documents", {**body, "content": text, "media_type": media_type})
                )
            uploaded = account.client.post("/documents/upload", files={"file": ("a.md", page.encode())})
            assert uploaded.status_code == 201, uploaded.text
            documents.append(uploaded.json()["data"]["id"])
            made(account, "/entities", {**entity_body(account), "source": address})
            assert account.client.get("/search", params={"q": address}).status_code == 200
        refuses_to_go(account, listener)
        for document in documents:
            eventually(lambda each=document: processed(account, each), "the document is processed")  # type: ignore[misc]  # mypy does not infer a lambda with a default
        assert listener.connections == 0


def refuses_to_go(account: Account, listener: Listener) -> None:
    """Where a login comes back to, or who said so, is not for the client to choose."""
    for path, query in (
        ("/auth/oidc/{}/login", {"redirect_uri": listener.url}),
        ("/auth/oidc/{}/callback", {"code": "x", "state": "x", "iss": listener.url}),
    ):
        for provider in ("google", "http:%2F%2F127.0.0.1:" + str(listener.port)):
            reply = account.client.http.get(
                "/api/v1" + path.format(provider), params=query, follow_redirects=False
            )
            assert 400 <= reply.status_code < 500, reply.text
            assert reply.headers["content-type"] == "application/problem+json"


def test_what_is_tried_is_on_record(nobody: Client, owner: Account) -> None:
    root, attacker = administrator(nobody), new_account(nobody)
    for field in DECISIVE:
        attacker.client("PATCH", "/auth/me", json={field: NOT_OFFERED[field]})
    attacker.client.get(f"/entities/{owner.ids['entity_id']}")
    attacker.client.get("/admin/users", headers={"X-Role": "admin"})
    expected = {
        ("PATCH /api/v1/auth/me", "forbidden_field"): len(DECISIVE),
        ("GET /api/v1/entities/{entity_id}", "not_found"): 1,
        ("GET /api/v1/admin/users", "not_permitted"): 1,
    }

    def on_record() -> dict[tuple[str, str], int]:
        query = {"action": "access.refused", "user_id": attacker.user_id}
        found: dict[tuple[str, str], int] = {}
        for row in root.data("/admin/audit-logs", params=query):
            key = (row["operation"], row["reason"])
            found[key] = found.get(key, 0) + row["occurrences"]
        return found

    eventually(lambda: sum(on_record().values()) >= sum(expected.values()), "the refusals are on record")
    assert on_record() == expected
    # Ones own log tells the account that was used.
    own = attacker.client.data("/audit-logs", params={"action": "access.refused"})
    assert json.dumps(own).count("forbidden_field") >= 1


def test_a_moderator_is_no_administrator(nobody: Client) -> None:
    moderator = promoted(new_account(nobody), Role.MODERATOR)
    body = {"role": "admin"}
    reply = moderator.client("PATCH", f"/admin/users/{moderator.user_id}", json=body)
    assert reply.status_code == 403
    assert moderator.client.data("/auth/me")["role"] == "moderator"
