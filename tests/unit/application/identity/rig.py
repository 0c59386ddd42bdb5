"""The use cases of identity over the store in memory, with real tokens and a clock that is set."""

from datetime import UTC, datetime, timedelta

from adapters.memory.api_key_queries import InMemoryApiKeyQueries, InMemoryBearerQueries
from adapters.memory.identity_queries import InMemoryAccountQueries
from adapters.security.common_passwords import is_common_password
from adapters.security.keys import KeyRing, hs256_key
from adapters.security.passwords import BcryptPasswordHasher
from adapters.security.tokens import JwtTokens
from adapters.security.verifier import CachingTokenVerifier
from adapters.system.ids import Uuid7Generator
from adapters.system.random_text import random_text
from application.identity.administer_user import ChangeUser, DeleteUser
from application.identity.authenticate_program import AuthenticateProgram
from application.identity.change_password import ChangePassword
from application.identity.confirm_password import ConfirmPassword
from application.identity.create_api_key import CreateApiKey
from application.identity.delete_account import DeleteAccount
from application.identity.end_session import EndSession
from application.identity.grant_client_token import GrantClientToken
from application.identity.issue_socket_ticket import IssueSocketTicket
from application.identity.list_sessions import ListSessions
from application.identity.log_in import LogIn, LogInCommand
from application.identity.log_out import LogOut
from application.identity.ports import Pause
from application.identity.queries import UserView
from application.identity.refresh_session import RefreshSession, RefreshSessionCommand
from application.identity.register_user import RegisterUser, RegisterUserCommand
from application.identity.revoke_api_key import RevokeApiKey
from application.identity.set_user_active import SetUserActive
from application.identity.set_user_role import SetUserRole
from application.identity.token_pairs import Lifetimes, TokenPair, TokenPairs
from application.identity.update_profile import UpdateProfile
from application.identity.when_session_ended_revoke import CatchUpOnEndedSessions, WhenSessionEndedRevoke
from application.shared.ports import Clock
from application.shared.principal import Principal, Role, Trace
from domain.identity.user import Registration
from entrypoints.authentication import BearerAuthentication
from tests.contract.systems import MemorySystem

PASSWORD = "correct horse battery"
TRACE = Trace(request_id="request-1", address="192.0.2.1")
OVERLAP = timedelta(milliseconds=250)


class SetClock(Clock):
    def __init__(self) -> None:
        self.time = datetime(2026, 11, 21, 12, tzinfo=UTC)
        self.pauses: list[float] = []

    def now(self) -> datetime:
        return self.time

    def pass_by(self, **duration: float) -> None:
        self.time += timedelta(**duration)

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.pass_by(seconds=seconds)


class Rig:
    """Everything ready to be called; `process` makes a second one that shares the store alone."""

    def __init__(
        self,
        system: MemorySystem | None = None,
        clock: SetClock | None = None,
        pause: Pause | None = None,
    ) -> None:
        self.system = system or MemorySystem()
        self.clock = clock or SetClock()
        ids, start = Uuid7Generator(), self.system.start_work
        self.lifetimes = Lifetimes(overlap=OVERLAP)
        self.accounts = InMemoryAccountQueries(self.system.store)
        self.hasher = BcryptPasswordHasher(cost=4)
        self.tokens = JwtTokens(KeyRing(hs256_key("s" * 32)), "issuer", "audience", self.clock)
        self.verifier = CachingTokenVerifier(self.tokens, self.clock, lifetime=self.lifetimes.access)
        self.api_keys = InMemoryApiKeyQueries(self.system.store)
        self.programs = AuthenticateProgram(InMemoryBearerQueries(self.system.store), self.clock)
        self.authentication = BearerAuthentication(self.verifier, self.programs)
        self.authenticate = self.authentication.request
        self.create_api_key = CreateApiKey(
            start_work=start, random_text=random_text, clock=self.clock, ids=ids
        )
        self.revoke_api_key = RevokeApiKey(start, self.clock)
        self.issue_ticket = IssueSocketTicket(start, random_text, self.clock)
        self.grant_client_token = GrantClientToken(
            programs=self.programs, issuer=self.tokens, lifetimes=self.lifetimes, clock=self.clock, ids=ids
        )
        pairs = TokenPairs(self.tokens, ids, self.lifetimes)
        self.register = RegisterUser(
            start_work=start,
            accounts=self.accounts,
            hasher=self.hasher,
            is_common=is_common_password,
            clock=self.clock,
            ids=ids,
        )
        self.log_in = LogIn(
            start_work=start,
            accounts=self.accounts,
            hasher=self.hasher,
            pairs=pairs,
            clock=self.clock,
            ids=ids,
            pause=pause or self.clock.pause,
        )
        self.refresh = RefreshSession(
            start_work=start,
            reader=self.tokens,
            verifier=self.verifier,
            pairs=pairs,
            clock=self.clock,
            pause=pause or self.clock.pause,
        )
        self.log_out = LogOut(start, self.verifier, self.clock)
        self.update_profile = UpdateProfile(start, self.clock)
        confirm = ConfirmPassword(start, self.accounts, self.hasher, self.clock)
        self.list_sessions = ListSessions(self.accounts, self.lifetimes, self.clock)
        self.end_session = EndSession(start, self.verifier, self.clock)
        self.change_password = ChangePassword(
            start_work=start,
            accounts=self.accounts,
            confirm=confirm,
            hasher=self.hasher,
            is_common=is_common_password,
            verifier=self.verifier,
            clock=self.clock,
        )
        self.delete_account = DeleteAccount(start, confirm, self.verifier, self.clock)
        self.change_user = ChangeUser(start, self.verifier, self.clock)
        self.delete_user = DeleteUser(start, self.verifier, self.clock)
        self.catch_up = CatchUpOnEndedSessions(self.accounts, self.verifier, self.lifetimes, self.clock)
        self.hear = WhenSessionEndedRevoke(self.verifier)
        self.set_role = SetUserRole(start, self.verifier, self.clock)
        self.set_active = SetUserActive(start, self.verifier, self.clock)

    def process(self, pause: Pause | None = None) -> "Rig":
        return Rig(self.system, self.clock, pause)

    async def registered(self, email: str = "ada@example.org", role: Role = Role.USER) -> UserView:
        return await self.register(
            RegisterUserCommand(
                trace=TRACE, registration=Registration(email=email), password=PASSWORD, role=role
            )
        )

    async def logged_in(self, email: str = "ada@example.org", password: str = PASSWORD) -> TokenPair:
        return await self.log_in(
            LogInCommand(trace=TRACE, email=email, password=password, user_agent="curl/8")
        )

    async def refreshed(self, pair: TokenPair) -> TokenPair:
        return await self.refresh(RefreshSessionCommand(trace=TRACE, refresh_token=pair.refresh_token))

    def principal(self, pair: TokenPair) -> Principal:
        found = self.authenticate(pair.access_token, TRACE)
        assert isinstance(found, Principal), "a person's token is verified at once"
        return found

    def events(self) -> list[str]:
        return [recorded.event.type for recorded in self.system.store.events]
