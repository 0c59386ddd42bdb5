"""A user's key at a provider of models: what of it may be seen, and what it must look like."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from domain.credentials.errors import CredentialChanged
from domain.shared.errors import InvalidInput, Violation
from domain.shared.ids import UserId
from domain.shared.secret import Secret

SHORTEST: Final = 8
LONGEST: Final = 1_000
# From this length on four characters tell nothing that would help to guess the rest.
LONG_ENOUGH_TO_HINT: Final = 20
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Provider(StrEnum):
    """Who can be told a credential of."""

    HUGGINGFACE = "huggingface"
    OPENAI = "openai"


# How the keys of each provider begin: says what kind of key it is, and nothing of its secret.
PREFIXES: Final = {Provider.HUGGINGFACE: "hf_", Provider.OPENAI: "sk-"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A credential as it is stored: one of each provider for each user. Times are UTC.

    `sealed` opens with the key `key_id` only. `version` grows with every change and never begins again, not
    even after a deletion: the address stays the same, so an old ETag must not fit a later credential.
    """

    user_id: UserId
    id: UUID
    provider: Provider
    masked: str
    sealed: bytes = field(repr=False)
    key_id: str
    version: int
    checked_at: datetime
    created_at: datetime
    updated_at: datetime


def require_presentable(token: Secret) -> None:
    """Raises `InvalidInput` unless the token can be sent in a header (RFC 6750, 2.1, is no wider)."""
    text = token.reveal()
    if not SHORTEST <= len(text) <= LONGEST:
        code = "too_short" if len(text) < SHORTEST else "too_long"
        detail = f"must be {SHORTEST} to {LONGEST} characters long"
        raise InvalidInput([Violation(pointer="/token", code=code, detail=detail)])
    if not all("!" <= character <= "~" for character in text):
        detail = "must be printable ASCII without spaces"
        raise InvalidInput([Violation(pointer="/token", code="bad_character", detail=detail)])


def masked(provider: Provider, token: Secret) -> str:
    """What of a token may be shown: `sk-...abcd`."""
    text = token.reveal()
    if len(text) < LONG_ENOUGH_TO_HINT:
        return "..."
    prefix = PREFIXES[provider]
    return f"{prefix if text.startswith(prefix) else ''}...{text[-4:]}"


def first_version(now: datetime) -> int:
    """A version above all that were given before `now` at the same address."""
    return (now - EPOCH) // timedelta(microseconds=1)


def require_version(credential: Credential | None, expected: int | None) -> None:
    """Raises `CredentialChanged` when a version is expected and this is not it."""
    if expected is not None and (credential is None or credential.version != expected):
        raise CredentialChanged
