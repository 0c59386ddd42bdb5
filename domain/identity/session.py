"""A session is one login, kept alive by a chain of refresh tokens of which only the last one is good."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from uuid import UUID

from domain.shared.ids import SessionId, UserId
from domain.shared.roles import Role

USER_AGENT_LENGTH = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One login of one user. Times are UTC; after `expires_at` nothing keeps it alive."""

    user_id: UserId
    id: SessionId
    user_agent: str | None
    address: str | None
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshToken:
    """One link of a session's chain. The token itself is not kept, only its SHA-256 (32 bytes)."""

    user_id: UserId
    id: UUID
    session_id: SessionId
    token_hash: bytes
    issued_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """A refresh token somebody presented, with the session and the account it belongs to."""

    token: RefreshToken
    session: Session
    role: Role
    is_active: bool


class Verdict(Enum):
    """What becomes of a presented refresh token."""

    RENEW = "renew"
    REFUSE = "refuse"
    REPLAY = "replay"


class EndReason(StrEnum):
    """Why a session ended before its time."""

    LOGOUT = "logout"
    REPLAY = "refresh_token_replayed"
    ROLE_CHANGED = "role_changed"
    DEACTIVATED = "account_deactivated"
    ENDED = "ended_by_user"
    TOKEN_REVOKED = "token_revoked"  # noqa: S105  # the name of a reason
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # the name of a reason
    IDENTITY_LINKED = "identity_linked"


def judged(presented: Presented, arrived_at: datetime, now: datetime, overlap: timedelta) -> Verdict:
    """Whether the session goes on.

    A used token means that two parties hold it, and ends the session (RFC 9700, 4.14.2), unless the request
    came before the reply to the first one can have been read: that is one client asking twice at once.
    """
    token, session = presented.token, presented.session
    if session.revoked_at is not None or not presented.is_active:
        return Verdict.REFUSE
    if token.used_at is not None:
        return Verdict.REFUSE if arrived_at <= token.used_at + overlap else Verdict.REPLAY
    if token.expires_at <= now or session.expires_at <= now:
        return Verdict.REFUSE
    return Verdict.RENEW


def used_now(session: Session, now: datetime) -> Session:
    """The session as it is after a use."""
    return replace(session, last_used_at=now)


def shown_user_agent(header: str | None) -> str | None:
    """What a client calls itself, as far as it can be kept and printed."""
    kept = "".join(character for character in header or "" if character.isprintable())
    return kept[:USER_AGENT_LENGTH] or None
