"""Verified tokens, remembered: a signature is checked once, and an ended session is refused at once."""

import hashlib
from collections import OrderedDict
from datetime import timedelta
from uuid import UUID

from application.identity.ports import TokenClaims, TokenReader, TokenUse, TokenVerifier
from application.shared.ports import Clock
from domain.identity.errors import InvalidToken
from domain.shared.ids import SessionId, UserId


class CachingTokenVerifier(TokenVerifier):
    """Remembers at most `size` tokens, by their SHA-256 so that memory holds none, the least recently
    used going first.

    An ended session, or a deleted account, is remembered for `lifetime`, that of an access token: by then
    all of its tokens have expired. Both stay bounded, and no request asks the database.
    """

    def __init__(self, reader: TokenReader, clock: Clock, *, lifetime: timedelta, size: int = 10_000) -> None:
        self._reader = reader
        self._clock = clock
        self._lifetime = lifetime
        self._size = size
        self._verified: OrderedDict[bytes, TokenClaims] = OrderedDict()
        self._revoked: OrderedDict[UUID, float] = OrderedDict()

    def verify(self, token: str) -> TokenClaims:
        key = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        claims = self._verified.get(key)
        if claims is None:
            claims = self._reader.read(TokenUse.ACCESS, token)
            self._verified[key] = claims
            if len(self._verified) > self._size:
                self._verified.popitem(last=False)
        else:
            if claims.expires_at <= self._clock.now():
                del self._verified[key]
                raise InvalidToken(reason="expired_token", user_id=claims.user_id)
            self._verified.move_to_end(key)
        if claims.session_id in self._revoked or claims.user_id in self._revoked:
            self._verified.pop(key, None)
            raise InvalidToken(reason="session_ended", user_id=claims.user_id)
        return claims

    def revoke(self, session_id: SessionId) -> None:
        self._refuse(session_id)

    def revoke_account(self, user_id: UserId) -> None:
        self._refuse(user_id)

    def _refuse(self, holder: UUID) -> None:
        now = self._clock.now().timestamp()
        self._revoked[holder] = now + self._lifetime.total_seconds()
        self._revoked.move_to_end(holder)
        while self._revoked and next(iter(self._revoked.values())) <= now:
            self._revoked.popitem(last=False)

    def clear(self) -> None:
        self._verified.clear()
