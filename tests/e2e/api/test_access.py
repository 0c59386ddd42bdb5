"""Every operation, as nobody, with bad tokens, as its owner, and as somebody else: nothing leaks."""

import base64
import itertools
import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from application.identity.ports import TokenUse
from entrypoints.http.operation import Operation
from tests.e2e.api.callers import signed_token
from tests.e2e.api.cases import CASES, is_administrative, perform
from tests.e2e.api.client import Client, ids_in
from tests.e2e.api.declared import declared, name_of
from tests.e2e.api.processes import JWT_SECRET
from tests.e2e.api.strangers import tells_nothing
from tests.e2e.api.world import Account, administrator, entity_body, events_of, eventually, made, new_account

Declared = Operation[Any, Any]

EVERY = [pytest.param(operation, id=name_of(operation)) for operation in declared()]
GUARDED = [pytest.param(each, id=name_of(each)) for each in declared() if each.rule is not None]
OPEN = [pytest.param(each, id=name_of(each)) for each in declared() if each.rule is None]


def token(
    account: Account, *, secret: str = JWT_SECRET, use: TokenUse = TokenUse.ACCESS, age: float = 0
) -> str:
    """A token for the account, made apart from the server."""
    return signed_token(account.user_id, secret=secret, use=use, age=age)


def unsigned(account: Account) -> str:
    """The account's own token with its algorithm taken away."""
    _, claims, _ = account.token.split(".")
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "at+jwt"}).encode()).rstrip(b"=")
    return f"{header.decode()}.{claims}."


def test_every_declared_operation_has_a_case_and_every_case_an_operation() -> None:
    assert {name_of(operation) for operation in declared()} == set(CASES)


@pytest.mark.parametrize("operation", GUARDED)
def test_refuses_who_is_not_logged_in(operation: Declared, owner: Account, nobody: Client) -> None:
    ids = {**owner.ids, "token": "x", "refresh_token": "x"}
    asked = set[str]()
    for credentials in (
        None,
        "garbage",
        "a.b.c",
        "é" * 8,
        owner.token[:-2] + ("AA" if owner.token[-2:] != "AA" else "BB"),
        owner.refresh_token,
        unsigned(owner),
        token(owner, age=3600),
        token(owner, use=TokenUse.REFRESH),
        token(owner, secret="another-secret-of-more-than-32-bytes"),
        "x" * 6000,
    ):
        reply = perform(operation, owner, ids, nobody.speaking(credentials))
        assert reply.status_code == 401, (credentials, reply.text)
        assert reply.headers["www-authenticate"].startswith("Bearer")
        assert not ids_in(reply)
        assert owner.mark not in reply.text
        asked.add(reply.headers.get("x-request-id", "a stream"))
    # Whatever is done is on record with it; the events of what was done before may be on their way still.
    done = owner.client.data("/audit-logs", params={"outcome": "success", "limit": 200})
    assert not asked & {row["request_id"] for row in done}


def test_refuses_other_schemes_and_empty_credentials(owner: Account, nobody: Client) -> None:
    for header in ("", "Bearer", f"Basic {owner.token}", owner.token, f"Token {owner.token}"):
        assert nobody.get("/entities", headers={"Authorization": header}).status_code == 401
    assert nobody.get("/entities", headers={"Authorization": f"bearer {owner.token}"}).status_code == 200
    assert nobody.speaking(token(owner)).get("/entities").status_code == 200, (
        "what is forged above lacks one thing"
    )
    assert nobody.get("/entities", params={"access_token": owner.token}).status_code == 401


@pytest.mark.parametrize("operation", OPEN)
def test_an_open_operation_asks_for_no_token_and_minds_no_bad_one(
    operation: Declared, owner: Account, nobody: Client
) -> None:
    case = CASES[name_of(operation)]
    for client in (nobody, nobody.speaking("garbage")):
        ids = {**owner.ids, **(case.fresh(owner) if case.fresh else {})}
        assert perform(operation, owner, ids, client).status_code == case.owner


@pytest.mark.parametrize("operation", EVERY)
def test_serves_its_owner(operation: Declared, owner: Account) -> None:
    case = CASES[name_of(operation)]
    ids = {**owner.ids, **(case.fresh(owner) if case.fresh else {})}
    as_administrator = administrator(owner.client) if is_administrative(operation) else None
    reply = perform(operation, owner, ids, as_administrator)
    assert reply.status_code == case.owner, reply.text
    # A download can be empty; it says what it would hold.
    is_download = operation.produces != "application/json"
    assert (bool(reply.content) or is_download) == ("content-type" in reply.headers)
    if operation.reply is not None and not operation.raw_reply and case.owner < 400:
        shown = reply.json()
        assert set(shown) == {"data", "meta", "errors"}
        assert shown["errors"] == []
        assert shown["meta"]["request_id"] == reply.headers["x-request-id"]
        assert datetime.fromisoformat(shown["meta"]["timestamp"]).utcoffset() == timedelta()


@pytest.mark.parametrize("operation", EVERY)
def test_tells_a_stranger_nothing(operation: Declared, owner: Account, stranger: Account) -> None:
    tells_nothing(operation, owner, stranger)


def test_what_was_attempted_has_changed_nothing(owner: Account, stranger: Account) -> None:
    things = ("entity", "relationship", "document")
    before = {n: owner.client.get(address_of(owner, n)).headers["etag"] for n in things}
    for name in things:
        assert stranger.client("DELETE", address_of(owner, name)).status_code == 404
    for name in ("entity", "relationship"):
        assert stranger.client("PATCH", address_of(owner, name), json={"confidence": 1}).status_code == 404
    assert {n: owner.client.get(address_of(owner, n)).headers["etag"] for n in things} == before


def address_of(account: Account, thing: str) -> str:
    plural = {"entity": "entities", "relationship": "relationships", "document": "documents"}[thing]
    return f"/{plural}/{account.ids[thing + '_id']}"


def test_no_relationship_reaches_into_another_account(owner: Account, stranger: Account) -> None:
    path = f"/relationships/{stranger.ids['relationship_id']}"
    mine, theirs = stranger.ids["entity_id"], owner.ids["entity_id"]
    whole = stranger.client.data(path)
    plain = {name: whole[name] for name in ("source_entity_id", "target_entity_id", "relationship_type")}
    for end in ("source_entity_id", "target_entity_id"):
        other = "target_entity_id" if end == "source_entity_id" else "source_entity_id"
        for theirs_or_none in (theirs, str(uuid4())):
            body = {end: theirs_or_none, other: mine, "relationship_type": "knows"}
            for reply in (
                stranger.client.post("/relationships", json=body),
                stranger.client("PUT", path, json={**plain, end: theirs_or_none}),
                stranger.client("PATCH", path, json={end: theirs_or_none}),
            ):
                assert reply.status_code == 422, reply.text
                assert [each["pointer"] for each in reply.json()["errors"]] == [f"/{end}"]
                assert not ids_in(reply) & owner.known
    assert stranger.client.data(path) == whole


def test_searches_and_walks_stay_inside_the_account(owner: Account, stranger: Account) -> None:
    client, mark, ids = stranger.client, owner.mark, owner.ids
    # A name of ones own may look like the mark, both being random: what is found for it need not be nothing.
    for words, mode in itertools.product((mark, f"Ada {mark} London"), ("text", "vector", "hybrid")):
        shown = client.get("/search", params={"q": words, "mode": mode, "limit": 100})
        assert shown.status_code == 200, shown.text
        assert not ids_in(shown) & owner.known
        assert mark not in shown.text
    hits = client.post("/vector-chunks/search", json={"query": f"Ada {mark} London", "k": 200})
    assert hits.json()["data"]
    assert not ids_in(hits) & owner.known
    for wanted in ({"document_ids": [ids["document_id"]]}, {"metadata": {"mark": mark}}, {"tags": [mark]}):
        body = {"query": "London", "filter": wanted}
        assert client.post("/vector-chunks/search", json=body).json()["data"] == []
    for query in ({"q": mark}, {"source": f"https://example.org/{mark}"}, {"metadata.mark": mark}):
        assert client.data("/entities", params={**query, "include_inactive": "true"}) == []
    for name in ("source_entity_id", "target_entity_id", "entity_id"):
        assert client.data("/relationships", params={name: ids["entity_id"]}) == []
    for source, target in (
        (ids["entity_id"], stranger.ids["entity_id"]),
        (stranger.ids["entity_id"], ids["entity_id"]),
    ):
        assert client.get("/graph/paths", params={"source": source, "target": target}).status_code == 404
    assert client.data("/documents", params={"tag": f"tag-{mark.lower()}"}) == []
    assert {each["userid"] for each in events_of(stranger, "#")} == {stranger.user_id}


def test_another_accounts_cursor_opens_only_ones_own_list(owner: Account, stranger: Account) -> None:
    for _ in range(2):
        made(owner, "/entities", entity_body(owner))
    cursor = owner.client.get("/entities", params={"limit": 1}).json()["meta"]["next_cursor"]
    reply = stranger.client.get("/entities", params={"cursor": cursor})
    assert not ids_in(reply) & owner.known
    assert owner.mark not in reply.text


def test_an_idempotency_key_belongs_to_its_account(owner: Account, stranger: Account) -> None:
    headers, body = {"Idempotency-Key": owner.mark}, {"name": "Same for both", "type": "person"}
    first = owner.client.post("/entities", json=body, headers=headers)
    second = stranger.client.post("/entities", json=body, headers=headers)
    assert (first.status_code, second.status_code) == (201, 201)
    assert "idempotency-replayed" not in second.headers
    assert first.json()["data"]["id"] != second.json()["data"]["id"]


def test_an_ended_session_is_refused_everywhere_at_once(nobody: Client) -> None:
    account = new_account(nobody)
    assert account.client.post("/auth/logout").status_code == 204
    for path in ("/auth/me", "/entities", "/events"):
        assert account.client.get(path).status_code == 401
    refreshed = nobody.post("/auth/refresh", json={"refresh_token": account.refresh_token})
    assert refreshed.status_code == 401


def test_a_replayed_refresh_token_ends_its_session(nobody: Client) -> None:
    account = new_account(nobody)
    again = nobody.post("/auth/refresh", json={"refresh_token": account.refresh_token})
    assert again.status_code == 200
    assert nobody.post("/auth/refresh", json={"refresh_token": account.refresh_token}).status_code == 401
    successor = nobody.speaking(again.json()["access_token"])
    eventually(lambda: successor.get("/auth/me").status_code == 401, "the family is dead")
