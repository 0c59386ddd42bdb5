"""Gives an account another role."""

from dataclasses import dataclass

from application.identity.account_changes import change_role
from application.identity.ending_sessions import EndsSessions
from application.identity.queries import UserView, user_view
from application.shared.principal import Principal, Trace
from domain.shared.ids import UserId
from domain.shared.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUserRoleCommand:
    trace: Trace
    user_id: UserId
    role: Role


class SetUserRole(EndsSessions):
    """Raises `UserNotFound`. Tokens name the role, so the account's sessions end with its old one."""

    async def __call__(self, command: SetUserRoleCommand) -> UserView:
        now = self._clock.now()
        principal = Principal(user_id=command.user_id, role=command.role, trace=command.trace)
        async with self._start_work(principal) as work:
            before = await work.users.get(command.user_id)
            after, ended = await change_role(work, before, command.role, now)
            if after is not before:
                await work.commit()
        self._revoke(ended)
        return user_view(after)
