"""What an administrator does to somebody's account: another role, closed or opened, deleted."""

from dataclasses import dataclass

from application.identity.account_changes import change_activity, change_role
from application.identity.ending_sessions import EndsSessions
from application.shared.principal import Principal, Role
from domain.identity.errors import OwnAccount
from domain.identity.events import user_deleted
from domain.identity.session import Session
from domain.identity.user import User, require_version
from domain.shared.ids import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeUserCommand:
    """`principal` is the administrator; None leaves a thing as it is."""

    principal: Principal
    user_id: UserId
    role: Role | None = None
    is_active: bool | None = None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteUserCommand:
    """`principal` is the administrator."""

    principal: Principal
    user_id: UserId
    expected_version: int | None = None


def on_behalf(principal: Principal, user_id: UserId) -> Principal:
    """The account the work is about, with the administrator as the one who acts."""
    return Principal(
        user_id=user_id,
        role=Role.USER,
        trace=principal.trace,
        actor_id=principal.actor_id or principal.user_id,
    )


class ChangeUser(EndsSessions):
    """Both changes or none. Raises `UserNotFound`, `UserChanged`, `OwnAccount`."""

    async def __call__(self, command: ChangeUserCommand) -> User:
        now = self._clock.now()
        ended: list[Session] = []
        async with self._start_work(on_behalf(command.principal, command.user_id)) as work:
            before = await work.users.get(command.user_id)
            require_version(before, command.expected_version)
            after = before
            if command.role is not None:
                after, over = await change_role(work, after, command.role, now)
                ended += over
            if command.is_active is not None:
                after, over = await change_activity(work, after, command.is_active, now)
                ended += over
            if after is not before:
                if command.user_id == command.principal.user_id:
                    raise OwnAccount
                await work.commit()
        self._revoke(ended)
        return after


class DeleteUser(EndsSessions):
    """For good; only the audit stays. Raises `UserNotFound`, `UserChanged`, `OwnAccount`."""

    async def __call__(self, command: DeleteUserCommand) -> None:
        if command.user_id == command.principal.user_id:
            raise OwnAccount
        async with self._start_work(on_behalf(command.principal, command.user_id)) as work:
            require_version(await work.users.get(command.user_id), command.expected_version)
            await work.users.delete(command.user_id)
            work.record(user_deleted(command.user_id, self._clock.now()))
            await work.commit()
        self._verifier.revoke_account(command.user_id)
