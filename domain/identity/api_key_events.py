"""What is announced about API keys; no event carries a secret or the hash of one."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from domain.identity.api_key import ApiKey
from domain.shared.events import DomainEvent
from domain.shared.json import JsonObject, rfc3339
from domain.shared.scopes import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyCreated(DomainEvent):
    type: ClassVar[str] = "api_key.created"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyRevoked(DomainEvent):
    type: ClassVar[str] = "api_key.revoked"


def api_key_created(key: ApiKey) -> ApiKeyCreated:
    """A program may act for the account from now on."""
    data = api_key_data(key)
    return ApiKeyCreated(user_id=key.user_id, subject=key.id, occurred_at=key.created_at, data=data)


def api_key_revoked(key: ApiKey, now: datetime) -> ApiKeyRevoked:
    """The key, and every token it got, is good for nothing any more."""
    return ApiKeyRevoked(user_id=key.user_id, subject=key.id, occurred_at=now, data=api_key_data(key))


def api_key_data(key: ApiKey) -> JsonObject:
    """The key in JSON values."""
    return {
        "id": str(key.id),
        "name": key.name,
        "prefix": key.prefix,
        "scopes": [scope.value for scope in Scope if scope in key.scopes],
        "created_at": rfc3339(key.created_at),
        "expires_at": rfc3339(key.expires_at) if key.expires_at else None,
        "last_used_at": rfc3339(key.last_used_at) if key.last_used_at else None,
    }
