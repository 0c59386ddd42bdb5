"""Reads of API keys: one's own, and whoever's a request brings."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.shared.pages import Page, PageRequest
from domain.identity.api_key import ApiKey, KeyHolder, TakenTicket
from domain.shared.ids import ApiKeyId, UserId
from domain.shared.scopes import Scope

API_KEY_SORTS = ("created_at",)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyView:
    """A key as the API shows it: never its secret. Times are UTC; `last_used_at` is right to the minute."""

    id: UUID
    name: str
    prefix: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


def api_key_view(key: ApiKey) -> ApiKeyView:
    """What of a key is shown."""
    return ApiKeyView(
        id=key.id,
        name=key.name,
        prefix=key.prefix,
        scopes=[scope for scope in Scope if scope in key.scopes],
        created_at=key.created_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
    )


class ApiKeyQueries(Protocol):
    """Reads one's own keys."""

    async def api_key(self, user_id: UserId, key_id: ApiKeyId) -> ApiKey:
        """One key, revoked or not. Raises `ApiKeyNotFound`."""
        ...

    async def api_keys(self, user_id: UserId, page: PageRequest) -> Page[ApiKey]:
        """One page of the keys that were not revoked, sorted by one of `API_KEY_SORTS`."""
        ...


class BearerQueries(Protocol):
    """Finds whose key or ticket this is, on behalf of nobody yet. Each asks the store once, and sees what
    was committed before it was called: nothing is remembered."""

    async def by_prefix(self, prefix: str, secret_hash: bytes, now: datetime) -> KeyHolder | None:
        """The key of this prefix and secret, whatever has become of it. A use of a good key is noted, at
        most once a minute."""
        ...

    async def by_id(self, key_id: ApiKeyId, secret_hash: bytes | None, now: datetime) -> KeyHolder | None:
        """Likewise, by its id. None for the secret's hash asks for no secret: whoever calls has checked a
        token that only a key's owner can have got."""
        ...

    async def take_ticket(self, ticket_hash: bytes, now: datetime) -> TakenTicket | None:
        """Uses a ticket up, expired or not; None for an unknown or used one. Of any number of calls at once,
        in any number of processes, one gets it."""
        ...
