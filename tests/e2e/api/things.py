"""What the cases of operations are made of: bodies, and fresh things for what uses them up."""

import secrets
from collections.abc import Mapping
from typing import Any, Final

from tests.e2e.api.identities import link_identity
from tests.e2e.api.world import (
    IMPORTED,
    PASSWORD,
    Account,
    current_session,
    document_body,
    entity_body,
    log_in,
    made,
    new_account,
    new_relationship,
)

Ids = Mapping[str, str]
CREDENTIALS: Final = {"openai": "sk-good-of-the-tests-0123", "huggingface": "hf_good-of-the-tests-0123"}


def declared_entity_type(account: Account) -> dict[str, str]:
    return _declared(account, "entity-types")


def declared_relationship_type(account: Account) -> dict[str, str]:
    return _declared(account, "relationship-types")


def _declared(account: Account, kind: str) -> dict[str, str]:
    name = "t" + secrets.token_hex(6)
    made_it = account.client("PUT", f"/graph/schema/{kind}/{name}", json={"description": account.mark})
    assert made_it.status_code == 201
    return {"type": name}


def fresh_entity(account: Account) -> dict[str, str]:
    return {"entity_id": made(account, "/entities", entity_body(account))}


def fresh_relationship(account: Account) -> dict[str, str]:
    body = new_relationship(account)
    ids = {"entity_id": body["source_entity_id"], "other_id": body["target_entity_id"]}
    return {**ids, "relationship_id": made(account, "/relationships", body)}


def deleted_entity(account: Account) -> dict[str, str]:
    ids = fresh_entity(account)
    assert account.client("DELETE", f"/entities/{ids['entity_id']}").status_code == 204
    return ids


def deleted_relationship(account: Account) -> dict[str, str]:
    ids = fresh_relationship(account)
    assert account.client("DELETE", f"/relationships/{ids['relationship_id']}").status_code == 204
    return ids


def fresh_ends(account: Account) -> dict[str, str]:
    body = new_relationship(account)
    return {"entity_id": body["source_entity_id"], "other_id": body["target_entity_id"]}


def imported_file(_: Account, __: Ids) -> dict[str, Any]:
    return {"file": IMPORTED}


def merge_body(_: Account, ids: Ids) -> dict[str, Any]:
    return {"target_id": ids["entity_id"], "source_ids": [ids["other_id"]]}


def fresh_merge(account: Account) -> dict[str, str]:
    ids = fresh_ends(account)
    return {**ids, "merge_id": made(account, "/entities/merge", merge_body(account, ids))}


def fresh_document(account: Account) -> dict[str, str]:
    return {"document_id": made(account, "/documents", document_body(account))}


def fresh_session(account: Account) -> dict[str, str]:
    tokens = log_in(account.client.speaking(None), account.email)
    own = current_session(account.client.speaking(tokens["access_token"]))
    return {"token": tokens["access_token"], "refresh_token": tokens["refresh_token"], "session_id": own}


def fresh_account(account: Account) -> dict[str, str]:
    """Somebody else, logged in."""
    made_up = new_account(account.client.speaking(None))
    return {"user_id": made_up.user_id, "token": made_up.token, "refresh_token": made_up.refresh_token}


def api_key_body(account: Account, _: Ids) -> dict[str, Any]:
    return {"name": f"key of {account.mark}", "scopes": ["read", "write"], "expires_in": 3600}


def fresh_api_key(account: Account) -> dict[str, str]:
    """A key of the account's, to be revoked."""
    return {"api_key_id": made(account, "/auth/api-keys", api_key_body(account, {}))}


def fresh_identity(account: Account) -> dict[str, str]:
    """One more identity of the account's, to be unlinked."""
    identity_id, refresh_token = link_identity(account.client, account.email, PASSWORD)
    account.refresh_token = refresh_token or account.refresh_token
    return {"identity_id": identity_id}


def fresh_user(account: Account) -> dict[str, str]:
    """Somebody else, for an administrator to deal with."""
    return {"user_id": new_account(account.client.speaking(None)).user_id}


def fresh_credential(account: Account) -> dict[str, str]:
    """A credential to look at, and one to lose, are there now."""
    for provider, token in CREDENTIALS.items():
        reply = account.client("PUT", f"/settings/credentials/{provider}", json={"token": token})
        assert reply.status_code in (200, 201), reply.text
    return {}


def relationship(account: Account, ids: Ids) -> dict[str, Any]:
    return {
        "source_entity_id": ids["entity_id"],
        "target_entity_id": ids["other_id"],
        "relationship_type": "met",
        "confidence": 0.25,
        "source": "somewhere",
        "source_type": "manual",
        "metadata": {"mark": account.mark},
    }


def registration(account: Account, _: Ids) -> dict[str, Any]:
    email = f"{secrets.token_hex(6)}@example.org"
    return {"email": email, "password": PASSWORD, "first_name": "A", "last_name": "B"}
