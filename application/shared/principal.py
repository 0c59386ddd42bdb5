"""On whose behalf a use case runs, and the trace that leads back to the request."""

from dataclasses import dataclass, field
from datetime import datetime

from domain.shared.ids import ApiKeyId, SessionId, UserId
from domain.shared.roles import Role
from domain.shared.scopes import Scope

__all__ = ["IdempotencyKey", "Principal", "Role", "Trace"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Where a change came from: `traceparent` as W3C Trace Context writes it, `address` the client's."""

    request_id: str
    traceparent: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """`key` is the client's; `fingerprint` (SHA-256, 32 bytes) tells whether the request is the same."""

    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The account a use case acts for. `idempotency` is set when the client asked for one effect only;
    `actor_id` when somebody else acts on the account. `api_key_id` and `scopes` when a program's key is used,
    None for a person's session, which may do all that the role may. `expires_at` is when the credentials in
    use end, None for a key without end.
    """

    user_id: UserId
    role: Role
    trace: Trace
    session_id: SessionId | None = None
    idempotency: IdempotencyKey | None = field(default=None)
    actor_id: UserId | None = None
    scopes: frozenset[Scope] | None = None
    api_key_id: ApiKeyId | None = None
    expires_at: datetime | None = None
