"""Deletes the caller's own account with all its data."""

from dataclasses import dataclass, field

from application.identity.confirm_password import ConfirmPassword
from application.identity.ports import IdentityUnitOfWork, TokenVerifier
from application.shared.ports import Clock, StartWork
from application.shared.principal import Principal
from domain.identity.events import user_deleted
from domain.identity.user import require_same


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteAccountCommand:
    principal: Principal
    password: str | None = field(repr=False)


class DeleteAccount:
    """For good; only the audit stays.

    Raises `InvalidInput`, `LoginTooOld`, `UserNotFound`, `AccountChanged`, `TooBusy`.
    """

    def __init__(
        self,
        start_work: StartWork[IdentityUnitOfWork],
        confirm: ConfirmPassword,
        verifier: TokenVerifier,
        clock: Clock,
    ) -> None:
        self._start_work = start_work
        self._confirm = confirm
        self._verifier = verifier
        self._clock = clock

    async def __call__(self, command: DeleteAccountCommand) -> None:
        principal = command.principal
        confirmed = await self._confirm(principal, command.password, "/password")
        async with self._start_work(principal) as work:
            require_same(await work.users.get(principal.user_id), confirmed)
            await work.users.delete(principal.user_id)
            work.record(user_deleted(principal.user_id, self._clock.now()))
            await work.commit()
        self._verifier.revoke_account(principal.user_id)
