"""What OAuth 2.0 clients ask and are told beside tokens."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType


class TokenForm(msgspec.Struct, kw_only=True):
    """RFC 7009, 2.1 and RFC 7662, 2.1. The hint is not needed: a token says itself what it is."""

    token: str
    token_type_hint: str | UnsetType = UNSET


class Taken(msgspec.Struct):
    """The token is not good any more, if it ever was (RFC 7009, 2.2)."""


class IntrospectionReply(msgspec.Struct, kw_only=True, omit_defaults=True):
    """RFC 7662, 2.2. All but `active` is there for an active token only. Times are seconds since 1970."""

    active: bool
    scope: str | UnsetType = UNSET
    client_id: str | UnsetType = UNSET
    token_type: str | UnsetType = UNSET
    exp: int | UnsetType = UNSET
    iat: int | UnsetType = UNSET
    auth_time: int | UnsetType = UNSET
    sub: str | UnsetType = UNSET
    aud: str | UnsetType = UNSET
    iss: str | UnsetType = UNSET
    jti: str | UnsetType = UNSET
    sid: str | UnsetType = UNSET
    role: str | UnsetType = UNSET


class KeySetReply(msgspec.Struct):
    """RFC 7517, 5: public keys only, the one that signs next among them. Empty while tokens are signed with a
    shared secret."""

    keys: list[dict[str, Any]]


class MetadataReply(msgspec.Struct, kw_only=True):
    """RFC 8414, 2."""

    issuer: str
    token_endpoint: str
    revocation_endpoint: str
    introspection_endpoint: str
    jwks_uri: str
    service_documentation: str
    scopes_supported: list[str]
    response_types_supported: list[str]
    grant_types_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    revocation_endpoint_auth_methods_supported: list[str]
    introspection_endpoint_auth_methods_supported: list[str]
