"""Bearer tokens to principals, the same for requests and sockets."""

from datetime import datetime

from application.identity.ports import TokenClaims, TokenVerifier
from application.shared.principal import Principal, Trace


class BearerAuthentication:
    """Verifies without I/O: signature, claims and ended sessions are checked in this process."""

    def __init__(self, verifier: TokenVerifier) -> None:
        self._verifier = verifier

    def request(self, token: str, trace: Trace) -> Principal:
        """Who a request's token stands for. Raises `NotAuthenticated`."""
        return principal_of(self._verifier.verify(token), trace)

    def socket(self, token: str, trace: Trace) -> tuple[Principal, datetime]:
        """The same, and until when it does."""
        claims = self._verifier.verify(token)
        return principal_of(claims, trace), claims.expires_at


def principal_of(claims: TokenClaims, trace: Trace) -> Principal:
    """The principal a verified token names."""
    return Principal(user_id=claims.user_id, role=claims.role, trace=trace, session_id=claims.session_id)
