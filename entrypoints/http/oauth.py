"""What OAuth 2.0 says in its own words: forms, the credentials of clients, and refusals (RFC 6749)."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote_plus

import msgspec
from quart import Request

from domain.identity.api_key_errors import InvalidClient
from domain.shared.errors import KnowledgeGraphError
from domain.shared.scopes import Scope
from entrypoints.http.auth_bodies import OAuthRefusal
from entrypoints.http.operation import Reply

FORM = "application/x-www-form-urlencoded"
# Nobody on the way may keep a token (RFC 6749, 5.1).
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
CHALLENGE = {"WWW-Authenticate": 'Basic realm="kgl", charset="UTF-8"'}


class OAuthError(Exception):
    """An error reply of RFC 6749, 5.2."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error, description)
        self.error, self.description = error, description


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCredentials:
    """What a client says it is."""

    client_id: str
    client_secret: str = field(repr=False)


def oauth_error(error: OAuthError) -> Reply:
    """A refusal as OAuth 2.0 shows it."""
    body = OAuthRefusal(error=error.error, error_description=error.description)
    cause = error.__cause__
    refused = cause if isinstance(cause, KnowledgeGraphError) else None
    unknown = error.error == "invalid_client"
    return Reply(
        status=401 if unknown else 400,
        raw=msgspec.json.encode(body),
        headers={**NO_STORE, **CHALLENGE} if unknown else NO_STORE,
        refused=refused,
    )


def form_fields(raw: bytes) -> Mapping[str, str]:
    """The fields of a form; empty ones count as absent (RFC 6749, 3.2). Raises `OAuthError`."""
    try:
        pairs = parse_qsl(raw.decode("ascii"), errors="strict", max_num_fields=32)
    except ValueError as error:
        raise OAuthError("invalid_request", "the body is not a form in UTF-8") from error
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise OAuthError("invalid_request", "a parameter is given twice")
    return fields


def required(fields: Mapping[str, str], name: str) -> str:
    """A field that must be there. Raises `OAuthError`."""
    if name not in fields:
        raise OAuthError("invalid_request", f"{name} is missing")
    return fields[name]


def client_credentials(request: Request, fields: Mapping[str, str]) -> ClientCredentials:
    """What the client says it is, in the header or in the form, but not in both (RFC 6749, 2.3).

    Raises `OAuthError`.
    """
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        found = _basic(encoded.strip())
        if "client_secret" in fields or fields.get("client_id", found.client_id) != found.client_id:
            raise OAuthError("invalid_request", "the client authenticates in two ways")
        return found
    if "client_id" not in fields or "client_secret" not in fields:
        raise OAuthError("invalid_client", "client_id and client_secret are missing") from InvalidClient()
    return ClientCredentials(client_id=fields["client_id"], client_secret=fields["client_secret"])


def _basic(encoded: str) -> ClientCredentials:
    """The credentials of RFC 7617, each form-encoded first (RFC 6749, 2.3.1)."""
    try:
        name, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        if not colon:
            raise ValueError("no colon")
        return ClientCredentials(
            client_id=unquote_plus(name, errors="strict"), client_secret=unquote_plus(secret, errors="strict")
        )
    except (binascii.Error, ValueError):
        error = OAuthError("invalid_client", "the Authorization header is not one of RFC 7617")
        raise error from InvalidClient()


def scopes_of(fields: Mapping[str, str]) -> frozenset[Scope]:
    """The scopes asked for; none when the form names none. Raises `OAuthError`."""
    try:
        return frozenset(Scope(word) for word in fields.get("scope", "").split(" ") if word)
    except ValueError as error:
        raise OAuthError("invalid_scope", "the scopes are read, write and admin") from error


def spelled(scopes: frozenset[Scope]) -> str:
    """Scopes as OAuth writes them."""
    return " ".join(scope.value for scope in Scope if scope in scopes)
