"""What API keys and tickets look like on the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from domain.shared.scopes import Scope

# What the domain holds these values to, for the documentation alone: the domain names every broken rule.
KeyName = Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": 100})]
Lifetime = Annotated[int, Meta(extra_json_schema={"minimum": 60, "maximum": 316224000})]


class ApiKeyBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A new key. `expires_in` is in seconds; without it and `expires_at` the key is good until it is
    revoked."""

    name: KeyName
    scopes: Annotated[list[Scope], Meta(extra_json_schema={"minItems": 1})]
    expires_at: datetime | None = None
    expires_in: Lifetime | None = None


class NewApiKey(msgspec.Struct, kw_only=True):
    """`key` is shown this once; null where a repeated request is told what the first one made."""

    id: UUID
    name: str
    prefix: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    key: str | None
