"""Bearer tokens and keys to principals, the same for requests and sockets."""

from collections.abc import Awaitable

from application.identity.authenticate_program import AuthenticateProgram
from application.identity.ports import TokenClaims, TokenVerifier
from application.shared.principal import Principal, Trace
from domain.identity.api_key_text import MARK


class BearerAuthentication:
    """A person's token is verified without I/O: signature, claims and ended sessions are checked in this
    process. A program's key, or a token it got, is looked up every time."""

    def __init__(self, verifier: TokenVerifier, programs: AuthenticateProgram) -> None:
        self._verifier = verifier
        self._programs = programs

    def request(self, token: str, trace: Trace) -> Principal | Awaitable[Principal]:
        """Who a request's token stands for: at once for a person. Raises `NotAuthenticated`."""
        if token.startswith(MARK):
            return self._programs.key(token, trace)
        claims = self._verifier.verify(token)
        if claims.api_key_id is not None:
            return self._programs.token(claims, trace)
        return principal_of(claims, trace)

    async def socket(self, token: str, trace: Trace) -> Principal:
        """The same for whoever can wait."""
        found = self.request(token, trace)
        return found if isinstance(found, Principal) else await found

    async def ticket(self, ticket: str, trace: Trace) -> Principal:
        """Whom a ticket stands for, which is used up. Raises `NotAuthenticated`.

        The store has seen that its session goes on; what is known here may be newer.
        """
        return await self._programs.ticket(ticket, trace)


def principal_of(claims: TokenClaims, trace: Trace) -> Principal:
    """The principal a verified token of a person names."""
    return Principal(
        user_id=claims.user_id,
        role=claims.role,
        trace=trace,
        session_id=claims.session_id,
        expires_at=claims.expires_at,
    )
