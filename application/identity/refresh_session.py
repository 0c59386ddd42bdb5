"""Keeps a session alive: a refresh token is traded for the next pair, once."""

from dataclasses import dataclass, field

from application.identity.ports import IdentityUnitOfWork, Pause, TokenReader, TokenUse, TokenVerifier
from application.identity.token_pairs import TokenPair, TokenPairs, token_hash
from application.shared.ports import Clock, StartWork
from application.shared.principal import Principal, Trace
from domain.identity.errors import InvalidRefreshToken, InvalidToken
from domain.identity.events import SessionRefreshed, session_ended, session_event
from domain.identity.session import EndReason, Verdict, judged, used_now


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshSessionCommand:
    trace: Trace
    refresh_token: str = field(repr=False)


class RefreshSession:
    """Raises `InvalidRefreshToken`. A token that was used before ends its session, with every token of it.

    The reply is held back for the overlap, so that no honest client can present the token again before
    the overlap is over: a later use is a replay for certain, and of callers that ask at once with the same
    token one is answered and the others are refused, without harm to the session.
    """

    def __init__(
        self,
        *,
        start_work: StartWork[IdentityUnitOfWork],
        reader: TokenReader,
        verifier: TokenVerifier,
        pairs: TokenPairs,
        clock: Clock,
        pause: Pause,
    ) -> None:
        self._start_work = start_work
        self._reader = reader
        self._verifier = verifier
        self._pairs = pairs
        self._clock = clock
        self._pause = pause

    async def __call__(self, command: RefreshSessionCommand) -> TokenPair:
        arrived_at = self._clock.now()
        try:
            claims = self._reader.read(TokenUse.REFRESH, command.refresh_token)
        except InvalidToken as error:
            raise InvalidRefreshToken(reason=error.reason, user_id=error.user_id) from error
        principal = Principal(
            user_id=claims.user_id, role=claims.role, trace=command.trace, session_id=claims.session_id
        )
        overlap = self._pairs.lifetimes.overlap
        async with self._start_work(principal) as work:
            presented = await work.sessions.presented(claims.user_id, token_hash(command.refresh_token))
            now = self._clock.now()
            verdict = judged(presented, arrived_at, now, overlap) if presented else Verdict.REFUSE
            if presented is None or verdict is Verdict.REFUSE:
                reason = "ended_refresh_token" if presented else "unknown_refresh_token"
                raise InvalidRefreshToken(reason=reason, user_id=claims.user_id)
            if verdict is Verdict.REPLAY:
                ended = await work.sessions.end(claims.user_id, presented.session.id, now)
                if ended is not None:
                    work.record(session_ended(ended, EndReason.REPLAY, now))
                await work.commit()
                self._verifier.revoke(presented.session.id)
                raise InvalidRefreshToken(reason=EndReason.REPLAY.value, user_id=claims.user_id)
            session = used_now(presented.session, now)
            pair, successor = self._pairs.issue(session, presented.role, now)
            await work.sessions.rotate(presented.token, successor, now)
            work.record(session_event(SessionRefreshed, session))
            await work.commit()
        await self._pause(overlap.total_seconds())
        return pair
