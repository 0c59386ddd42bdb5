"""A key with which a program acts for an account, and the ticket with which a browser opens a socket."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from domain.shared.checks import Checks
from domain.shared.ids import ApiKeyId, SessionId, UserId
from domain.shared.roles import Role
from domain.shared.scopes import Scope

NAME_LENGTH: Final = 100
MOST_KEYS: Final = 100
SHORTEST_LIFE: Final = timedelta(minutes=1)
LONGEST_LIFE: Final = timedelta(days=3660)
TICKET_LIFE: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """Times are UTC. Without `expires_at` it is good until it is revoked. Its secret is no part of it, so
    that it cannot be shown by mistake."""

    user_id: UserId
    id: ApiKeyId
    name: str
    prefix: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHolder:
    """A key whose secret somebody knew, with what its account is at this moment."""

    key: ApiKey
    role: Role
    is_active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedKey:
    """What a key is asked for; `expires_in` is in seconds."""

    name: str
    scopes: Sequence[Scope]
    expires_at: datetime | None = None
    expires_in: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketTicket:
    """Stands for the session or the key that asked for it, once, until `expires_at`; what it opens ends at
    `ends_at`. The ticket itself is not kept, only its SHA-256 (32 bytes)."""

    user_id: UserId
    ticket_hash: bytes
    session_id: SessionId | None
    api_key_id: ApiKeyId | None
    scopes: frozenset[Scope] | None
    ends_at: datetime | None
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenTicket:
    """A ticket that was used in this moment. `stands` says whether its session or key goes on and its
    account is active."""

    ticket: SocketTicket
    role: Role
    stands: bool


def new_api_key(
    user_id: UserId, key_id: ApiKeyId, prefix: str, wanted: WantedKey, *, role: Role, now: datetime
) -> ApiKey:
    """The key somebody in this role asks for. Raises `InvalidInput`."""
    checks = Checks()
    name = checks.text("/name", wanted.name, longest=NAME_LENGTH, shortest=1)
    if not wanted.scopes:
        checks.refuse("/scopes", "required", "must name at least one of read, write, admin")
    for place, scope in enumerate(wanted.scopes):
        if scope is Scope.ADMIN and role is not Role.ADMIN:
            checks.refuse(f"/scopes/{place}", "not_permitted", "is for administrators' keys only")
    expires_at = _expiry(checks, wanted, now)
    checks.finish()
    return ApiKey(
        user_id=user_id,
        id=key_id,
        name=name,
        prefix=prefix,
        scopes=frozenset(wanted.scopes),
        created_at=now,
        expires_at=expires_at,
    )


def _expiry(checks: Checks, wanted: WantedKey, now: datetime) -> datetime | None:
    if wanted.expires_in is not None:
        if wanted.expires_at is not None:
            checks.refuse("/expires_in", "contradiction", "give expires_at or expires_in, not both")
        shortest, longest = int(SHORTEST_LIFE.total_seconds()), int(LONGEST_LIFE.total_seconds())
        if not shortest <= wanted.expires_in <= longest:
            checks.refuse("/expires_in", "out_of_range", f"must be {shortest} to {longest} seconds")
            return None
        return now + timedelta(seconds=wanted.expires_in)
    before = len(checks.violations)
    checks.moment("/expires_at", wanted.expires_at)
    if (
        wanted.expires_at is not None
        and len(checks.violations) == before
        and not now < wanted.expires_at <= now + LONGEST_LIFE
    ):
        checks.refuse("/expires_at", "out_of_range", "must lie ahead, by ten years at most")
    if wanted.expires_at is None or len(checks.violations) > before:
        return None
    return wanted.expires_at.astimezone(UTC)


def objection(holder: KeyHolder, now: datetime) -> str | None:
    """Why this key opens nothing at this moment, in one word for the audit log; None when it does."""
    if holder.key.revoked_at is not None:
        return "revoked_api_key"
    if holder.key.expires_at is not None and holder.key.expires_at <= now:
        return "expired_api_key"
    return None if holder.is_active else "account_inactive"


def narrowed(held: frozenset[Scope], wanted: frozenset[Scope]) -> frozenset[Scope] | None:
    """The scopes to grant of those a key has: all when none is asked for, None when one is too much."""
    if not wanted:
        return held
    if all(any(scope.covers(each) for scope in held) for each in wanted):
        return wanted
    return None
