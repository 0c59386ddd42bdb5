"""How each operation is called properly; whoever adds an operation adds its case here, or a test fails."""

import secrets
from collections.abc import Mapping
from typing import Any, Final

import httpx

from application.shared.permissions import ADMINISTRATORS
from entrypoints.http.operation import Operation
from tests.e2e.api.analytics import GROUPS, KINDS, computed, newly_computed
from tests.e2e.api.case import Case
from tests.e2e.api.client import Client
from tests.e2e.api.things import (
    CREDENTIALS,
    Ids,
    api_key_body,
    declared_entity_type,
    declared_relationship_type,
    deleted_entity,
    deleted_relationship,
    fresh_account,
    fresh_api_key,
    fresh_credential,
    fresh_document,
    fresh_ends,
    fresh_entity,
    fresh_identity,
    fresh_merge,
    fresh_relationship,
    fresh_session,
    fresh_user,
    imported_file,
    merge_body,
    registration,
    relationship,
)
from tests.e2e.api.world import (
    PASSWORD,
    Account,
    administrator,
    document_body,
    entity_body,
)

# What is called the same by everybody.
NAMES: Final = {"provider": "openai", "disposable_provider": "huggingface", "oidc_provider": "test"}

OF_GRAPH_JOB: Final = {"job_id": "graph_job_id"}
OF_OIDC: Final = {"provider": "oidc_provider"}
HEALTH: Final = Case()
OF_ENTITY: Final = Case(stranger=404)
OF_MENTIONED: Final = Case(stranger=404, path_ids={"entity_id": "mentioned_id"})

CASES: Final[dict[str, Case]] = {
    "GET /health": HEALTH,
    "GET /health/live": HEALTH,
    "GET /health/ready": HEALTH,
    "POST /auth/register": Case(body=registration, owner=201, stranger=201),
    "POST /auth/token": Case(body=lambda a, _: {"email": a.email, "password": PASSWORD}),
    "POST /auth/refresh": Case(
        body=lambda _, ids: {"refresh_token": ids["refresh_token"]}, fresh=fresh_session
    ),
    "POST /auth/logout": Case(
        body=lambda _, __: {"all": False}, owner=204, stranger=204, fresh=fresh_session
    ),
    "POST /auth/revoke": Case(form=lambda _, ids: {"token": ids["refresh_token"]}, fresh=fresh_session),
    "POST /auth/introspect": Case(form=lambda _, __: {"token": "no token of ours"}),
    "GET /.well-known/jwks.json": Case(),
    "GET /.well-known/oauth-authorization-server": Case(),
    "GET /auth/me": Case(),
    "DELETE /auth/me": Case(
        body=lambda _, __: {"password": PASSWORD}, owner=204, stranger=204, fresh=fresh_account
    ),
    "POST /auth/me/password": Case(
        body=lambda _, __: {"current_password": PASSWORD, "new_password": PASSWORD + "-2"},
        owner=204,
        stranger=204,
        fresh=fresh_account,
    ),
    "GET /auth/sessions": Case(query=lambda _, __: {"limit": 200}),
    "DELETE /auth/sessions/{session_id}": Case(owner=204, stranger=404, fresh=fresh_session),
    "GET /auth/oidc": Case(),
    "GET /auth/oidc/{provider}/login": Case(owner=302, stranger=302, path_ids=OF_OIDC),
    # Nobody gets any further without having been there: tests/integration/oidc goes the whole way.
    "GET /auth/oidc/{provider}/callback": Case(
        query=lambda _, __: {"state": "x", "code": "x"}, owner=401, stranger=401, path_ids=OF_OIDC
    ),
    "GET /auth/me/identities": Case(),
    "DELETE /auth/me/identities/{identity_id}": Case(owner=204, stranger=404, fresh=fresh_identity),
    "POST /auth/api-keys": Case(body=api_key_body, owner=201, stranger=201),
    "GET /auth/api-keys": Case(query=lambda _, __: {"limit": 200}),
    "GET /auth/api-keys/{api_key_id}": Case(stranger=404, fresh=fresh_api_key),
    "DELETE /auth/api-keys/{api_key_id}": Case(owner=204, stranger=404, fresh=fresh_api_key),
    "POST /auth/ws-ticket": Case(),
    "GET /admin/users": Case(query=lambda a, _: {"q": a.mark, "limit": 200}, stranger=403),
    "GET /admin/users/{user_id}": Case(stranger=403),
    "PATCH /admin/users/{user_id}": Case(
        body=lambda _, __: {"role": "moderator", "is_active": True}, stranger=403, fresh=fresh_user
    ),
    "DELETE /admin/users/{user_id}": Case(owner=204, stranger=403, fresh=fresh_user),
    "PATCH /auth/me": Case(body=lambda a, _: {"first_name": a.mark, "last_name": None}),
    "POST /entities": Case(body=lambda a, _: entity_body(a), owner=201, stranger=201),
    "GET /entities": Case(
        query=lambda a, _: {"limit": 200, "type": "person", "metadata.size": "7", "include_inactive": "true"}
    ),
    "GET /entities/duplicates": Case(query=lambda _, ids: {"entity_id": ids["entity_id"]}, stranger=404),
    "POST /entities/merge": Case(
        body=merge_body, owner=201, stranger=422, pointer="/target_id", fresh=fresh_ends
    ),
    "GET /entities/merges": Case(
        query=lambda _, ids: {"entity_id": ids["entity_id"], "limit": 200}, fresh=fresh_merge
    ),
    "GET /entities/merges/{merge_id}": Case(stranger=404),
    "POST /entities/merges/{merge_id}/undo": Case(stranger=404, fresh=fresh_merge),
    "GET /settings/graph": Case(),
    "PUT /settings/graph": Case(body=lambda _, __: {"auto_merge_threshold": None}),
    "GET /entities/{entity_id}": OF_ENTITY,
    "PUT /entities/{entity_id}": Case(body=lambda a, _: entity_body(a), stranger=404),
    "PATCH /entities/{entity_id}": Case(body=lambda a, _: {"confidence": 0.25}, stranger=404),
    "DELETE /entities/{entity_id}": Case(owner=204, stranger=404, fresh=fresh_entity),
    "GET /entities/{entity_id}/relationships": OF_ENTITY,
    "GET /entities/{entity_id}/neighborhood": Case(query=lambda _, __: {"depth": 5}, stranger=404),
    "GET /entities/{entity_id}/mentions": OF_MENTIONED,
    "GET /entities/{entity_id}/history": Case(stranger=404),
    "POST /entities/{entity_id}/restore": Case(stranger=404, fresh=deleted_entity),
    "GET /relationships/{relationship_id}/history": Case(stranger=404),
    "POST /relationships/{relationship_id}/restore": Case(stranger=404, fresh=deleted_relationship),
    "POST /relationships": Case(
        body=relationship, owner=201, stranger=422, pointer="/source_entity_id", fresh=fresh_ends
    ),
    "GET /relationships": Case(query=lambda _, ids: {"entity_id": ids["entity_id"], "limit": 200}),
    "GET /relationships/{relationship_id}": Case(stranger=404),
    "PUT /relationships/{relationship_id}": Case(body=relationship, stranger=404, fresh=fresh_relationship),
    "PATCH /relationships/{relationship_id}": Case(body=lambda _, __: {"confidence": 0.75}, stranger=404),
    "DELETE /relationships/{relationship_id}": Case(owner=204, stranger=404, fresh=fresh_relationship),
    "GET /graph/paths": Case(
        query=lambda _, ids: {"source": ids["entity_id"], "target": ids["other_id"]}, stranger=404
    ),
    "GET /graph/common-neighbors": Case(
        query=lambda _, ids: {"source": ids["entity_id"], "target": ids["other_id"]}, stranger=404
    ),
    "GET /graph/schema": Case(),
    "GET /graph/schema/entity-types/{type}": Case(stranger=404, fresh=declared_entity_type),
    "PUT /graph/schema/entity-types/{type}": Case(
        body=lambda _, __: {"metadata_schema": {"type": "object"}}, fresh=declared_entity_type, stranger=201
    ),
    "DELETE /graph/schema/entity-types/{type}": Case(owner=204, stranger=404, fresh=declared_entity_type),
    "GET /graph/schema/relationship-types/{type}": Case(stranger=404, fresh=declared_relationship_type),
    "PUT /graph/schema/relationship-types/{type}": Case(
        body=lambda _, __: {"symmetric": True}, fresh=declared_relationship_type, stranger=201
    ),
    "DELETE /graph/schema/relationship-types/{type}": Case(
        owner=204, stranger=404, fresh=declared_relationship_type
    ),
    "GET /graph/schema/settings": Case(),
    "PUT /graph/schema/settings": Case(body=lambda _, __: {"enforcement": "off"}),
    "GET /graph/schema/violations": Case(query=lambda _, __: {"limit": 200}),
    "GET /graph/stats": Case(),
    "POST /entities/bulk": Case(body=lambda a, _: {"items": [entity_body(a)]}),
    "POST /relationships/bulk": Case(body=lambda a, ids: {"items": [relationship(a, ids)]}, fresh=fresh_ends),
    "GET /graph/export": Case(),
    "POST /graph/import": Case(files=imported_file, owner=202, stranger=202),
    "GET /graph/jobs": Case(query=lambda _, __: {"limit": 200}),
    "GET /graph/jobs/{job_id}": Case(stranger=404, path_ids=OF_GRAPH_JOB),
    "GET /graph/jobs/{job_id}/errors": Case(stranger=404, path_ids=OF_GRAPH_JOB),
    "GET /graph/jobs/{job_id}/warnings": Case(stranger=404, path_ids=OF_GRAPH_JOB),
    "POST /graph/jobs/{job_id}/cancel": Case(owner=409, stranger=404, path_ids=OF_GRAPH_JOB),
    "GET /graph/analytics": Case(fresh=computed("degree")),
    **{
        f"POST /graph/analytics/{kind}": Case(
            body=lambda _, __: {"min_confidence": 0.125}, owner=202, stranger=202
        )
        for kind in KINDS
    },
    **{
        f"GET /graph/analytics/{kind}": Case(
            query=lambda _, __: {"limit": 200},
            fresh=newly_computed(kind) if kind in GROUPS else computed(kind),
        )
        for kind in KINDS
    },
    "POST /documents": Case(body=lambda a, _: document_body(a), owner=201, stranger=201),
    "POST /documents/upload": Case(
        files=lambda a, _: {"file": ("ada.md", f"# {a.mark}\n\n{secrets.token_hex(8)}".encode())},
        owner=201,
        stranger=201,
    ),
    "GET /documents": Case(query=lambda _, __: {"limit": 200}),
    "GET /documents/{document_id}": Case(stranger=404),
    "DELETE /documents/{document_id}": Case(owner=204, stranger=404, fresh=fresh_document),
    "GET /documents/{document_id}/chunks": Case(stranger=404),
    "GET /documents/{document_id}/entities": Case(stranger=404),
    "POST /vector-chunks/search": Case(
        body=lambda _, ids: {
            "query": "Where was Ada born?",
            "k": 50,
            "filter": {"document_ids": [ids["document_id"]], "tags": [], "metadata": {}},
        }
    ),
    "GET /search": Case(
        query=lambda _, ids: {"q": "Ada born London", "limit": 100, "facets": "true", "explain": "true"}
    ),
    "POST /ai/extractions": Case(
        body=lambda _, ids: {"document_ids": [ids["document_id"]], "types": ["person"]},
        owner=202,
        stranger=422,
        pointer="/document_ids",
    ),
    "GET /ai/jobs": Case(query=lambda _, __: {"limit": 200}),
    "GET /ai/jobs/{job_id}": Case(stranger=404),
    "GET /ai/jobs/{job_id}/items": Case(stranger=404),
    "POST /ai/jobs/{job_id}/cancel": Case(owner=409, stranger=404),
    "POST /ai/jobs/{job_id}/retry": Case(owner=409, stranger=404),
    "GET /ai/providers": Case(),
    "GET /settings/credentials": Case(),
    "GET /settings/credentials/{provider}": Case(fresh=fresh_credential),
    "PUT /settings/credentials/{provider}": Case(
        body=lambda _, __: {"token": CREDENTIALS["openai"]}, fresh=fresh_credential
    ),
    "DELETE /settings/credentials/{provider}": Case(
        owner=204, stranger=204, fresh=fresh_credential, path_ids={"provider": "disposable_provider"}
    ),
    "GET /audit-logs": Case(query=lambda _, __: {"limit": 200, "outcome": "success"}),
    "GET /admin/audit-logs": Case(
        query=lambda _, ids: {"resource_id": ids["entity_id"], "limit": 200}, stranger=403
    ),
    "GET /events": Case(query=lambda _, __: {"since": 0, "limit": 200}),
    "GET /events/stream": Case(query=lambda _, __: {"since": 0}, is_stream=True),
    "GET /asyncapi.json": Case(),
}


def address(operation: Operation[Any, Any], ids: Ids) -> str:
    """The operation's path about these things."""
    case = CASES[f"{operation.method} {operation.path}"]
    known = {**NAMES, **ids}
    named = {name: known[case.path_ids.get(name, name)] for name in path_parameters(operation)}
    return operation.prefix + operation.path.format(**named)


def is_administrative(operation: Operation[Any, Any]) -> bool:
    """Whether only administrators may call it."""
    return operation.rule is not None and operation.rule.roles == ADMINISTRATORS


def client_for(operation: Operation[Any, Any], account: Account) -> Client:
    """Whom the operation is open to: the account itself, or an administrator."""
    return administrator(account.client) if is_administrative(operation) else account.client


def path_parameters(operation: Operation[Any, Any]) -> list[str]:
    return [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]


def perform(
    operation: Operation[Any, Any], account: Account, ids: Ids, client: Client | None = None
) -> httpx.Response:
    """Calls the operation as `client` (the account's own unless told otherwise) about these things."""
    case = CASES[f"{operation.method} {operation.path}"]
    caller = client or account.client
    if client is None and case.owner == 204 and "token" in ids:
        caller = caller.speaking(ids["token"])
    path, query = address(operation, ids), case.query(account, ids)
    if case.is_stream:
        return beginning(caller, path, query)
    body = None if case.body is None else case.body(account, ids)
    files = None if case.files is None else case.files(account, ids)
    form = None if case.form is None else case.form(account, ids)
    return caller(operation.method, path, params=query, json=body, files=files, data=form)


def beginning(client: Client, path: str, query: Mapping[str, Any]) -> httpx.Response:
    """What a stream begins with, as if it were all of it."""
    with client.http.stream("GET", path, params=query, headers=client.credentials()) as response:
        text = b""
        if response.status_code == 200:
            for chunk in response.iter_bytes():
                text += chunk
                if b"data:" in text:
                    break
        else:
            text = response.read()
    kept = {"content-type": response.headers["content-type"]}
    if "www-authenticate" in response.headers:
        kept["www-authenticate"] = response.headers["www-authenticate"]
    whole = httpx.Response(response.status_code, headers=kept, content=text, request=response.request)
    client.contract.check("GET", path, whole)
    return whole
