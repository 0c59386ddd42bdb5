"""Makes the two tokens of a login or a refresh, and the record of the second."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from application.identity.ports import TokenClaims, TokenIssuer, TokenUse
from application.shared.ports import IdGenerator
from domain.identity.session import RefreshToken, Session
from domain.shared.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """How long things last.

    `refresh` is how long a session lasts without being used, `session` however much it is used. `overlap`
    is how long the reply to a refresh is held back, and for how long a second use of its token is taken
    for a concurrent one and not for a theft.
    """

    access: timedelta = timedelta(minutes=15)
    refresh: timedelta = timedelta(days=30)
    session: timedelta = timedelta(days=90)
    overlap: timedelta = timedelta(milliseconds=250)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPair:
    """The reply of RFC 6749, 5.1; `expires_in` is in seconds. Its repr shows no token."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    token_type: str = "bearer"  # noqa: S105  # the name of a scheme
    expires_in: int


def token_hash(token: str) -> bytes:
    """What is kept of a refresh token. It is random enough to need no salt."""
    return hashlib.sha256(token.encode()).digest()


class TokenPairs:
    """Issues pairs."""

    def __init__(self, issuer: TokenIssuer, ids: IdGenerator, lifetimes: Lifetimes) -> None:
        self._issuer = issuer
        self._ids = ids
        self.lifetimes = lifetimes

    def issue(self, session: Session, role: Role, now: datetime) -> tuple[TokenPair, RefreshToken]:
        """A pair for a session, neither token of which outlives it."""
        access = self._claims(session, role, now, self.lifetimes.access)
        refresh = self._claims(session, role, now, self.lifetimes.refresh)
        token = self._issuer.issue(TokenUse.REFRESH, refresh)
        pair = TokenPair(
            access_token=self._issuer.issue(TokenUse.ACCESS, access),
            refresh_token=token,
            expires_in=max(0, int((access.expires_at - now).total_seconds())),
        )
        record = RefreshToken(
            user_id=session.user_id,
            id=refresh.token_id,
            session_id=session.id,
            token_hash=token_hash(token),
            issued_at=now,
            expires_at=refresh.expires_at,
        )
        return pair, record

    def _claims(self, session: Session, role: Role, now: datetime, lifetime: timedelta) -> TokenClaims:
        return TokenClaims(
            user_id=session.user_id,
            role=role,
            session_id=session.id,
            token_id=self._ids.new(),
            issued_at=now,
            expires_at=min(now + lifetime, session.expires_at),
            authenticated_at=session.created_at,
        )
