"""Closes an account, with every session of it, or opens it again."""

from dataclasses import dataclass

from application.identity.account_changes import change_activity
from application.identity.ending_sessions import EndsSessions
from application.identity.queries import UserView, user_view
from application.shared.principal import Principal, Role, Trace
from domain.shared.ids import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUserActiveCommand:
    trace: Trace
    user_id: UserId
    active: bool


class SetUserActive(EndsSessions):
    """Raises `UserNotFound`. A closed account keeps its data and cannot log in."""

    async def __call__(self, command: SetUserActiveCommand) -> UserView:
        now = self._clock.now()
        principal = Principal(user_id=command.user_id, role=Role.USER, trace=command.trace)
        async with self._start_work(principal) as work:
            before = await work.users.get(command.user_id)
            after, ended = await change_activity(work, before, command.active, now)
            if after is not before:
                await work.commit()
        self._revoke(ended)
        return user_view(after)
