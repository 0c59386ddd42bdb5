"""Opens an account: for whoever asks, or with a role by an administrator."""

from dataclasses import dataclass, field

from application.identity.ports import IdentityUnitOfWork, IsCommonPassword, PasswordHasher
from application.identity.queries import AccountQueries, UserView, user_view
from application.shared.ports import Clock, IdGenerator, StartWork
from application.shared.principal import Principal, Trace
from domain.identity.errors import EmailTaken
from domain.identity.events import UserRegistered, user_event
from domain.identity.password import check_password
from domain.identity.user import Registration, checked, new_user
from domain.shared.checks import Checks
from domain.shared.ids import UserId
from domain.shared.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterUserCommand:
    """`role` is never a client's to choose: whoever registers over HTTP is a user."""

    trace: Trace
    registration: Registration
    password: str = field(repr=False)
    role: Role = Role.USER


class RegisterUser:
    """Raises `InvalidInput`, `EmailTaken`, `TooBusy`."""

    def __init__(
        self,
        *,
        start_work: StartWork[IdentityUnitOfWork],
        accounts: AccountQueries,
        hasher: PasswordHasher,
        is_common: IsCommonPassword,
        clock: Clock,
        ids: IdGenerator,
    ) -> None:
        self._start_work = start_work
        self._accounts = accounts
        self._hasher = hasher
        self._is_common = is_common
        self._clock = clock
        self._ids = ids

    async def __call__(self, command: RegisterUserCommand) -> UserView:
        checks = Checks()
        registration = checked(command.registration, checks)
        check_password(checks, command.password, registration.email, self._is_common)
        checks.finish()
        # Hashing is dear, so a taken address is refused before it; the unique index decides in the end.
        if await self._accounts.credentials(registration.email) is not None:
            raise EmailTaken
        password_hash = await self._hasher.hash(command.password)
        user = new_user(UserId(self._ids.new()), registration, command.role, self._clock.now())
        principal = Principal(user_id=user.id, role=user.role, trace=command.trace)
        async with self._start_work(principal) as work:
            await work.users.add(user, password_hash)
            work.record(user_event(UserRegistered, user))
            await work.commit()
        return user_view(user)
