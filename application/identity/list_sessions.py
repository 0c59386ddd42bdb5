"""Shows where an account is logged in."""

from dataclasses import dataclass

from application.identity.queries import AccountQueries, SessionView, session_view
from application.identity.token_pairs import Lifetimes
from application.shared.pages import Page, PageRequest
from application.shared.ports import Clock
from application.shared.principal import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSessionsCommand:
    principal: Principal
    page: PageRequest


class ListSessions:
    """Only sessions that can still be kept alive: neither ended nor expired nor left alone for too long."""

    def __init__(self, accounts: AccountQueries, lifetimes: Lifetimes, clock: Clock) -> None:
        self._accounts = accounts
        self._lifetimes = lifetimes
        self._clock = clock

    async def __call__(self, command: ListSessionsCommand) -> Page[SessionView]:
        principal, now = command.principal, self._clock.now()
        found = await self._accounts.sessions(
            principal.user_id, now, now - self._lifetimes.refresh, command.page
        )
        rows = [session_view(session, principal.session_id) for session in found.rows]
        return Page(rows=rows, next=found.next)
