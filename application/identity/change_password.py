"""Gives an account another password, and ends the sessions others may have with the old one."""

from dataclasses import dataclass, field

from application.identity.confirm_password import ConfirmPassword
from application.identity.ports import IdentityUnitOfWork, IsCommonPassword, PasswordHasher, TokenVerifier
from application.identity.queries import AccountQueries
from application.shared.ports import Clock, StartWork
from application.shared.principal import Principal
from domain.identity.events import UserPasswordChanged, session_ended, user_event
from domain.identity.password import check_password
from domain.identity.session import EndReason
from domain.identity.user import require_same, with_new_password
from domain.shared.checks import Checks


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePasswordCommand:
    principal: Principal
    current_password: str | None = field(repr=False)
    new_password: str = field(repr=False)


class ChangePassword:
    """The caller's own session goes on. An account without a password gets its first one.

    Raises `InvalidInput`, `LoginTooOld`, `UserNotFound`, `AccountChanged`, `TooBusy`.
    """

    def __init__(
        self,
        *,
        start_work: StartWork[IdentityUnitOfWork],
        accounts: AccountQueries,
        confirm: ConfirmPassword,
        hasher: PasswordHasher,
        is_common: IsCommonPassword,
        verifier: TokenVerifier,
        clock: Clock,
    ) -> None:
        self._start_work = start_work
        self._accounts = accounts
        self._confirm = confirm
        self._hasher = hasher
        self._is_common = is_common
        self._verifier = verifier
        self._clock = clock

    async def __call__(self, command: ChangePasswordCommand) -> None:
        principal = command.principal
        own = await self._accounts.account(principal.user_id)
        checks = Checks()
        check_password(checks, command.new_password, own.email, self._is_common, "/new_password")
        checks.finish()
        confirmed = await self._confirm(principal, command.current_password, "/current_password")
        password_hash = await self._hasher.hash(command.new_password)
        now = self._clock.now()
        async with self._start_work(principal) as work:
            before = await work.users.get(principal.user_id)
            require_same(before, confirmed)
            after = with_new_password(before, now)
            await work.users.set_password(after, password_hash)
            work.record(user_event(UserPasswordChanged, after))
            ended = await work.sessions.end_all(principal.user_id, now, keep=principal.session_id)
            for session in ended:
                work.record(session_ended(session, EndReason.PASSWORD_CHANGED, now))
            await work.commit()
        for session in ended:
            self._verifier.revoke(session.id)
