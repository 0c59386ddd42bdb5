"""Asks whoever is logged in for the password once more, before what cannot be taken back."""

from datetime import timedelta
from typing import Final

from application.identity.ports import IdentityUnitOfWork, PasswordHasher
from application.identity.queries import AccountQueries
from application.shared.ports import Clock, StartWork
from application.shared.principal import Principal
from domain.identity.errors import LoginTooOld
from domain.identity.events import confirmation_refused
from domain.identity.user import User
from domain.shared.errors import InvalidInput, Violation

# An account without a password is confirmed by a login that is no older than this.
FRESH: Final = timedelta(minutes=5)


class ConfirmPassword:
    """Returns the account as it was when its password was right, or the login was fresh where there is none.

    Raises `InvalidInput` at `pointer` for a wrong one, which is put on record, and for a missing one;
    `LoginTooOld`, `UserNotFound` and `TooBusy`.
    """

    def __init__(
        self,
        start_work: StartWork[IdentityUnitOfWork],
        accounts: AccountQueries,
        hasher: PasswordHasher,
        clock: Clock,
    ) -> None:
        self._start_work = start_work
        self._accounts = accounts
        self._hasher = hasher
        self._clock = clock

    async def __call__(self, principal: Principal, password: str | None, pointer: str) -> User:
        found = await self._accounts.own_credentials(principal.user_id)
        if password is None:
            if found.password_hash is not None:
                raise InvalidInput([Violation(pointer=pointer, code="required", detail="is required")])
            await self._require_fresh_login(principal)
            return found.user
        if await self._hasher.verify(password, found.password_hash):
            return found.user
        async with self._start_work(principal) as work:
            work.record(confirmation_refused(principal.user_id, self._clock.now()))
            await work.commit()
        raise InvalidInput([Violation(pointer=pointer, code="wrong_password", detail="is not the password")])

    async def _require_fresh_login(self, principal: Principal) -> None:
        """Asks the store, and not the token: the session may have been ended elsewhere a moment ago."""
        session = None
        if principal.session_id is not None:
            async with self._start_work(principal) as work:
                session = await work.sessions.alive(principal.user_id, principal.session_id)
        if session is None or self._clock.now() - session.created_at > FRESH:
            raise LoginTooOld(user_id=principal.user_id)
