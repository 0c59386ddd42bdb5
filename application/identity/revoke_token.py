"""Takes a token back (RFC 7009): the session it belongs to ends, with every other token of it."""

from dataclasses import dataclass, field

from application.identity.ports import IdentityUnitOfWork, TokenClaims, TokenReader, TokenUse, TokenVerifier
from application.shared.ports import Clock, StartWork
from application.shared.principal import Principal, Trace
from domain.identity.errors import InvalidToken, TokenOfKey
from domain.identity.events import session_ended
from domain.identity.session import EndReason


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeTokenCommand:
    """Whoever holds a token may take it back: nobody else is asked."""

    trace: Trace
    token: str = field(repr=False)


class RevokeToken:
    """Effective here at once, in other processes when they hear of it. A token that is not ours, or not good
    any more, is no error. Raises `TokenOfKey`."""

    def __init__(
        self,
        start_work: StartWork[IdentityUnitOfWork],
        reader: TokenReader,
        verifier: TokenVerifier,
        clock: Clock,
    ) -> None:
        self._start_work = start_work
        self._reader = reader
        self._verifier = verifier
        self._clock = clock

    async def __call__(self, command: RevokeTokenCommand) -> None:
        claims = self._claims(command.token)
        if claims is None:
            return
        if claims.session_id is None:
            raise TokenOfKey
        now = self._clock.now()
        principal = Principal(
            user_id=claims.user_id, role=claims.role, trace=command.trace, session_id=claims.session_id
        )
        async with self._start_work(principal) as work:
            session = await work.sessions.end(claims.user_id, claims.session_id, now)
            if session is None:
                return
            work.record(session_ended(session, EndReason.TOKEN_REVOKED, now))
            await work.commit()
        self._verifier.revoke(claims.session_id)

    def _claims(self, token: str) -> TokenClaims | None:
        for use in TokenUse:
            try:
                return self._reader.read(use, token)
            except InvalidToken:
                continue
        return None
