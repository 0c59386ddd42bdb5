"""The keys that sign tokens: the next one is shown ahead, one signs, those before are honoured for a time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID


class KeyState(StrEnum):
    """What a key is good for."""

    NEXT = "next"
    CURRENT = "current"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """A key as it is kept: `sealed` holds it, the private part too until it is retired.

    Times are UTC. `activated_at` is None before it signs; a retired key is honoured until `expires_at`.
    """

    kid: str
    state: KeyState
    sealed: bytes
    created_at: datetime
    activated_at: datetime | None = None
    expires_at: datetime | None = None

    def __repr__(self) -> str:
        return f"StoredKey({self.kid!r}, {self.state.value!r})"

    def is_good(self, now: datetime) -> bool:
        """Whether its tokens are honoured."""
        return self.expires_at is None or now < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key that was made just now, sealed."""

    kid: str
    sealed: bytes

    def __repr__(self) -> str:
        return f"NewKey({self.kid!r})"


class KeyAction(StrEnum):
    """What was done to the keys, as the audit log says it."""

    CREATED = "signing_keys.created"
    ROTATED = "signing_keys.rotated"
    REVOKED = "signing_keys.revoked"
    EXPIRED = "signing_keys.expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChange:
    """A change for the audit log: `id` is the row's, `request_id` tells where it came from."""

    id: UUID
    action: KeyAction
    occurred_at: datetime
    request_id: str


def first_keys(current: NewKey, following: NewKey, now: datetime) -> Sequence[StoredKey]:
    """The keys of an installation that had none, or trusts none of those it had."""
    return [
        StoredKey(
            kid=current.kid, state=KeyState.CURRENT, sealed=current.sealed, created_at=now, activated_at=now
        ),
        upcoming(following, now),
    ]


def rotated(
    keys: Sequence[StoredKey], public: bytes, following: NewKey, now: datetime, honoured_for: timedelta
) -> Sequence[StoredKey]:
    """The next key signs, another one is next, and the one that signed is kept as `public`, its sealed public
    part, for as long as a token of it can be good."""
    kept: list[StoredKey] = []
    for key in living(keys, now):
        if key.state is KeyState.NEXT:
            kept.append(replace(key, state=KeyState.CURRENT, activated_at=now))
        elif key.state is KeyState.CURRENT:
            until = now + honoured_for
            kept.append(replace(key, state=KeyState.RETIRED, sealed=public, expires_at=until))
        else:
            kept.append(key)
    return [*kept, upcoming(following, now)]


def living(keys: Sequence[StoredKey], now: datetime) -> Sequence[StoredKey]:
    """The keys without those whose last token has expired."""
    return [key for key in keys if key.is_good(now)]


def in_state(keys: Sequence[StoredKey], state: KeyState) -> StoredKey | None:
    """The key in this state, of which there is one at most unless it is retired."""
    return next((key for key in keys if key.state is state), None)


def upcoming(key: NewKey, now: datetime) -> StoredKey:
    """A key that signs nothing yet, so that whoever caches our keys knows it by the time it does."""
    return StoredKey(kid=key.kid, state=KeyState.NEXT, sealed=key.sealed, created_at=now)
