"""Changes what an account says about its owner."""

from dataclasses import dataclass

from application.identity.ports import IdentityUnitOfWork
from application.shared.ports import Clock, StartWork
from application.shared.principal import Principal
from domain.identity.events import UserUpdated, user_event
from domain.identity.user import User, patched, require_version
from domain.shared.json import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateProfileCommand:
    """`patch` is a merge patch (RFC 7396) of `first_name` and `last_name`."""

    principal: Principal
    patch: JsonObject
    expected_version: int | None = None


class UpdateProfile:
    """Raises `InvalidInput`, `UserNotFound`, `UserChanged`. A change to nothing new is no change."""

    def __init__(self, start_work: StartWork[IdentityUnitOfWork], clock: Clock) -> None:
        self._start_work = start_work
        self._clock = clock

    async def __call__(self, command: UpdateProfileCommand) -> User:
        async with self._start_work(command.principal) as work:
            before = await work.users.get(command.principal.user_id)
            require_version(before, command.expected_version)
            after = patched(before, command.patch, self._clock.now())
            if after is not before:
                await work.users.save(after)
                work.record(user_event(UserUpdated, after))
                await work.commit()
        return after
