"""Closes an account, with every session of it, or opens it again."""

from dataclasses import dataclass

from application.identity.account_changes import change_activity
from application.identity.ports import IdentityUnitOfWork, TokenVerifier
from application.identity.queries import UserView, user_view
from application.shared.ports import Clock, StartWork
from application.shared.principal import Principal, Role, Trace
from domain.shared.ids import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUserActiveCommand:
    trace: Trace
    user_id: UserId
    active: bool


class SetUserActive:
    """Raises `UserNotFound`. A closed account keeps its data and cannot log in."""

    def __init__(
        self, start_work: StartWork[IdentityUnitOfWork], verifier: TokenVerifier, clock: Clock
    ) -> None:
        self._start_work = start_work
        self._verifier = verifier
        self._clock = clock

    async def __call__(self, command: SetUserActiveCommand) -> UserView:
        now = self._clock.now()
        principal = Principal(user_id=command.user_id, role=Role.USER, trace=command.trace)
        async with self._start_work(principal) as work:
            before = await work.users.get(command.user_id)
            after, ended = await change_activity(work, before, command.active, now)
            if after is not before:
                await work.commit()
        for session in ended:
            self._verifier.revoke(session.id)
        return user_view(after)
