"""Starts a session for whoever knows the password."""

from dataclasses import dataclass, field
from datetime import datetime

from application.identity.ports import IdentityUnitOfWork, PasswordHasher, Pause
from application.identity.queries import AccountQueries, Credentials
from application.identity.token_pairs import TokenPair, TokenPairs
from application.shared.ports import Clock, IdGenerator, StartWork
from application.shared.principal import Principal, Trace
from domain.identity.email import email_address
from domain.identity.errors import InvalidCredentials
from domain.identity.events import SessionStarted, session_event, session_refused
from domain.identity.session import Session, shown_user_agent
from domain.identity.user import User
from domain.shared.ids import SessionId

# Refusals leave on this grid (seconds), so that the time it takes to write one down tells nobody that
# the account exists.
REFUSAL_GRID = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class LogInCommand:
    trace: Trace
    email: str
    password: str = field(repr=False)
    user_agent: str | None = None


class LogIn:
    """Raises `InvalidCredentials`, alike for an unknown address, a wrong password and a closed account, and
    `TooBusy`."""

    def __init__(
        self,
        *,
        start_work: StartWork[IdentityUnitOfWork],
        accounts: AccountQueries,
        hasher: PasswordHasher,
        pairs: TokenPairs,
        clock: Clock,
        ids: IdGenerator,
        pause: Pause,
    ) -> None:
        self._start_work = start_work
        self._accounts = accounts
        self._hasher = hasher
        self._pairs = pairs
        self._clock = clock
        self._ids = ids
        self._pause = pause

    async def __call__(self, command: LogInCommand) -> TokenPair:
        began = self._clock.now()
        email = email_address(command.email)
        found = await self._accounts.credentials(email) if email else None
        right = await self._hasher.verify(command.password, found.password_hash if found else None)
        if found is None or not right or not found.user.is_active:
            await self._refuse(command, found, right, began)
            raise InvalidCredentials(reason="unknown_user", on_record=found is not None)
        return await self._start(command, found.user)

    async def _start(self, command: LogInCommand, user: User) -> TokenPair:
        now = self._clock.now()
        session = Session(
            user_id=user.id,
            id=SessionId(self._ids.new()),
            user_agent=shown_user_agent(command.user_agent),
            address=command.trace.address,
            created_at=now,
            last_used_at=now,
            expires_at=now + self._pairs.lifetimes.session,
        )
        pair, token = self._pairs.issue(session, user.role, now)
        principal = Principal(user_id=user.id, role=user.role, trace=command.trace, session_id=session.id)
        async with self._start_work(principal) as work:
            await work.sessions.add(session, token, user.version)
            work.record(session_event(SessionStarted, session))
            await work.commit()
        return pair

    async def _refuse(
        self, command: LogInCommand, found: Credentials | None, right: bool, began: datetime
    ) -> None:
        if found is not None:
            reason = "account_inactive" if right else "wrong_password"
            principal = Principal(user_id=found.user.id, role=found.user.role, trace=command.trace)
            async with self._start_work(principal) as work:
                work.record(session_refused(found.user.id, reason, self._clock.now()))
                await work.commit()
        elapsed = (self._clock.now() - began).total_seconds()
        await self._pause(REFUSAL_GRID - elapsed % REFUSAL_GRID)
