"""Sessions over Postgres, with callers that really run at the same time."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.postgres.identity_queries import PostgresAccountQueries
from adapters.postgres.provision import Logins
from adapters.security.common_passwords import is_common_password
from adapters.security.keys import KeyRing, hs256_key
from adapters.security.passwords import BcryptPasswordHasher
from adapters.security.tokens import JwtTokens
from adapters.security.verifier import CachingTokenVerifier
from adapters.system.clock import SystemClock
from adapters.system.ids import Uuid7Generator
from application.identity.log_in import LogIn, LogInCommand
from application.identity.refresh_session import RefreshSession, RefreshSessionCommand
from application.identity.register_user import RegisterUser, RegisterUserCommand
from application.identity.set_user_active import SetUserActive, SetUserActiveCommand
from application.identity.token_pairs import Lifetimes, TokenPair, TokenPairs
from application.shared.principal import Trace
from domain.identity.errors import AccountChanged, EmailTaken, InvalidCredentials, InvalidRefreshToken
from domain.identity.user import Registration
from domain.shared.ids import UserId
from tests.contract.systems import PostgresSystem, postgres_system

TRACE = Trace(request_id="request-1", address="192.0.2.1")
REGISTRATION = Registration(email="ada@example.org")
PASSWORD = "correct horse battery"


class Process:
    """One process's use cases; two of them share nothing but the database."""

    def __init__(self, system: PostgresSystem) -> None:
        clock, ids, lifetimes = SystemClock(), Uuid7Generator(), Lifetimes()
        accounts = PostgresAccountQueries(system.database)
        tokens = JwtTokens(KeyRing(hs256_key("s" * 32)), "issuer", "audience", clock)
        pairs = TokenPairs(tokens, ids, lifetimes)
        self.hasher = BcryptPasswordHasher(cost=4, waiting=100)
        self.verifier = CachingTokenVerifier(tokens, clock, lifetime=lifetimes.access)
        self.register = RegisterUser(
            start_work=system.start_work,
            accounts=accounts,
            hasher=self.hasher,
            is_common=is_common_password,
            clock=clock,
            ids=ids,
        )
        self.log_in = LogIn(
            start_work=system.start_work,
            accounts=accounts,
            hasher=self.hasher,
            pairs=pairs,
            clock=clock,
            ids=ids,
            pause=asyncio.sleep,
        )
        self.refresh = RefreshSession(
            start_work=system.start_work,
            reader=tokens,
            verifier=self.verifier,
            pairs=pairs,
            clock=clock,
            pause=asyncio.sleep,
        )
        self.set_active = SetUserActive(system.start_work, self.verifier, clock)

    async def registered(self) -> UserId:
        command = RegisterUserCommand(trace=TRACE, registration=REGISTRATION, password=PASSWORD)
        return UserId((await self.register(command)).id)

    async def logged_in(self) -> TokenPair:
        return await self.log_in(LogInCommand(trace=TRACE, email=REGISTRATION.email, password=PASSWORD))

    async def refreshed(self, pair: TokenPair) -> TokenPair:
        return await self.refresh(RefreshSessionCommand(trace=TRACE, refresh_token=pair.refresh_token))


@pytest.fixture
async def processes(migrated_database: Logins) -> AsyncIterator[tuple[Process, Process]]:
    async with postgres_system(migrated_database) as one, postgres_system(migrated_database) as two:
        pair = Process(one), Process(two)
        yield pair
        for process in pair:
            process.hasher.close()


async def test_twenty_callers_with_one_token_leave_one_live_chain(processes: tuple[Process, Process]) -> None:
    await processes[0].registered()
    first = await processes[0].logged_in()
    outcomes = await asyncio.gather(
        *(processes[n % 2].refreshed(first) for n in range(20)), return_exceptions=True
    )
    pairs = [outcome for outcome in outcomes if isinstance(outcome, TokenPair)]
    assert len(pairs) == 1
    assert sum(isinstance(outcome, InvalidRefreshToken) for outcome in outcomes) == 19
    second = await processes[1].refreshed(pairs[0])
    with pytest.raises(InvalidRefreshToken):
        await processes[1].refreshed(first)  # once its answer could be read, a second use is a theft
    with pytest.raises(InvalidRefreshToken):
        await processes[0].refreshed(second)


async def test_one_of_many_with_one_address_gets_the_account(processes: tuple[Process, Process]) -> None:
    outcomes = await asyncio.gather(
        *(processes[n % 2].registered() for n in range(10)), return_exceptions=True
    )
    assert sum(not isinstance(outcome, BaseException) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, EmailTaken) for outcome in outcomes) == 9


async def test_no_session_outlives_the_closing_of_its_account(processes: tuple[Process, Process]) -> None:
    one, two = processes
    user_id = await one.registered()
    first = await one.logged_in()

    async def close() -> None:
        await two.set_active(SetUserActiveCommand(trace=TRACE, user_id=user_id, active=False))

    attempts = [one.logged_in() if n % 2 else one.refreshed(first) for n in range(10)]
    outcomes = await asyncio.gather(close(), *attempts, return_exceptions=True)
    refusals = (InvalidCredentials, InvalidRefreshToken, AccountChanged)
    assert outcomes[0] is None
    assert all(isinstance(outcome, (TokenPair, *refusals)) for outcome in outcomes[1:])
    for pair in (outcome for outcome in outcomes if isinstance(outcome, TokenPair)):
        with pytest.raises(InvalidRefreshToken):
            await two.refreshed(pair)
