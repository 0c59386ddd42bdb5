"""Makes this process refuse the tokens of sessions that ended, and accounts that were deleted, elsewhere."""

from application.identity.ports import TokenVerifier
from application.identity.queries import AccountQueries
from application.identity.token_pairs import Lifetimes
from application.shared.messages import Message
from application.shared.ports import Clock
from domain.identity.events import SessionEnded, UserDeleted
from domain.shared.ids import SessionId, UserId


class WhenSessionEndedRevoke:
    """Fed with every message of the event log; a call per message, without I/O."""

    def __init__(self, verifier: TokenVerifier) -> None:
        self._verifier = verifier

    def __call__(self, message: Message) -> None:
        if message.type == SessionEnded.type:
            self._verifier.revoke(SessionId(message.subject))
        elif message.type == UserDeleted.type:
            self._verifier.revoke_account(UserId(message.subject))


class CatchUpOnEndedSessions:
    """Reads which sessions and accounts ended while their access tokens are still good: at the start of a
    process, after it began to follow the event log, and whenever it may have missed some."""

    def __init__(
        self, accounts: AccountQueries, verifier: TokenVerifier, lifetimes: Lifetimes, clock: Clock
    ) -> None:
        self._accounts = accounts
        self._verifier = verifier
        self._lifetimes = lifetimes
        self._clock = clock

    async def __call__(self) -> None:
        since = self._clock.now() - self._lifetimes.access
        for session_id in await self._accounts.ended_sessions(since):
            self._verifier.revoke(session_id)
        for user_id in await self._accounts.deleted_accounts(since):
            self._verifier.revoke_account(user_id)
