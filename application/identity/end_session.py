"""Ends one of the caller's sessions, on whatever device it is."""

from dataclasses import dataclass

from application.identity.ending_sessions import EndsSessions
from application.shared.principal import Principal
from domain.identity.errors import SessionNotFound
from domain.identity.events import session_ended
from domain.identity.session import EndReason
from domain.shared.ids import SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSessionCommand:
    principal: Principal
    session_id: SessionId


class EndSession(EndsSessions):
    """Raises `SessionNotFound`, alike for an unknown session, one that has ended, and somebody else's."""

    async def __call__(self, command: EndSessionCommand) -> None:
        now = self._clock.now()
        async with self._start_work(command.principal) as work:
            session = await work.sessions.end(command.principal.user_id, command.session_id, now)
            if session is None:
                raise SessionNotFound
            work.record(session_ended(session, EndReason.ENDED, now))
            await work.commit()
        self._revoke([session])
