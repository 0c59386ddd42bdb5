"""What the use cases that can end sessions have in common."""

from collections.abc import Iterable

from application.identity.ports import IdentityUnitOfWork, TokenVerifier
from application.shared.ports import Clock, StartWork
from domain.identity.session import Session


class EndsSessions:
    """Does its work in a unit of work, then has the tokens of the sessions it ended refused."""

    def __init__(
        self, start_work: StartWork[IdentityUnitOfWork], verifier: TokenVerifier, clock: Clock
    ) -> None:
        self._start_work = start_work
        self._verifier = verifier
        self._clock = clock

    def _revoke(self, ended: Iterable[Session]) -> None:
        """In this process at once; the others hear of it by the event."""
        for session in ended:
            self._verifier.revoke(session.id)
