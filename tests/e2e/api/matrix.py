"""What every operation answers to every kind of caller, written down by hand, apart from the code's table.

`python -m tests.e2e.api.matrix > docs/permissions.md` makes the page; a test fails while it is out of date.
"""

import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from tests.e2e.api.cases import CASES


class Access(StrEnum):
    """Whom an operation is for."""

    PUBLIC = "anyone"
    READ = "everyone; keys that may read"
    WRITE = "everyone; keys that may write"
    PERSON = "everyone who logged in; no key"
    ADMIN = "administrators; their keys that may administer"


class Caller(StrEnum):
    """The columns."""

    ANONYMOUS = "anonymous"
    EXPIRED = "expired token"
    OWNER = "user"
    OTHER = "other user"
    MODERATOR = "moderator"
    ADMIN = "admin"
    DEACTIVATED = "deactivated"
    READ_KEY = "read-only key"


class Answer(StrEnum):
    """What a caller gets. Apart: served with their own things only, and told nothing of the owner's."""

    SERVED = "yes"
    APART = "apart"
    UNKNOWN = "401"
    FORBIDDEN = "403"


S, A, U, F = Answer.SERVED, Answer.APART, Answer.UNKNOWN, Answer.FORBIDDEN

# In the order of `Caller`; the owner and the read-only key are of one account, all others are not.
ANSWERS: Final[Mapping[Access, tuple[Answer, ...]]] = {
    Access.PUBLIC: (S, S, S, A, A, A, S, S),
    Access.READ: (U, U, S, A, A, A, U, S),
    Access.WRITE: (U, U, S, A, A, A, U, F),
    Access.PERSON: (U, U, S, A, A, A, U, F),
    Access.ADMIN: (U, U, F, F, F, S, U, F),
}

MATRIX: Final[Mapping[str, Access]] = {
    "GET /health": Access.PUBLIC,
    "GET /health/live": Access.PUBLIC,
    "GET /health/ready": Access.PUBLIC,
    "GET /asyncapi.json": Access.PUBLIC,
    "POST /auth/register": Access.PUBLIC,
    "POST /auth/token": Access.PUBLIC,
    "POST /auth/refresh": Access.PUBLIC,
    "POST /auth/logout": Access.PERSON,
    "GET /auth/me": Access.READ,
    "PATCH /auth/me": Access.WRITE,
    "DELETE /auth/me": Access.PERSON,
    "POST /auth/me/password": Access.PERSON,
    "POST /auth/revoke": Access.PUBLIC,
    "POST /auth/introspect": Access.READ,
    "GET /.well-known/jwks.json": Access.PUBLIC,
    "GET /.well-known/oauth-authorization-server": Access.PUBLIC,
    "GET /auth/oidc": Access.PUBLIC,
    "GET /auth/oidc/{provider}/login": Access.PUBLIC,
    "GET /auth/oidc/{provider}/callback": Access.PUBLIC,
    "GET /auth/me/identities": Access.PERSON,
    "DELETE /auth/me/identities/{identity_id}": Access.PERSON,
    "POST /auth/api-keys": Access.PERSON,
    "GET /auth/api-keys": Access.PERSON,
    "GET /auth/api-keys/{api_key_id}": Access.PERSON,
    "DELETE /auth/api-keys/{api_key_id}": Access.PERSON,
    "POST /auth/ws-ticket": Access.READ,
    "GET /auth/sessions": Access.PERSON,
    "DELETE /auth/sessions/{session_id}": Access.PERSON,
    "GET /admin/users": Access.ADMIN,
    "GET /admin/users/{user_id}": Access.ADMIN,
    "PATCH /admin/users/{user_id}": Access.ADMIN,
    "DELETE /admin/users/{user_id}": Access.ADMIN,
    "GET /admin/audit-logs": Access.ADMIN,
    "GET /audit-logs": Access.READ,
    "POST /entities": Access.WRITE,
    "GET /entities": Access.READ,
    "GET /entities/duplicates": Access.READ,
    "POST /entities/merge": Access.WRITE,
    "GET /entities/merges": Access.READ,
    "GET /entities/merges/{merge_id}": Access.READ,
    "POST /entities/merges/{merge_id}/undo": Access.WRITE,
    "GET /settings/graph": Access.READ,
    "PUT /settings/graph": Access.WRITE,
    "GET /entities/{entity_id}": Access.READ,
    "PUT /entities/{entity_id}": Access.WRITE,
    "PATCH /entities/{entity_id}": Access.WRITE,
    "DELETE /entities/{entity_id}": Access.WRITE,
    "GET /entities/{entity_id}/history": Access.READ,
    "POST /entities/{entity_id}/restore": Access.WRITE,
    "GET /entities/{entity_id}/relationships": Access.READ,
    "GET /entities/{entity_id}/neighborhood": Access.READ,
    "GET /entities/{entity_id}/mentions": Access.READ,
    "POST /relationships": Access.WRITE,
    "GET /relationships": Access.READ,
    "GET /relationships/{relationship_id}": Access.READ,
    "PUT /relationships/{relationship_id}": Access.WRITE,
    "PATCH /relationships/{relationship_id}": Access.WRITE,
    "DELETE /relationships/{relationship_id}": Access.WRITE,
    "GET /relationships/{relationship_id}/history": Access.READ,
    "POST /relationships/{relationship_id}/restore": Access.WRITE,
    "GET /graph/common-neighbors": Access.READ,
    "GET /graph/paths": Access.READ,
    "GET /graph/stats": Access.READ,
    "GET /graph/schema": Access.READ,
    "GET /graph/schema/entity-types/{type}": Access.READ,
    "PUT /graph/schema/entity-types/{type}": Access.WRITE,
    "DELETE /graph/schema/entity-types/{type}": Access.WRITE,
    "GET /graph/schema/relationship-types/{type}": Access.READ,
    "PUT /graph/schema/relationship-types/{type}": Access.WRITE,
    "DELETE /graph/schema/relationship-types/{type}": Access.WRITE,
    "GET /graph/schema/settings": Access.READ,
    "PUT /graph/schema/settings": Access.WRITE,
    "GET /graph/schema/violations": Access.READ,
    "GET /graph/analytics": Access.READ,
    "POST /graph/analytics/pagerank": Access.WRITE,
    "GET /graph/analytics/pagerank": Access.READ,
    "POST /graph/analytics/communities": Access.WRITE,
    "GET /graph/analytics/communities": Access.READ,
    "POST /graph/analytics/components": Access.WRITE,
    "GET /graph/analytics/components": Access.READ,
    "POST /graph/analytics/degree": Access.WRITE,
    "GET /graph/analytics/degree": Access.READ,
    "POST /graph/analytics/betweenness": Access.WRITE,
    "GET /graph/analytics/betweenness": Access.READ,
    "POST /entities/bulk": Access.WRITE,
    "POST /relationships/bulk": Access.WRITE,
    "GET /graph/export": Access.READ,
    "POST /graph/import": Access.WRITE,
    "GET /graph/jobs": Access.READ,
    "GET /graph/jobs/{job_id}": Access.READ,
    "GET /graph/jobs/{job_id}/errors": Access.READ,
    "GET /graph/jobs/{job_id}/warnings": Access.READ,
    "POST /graph/jobs/{job_id}/cancel": Access.WRITE,
    "GET /search": Access.READ,
    "POST /documents": Access.WRITE,
    "POST /documents/upload": Access.WRITE,
    "GET /documents": Access.READ,
    "GET /documents/{document_id}": Access.READ,
    "DELETE /documents/{document_id}": Access.WRITE,
    "GET /documents/{document_id}/chunks": Access.READ,
    "GET /documents/{document_id}/entities": Access.READ,
    "POST /vector-chunks/search": Access.READ,
    "POST /ai/extractions": Access.WRITE,
    "GET /ai/jobs": Access.READ,
    "GET /ai/jobs/{job_id}": Access.READ,
    "GET /ai/jobs/{job_id}/items": Access.READ,
    "POST /ai/jobs/{job_id}/cancel": Access.WRITE,
    "POST /ai/jobs/{job_id}/retry": Access.WRITE,
    "GET /ai/providers": Access.READ,
    "GET /settings/credentials": Access.READ,
    "GET /settings/credentials/{provider}": Access.READ,
    "PUT /settings/credentials/{provider}": Access.PERSON,
    "DELETE /settings/credentials/{provider}": Access.PERSON,
    "GET /events": Access.READ,
    "GET /events/stream": Access.READ,
}

# Anyone may try these, but what they bring in the body is refused once the account is closed.
ENDED: Final[Mapping[str, int]] = {"POST /auth/token": 401, "POST /auth/refresh": 401}


def answer(operation: str, caller: Caller) -> Answer:
    """What this caller gets from this operation."""
    if caller is Caller.DEACTIVATED and operation in ENDED:
        return Answer.UNKNOWN
    return ANSWERS[MATRIX[operation]][tuple(Caller).index(caller)]


def expected_status(operation: str, caller: Caller) -> int:
    """The same as a status: a proper call succeeds, somebody else's things are not found."""
    case = CASES[operation]
    given = answer(operation, caller)
    if given is Answer.SERVED:
        return case.owner
    return case.stranger if given is Answer.APART else int(given)


def rendered() -> str:
    """The matrix as a page."""
    head = ["operation", "for", *Caller]
    lines = [INTRODUCTION, row(head), row(["---"] * len(head))]
    for operation, access in MATRIX.items():
        lines.append(row([f"`{operation}`", access, *(shown(operation, caller) for caller in Caller)]))
    return "\n".join(lines) + "\n"


def shown(operation: str, caller: Caller) -> str:
    """A cell: where the things of somebody else are asked for by id, the refusal."""
    given, case = answer(operation, caller), CASES[operation]
    if given is Answer.APART:
        return "own" if case.stranger < 400 else str(case.stranger)
    return given


def row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


INTRODUCTION: Final = """# Who may call what

Every operation below `/api/v1` (health checks stand at the root), and what each kind of caller gets. All
requests are about the things of one account, the column *user*; *read-only key* is a key of that account,
and the other columns are other accounts.

- *yes*: served.
- *own*: served with the caller's own things; nothing of the other account shows.
- *404*: somebody else's thing is not told apart from one that does not exist; *422* is the same for an id
  in the body.
- *401*: not logged in, or not any more; *403*: logged in, without the role or the scope it takes.

The rules themselves are `application/shared/permissions.py`; the OpenAPI document repeats them for every
operation as `x-permission`, `x-roles` and `x-scope`. This page is made from the matrix in the tests, which
is written apart from the rules and held against a running server:
`python -m tests.e2e.api.matrix > docs/permissions.md`.
"""

if __name__ == "__main__":
    sys.stdout.write(rendered())
