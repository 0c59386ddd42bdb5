"""Ends the caller's session, or every session of the caller."""

from dataclasses import dataclass

from application.identity.ending_sessions import EndsSessions
from application.shared.principal import Principal
from domain.identity.events import session_ended
from domain.identity.session import EndReason


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOutCommand:
    """`everywhere` ends the sessions on other devices too."""

    principal: Principal
    everywhere: bool = False


class LogOut(EndsSessions):
    """Effective here at once, in other processes when they hear of it. Logging out twice is no error."""

    async def __call__(self, command: LogOutCommand) -> int:
        """How many sessions ended."""
        principal, now = command.principal, self._clock.now()
        async with self._start_work(principal) as work:
            if command.everywhere:
                ended = list(await work.sessions.end_all(principal.user_id, now))
            elif principal.session_id is not None:
                session = await work.sessions.end(principal.user_id, principal.session_id, now)
                ended = [session] if session else []
            else:
                ended = []
            for session in ended:
                work.record(session_ended(session, EndReason.LOGOUT, now))
            await work.commit()
        self._revoke(ended)
        return len(ended)
