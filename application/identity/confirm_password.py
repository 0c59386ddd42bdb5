"""Asks whoever is logged in for the password once more, before what cannot be taken back."""

from application.identity.ports import IdentityUnitOfWork, PasswordHasher
from application.identity.queries import AccountQueries
from application.shared.ports import Clock, StartWork
from application.shared.principal import Principal
from domain.identity.events import confirmation_refused
from domain.identity.user import User
from domain.shared.errors import InvalidInput, Violation


class ConfirmPassword:
    """Returns the account as it was when its password was right.

    Raises `InvalidInput` at `pointer` for a wrong one, which is put on record, `UserNotFound` and `TooBusy`.
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

    async def __call__(self, principal: Principal, password: str, pointer: str) -> User:
        found = await self._accounts.own_credentials(principal.user_id)
        if await self._hasher.verify(password, found.password_hash):
            return found.user
        async with self._start_work(principal) as work:
            work.record(confirmation_refused(principal.user_id, self._clock.now()))
            await work.commit()
        raise InvalidInput([Violation(pointer=pointer, code="wrong_password", detail="is not the password")])
