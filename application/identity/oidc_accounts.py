"""Finds, links or opens the account of whom a provider has let in; only a verified address links or opens."""

from application.identity.oidc_ports import ExternalIdentityQueries, LinkedAccount, OidcUnitOfWork
from application.identity.ports import TokenVerifier
from application.identity.queries import AccountQueries, Credentials
from application.identity.token_pairs import TokenPair, TokenPairs
from application.shared.ports import Clock, IdGenerator, StartWork
from application.shared.principal import Principal, Trace
from domain.identity.api_key_events import api_key_revoked
from domain.identity.errors import (
    AccountChanged,
    AccountInactive,
    EmailNotVerified,
    EmailTaken,
    IdentityTaken,
)
from domain.identity.events import UserRegistered, session_ended, session_refused, user_event
from domain.identity.external_identity import (
    Assertion,
    ExternalIdentity,
    new_identity,
    registration_of,
    vouched_email,
)
from domain.identity.external_identity_events import identity_linked, password_removed, session_started_with
from domain.identity.session import EndReason, Session, shown_user_agent
from domain.identity.user import User, new_user, with_new_password
from domain.shared.ids import ExternalIdentityId, SessionId, UserId
from domain.shared.roles import Role

# Two browsers may log in for the first time at once: the one that came second looks again.
ATTEMPTS = 3


class OidcAccounts:
    """One transaction for each way in: to the linked account, to one with the same address, to a new one."""

    def __init__(
        self,
        *,
        start_work: StartWork[OidcUnitOfWork],
        accounts: AccountQueries,
        identities: ExternalIdentityQueries,
        pairs: TokenPairs,
        verifier: TokenVerifier,
        clock: Clock,
        ids: IdGenerator,
    ) -> None:
        self._start_work = start_work
        self._accounts = accounts
        self._identities = identities
        self._pairs = pairs
        self._verifier = verifier
        self._clock = clock
        self._ids = ids

    async def log_in(self, assertion: Assertion, trace: Trace, user_agent: str | None) -> TokenPair:
        """A session. Raises `EmailNotVerified`, `AccountInactive`, `AccountChanged`."""
        for _ in range(ATTEMPTS):
            try:
                return await self._attempt(assertion, trace, user_agent)
            except (EmailTaken, IdentityTaken, AccountChanged):
                continue
        raise AccountChanged

    async def _attempt(self, assertion: Assertion, trace: Trace, user_agent: str | None) -> TokenPair:
        found = await self._identities.linked(assertion.issuer, assertion.subject)
        if found is not None:
            return await self._return(found, assertion, trace, user_agent)
        email = vouched_email(assertion)
        if email is None:
            raise EmailNotVerified
        known = await self._accounts.credentials(email)
        if known is None:
            return await self._open(assertion, email, trace, user_agent)
        return await self._link(known, assertion, email, trace, user_agent)

    async def _return(
        self, found: LinkedAccount, assertion: Assertion, trace: Trace, user_agent: str | None
    ) -> TokenPair:
        user = found.user
        await self._require_open(user, trace)
        async with self._start_work(_acting(user, trace)) as work:
            if not await work.external_identities.use(user.id, found.identity.id, self._clock.now()):
                raise AccountChanged
            pair = await self._start(work, user, assertion, trace, user_agent)
            await work.commit()
        return pair

    async def _open(
        self, assertion: Assertion, email: str, trace: Trace, user_agent: str | None
    ) -> TokenPair:
        registration = registration_of(assertion, email)
        user = new_user(UserId(self._ids.new()), registration, Role.USER, self._clock.now())
        async with self._start_work(_acting(user, trace)) as work:
            await work.users.add(user, None)
            work.record(user_event(UserRegistered, user))
            await self._add(work, self._identity(user, assertion, email))
            pair = await self._start(work, user, assertion, trace, user_agent)
            await work.commit()
        return pair

    async def _link(
        self, known: Credentials, assertion: Assertion, email: str, trace: Trace, user_agent: str | None
    ) -> TokenPair:
        """Nobody has ever checked whose address the account was opened with: it may have been somebody who
        waits for its owner to move in. So the first proof of the address takes the account over: the password
        goes, and every session and key with it. Once an identity is linked, the address is proven."""
        await self._require_open(known.user, trace)
        now, ended = self._clock.now(), list[Session]()
        async with self._start_work(_acting(known.user, trace)) as work:
            user = await work.users.get(known.user.id)
            if user.version != known.user.version:
                raise AccountChanged
            if not await work.external_identities.of_user(user.id):
                if known.password_hash is not None:
                    user = with_new_password(user, now)
                    await work.users.set_password(user, None)
                    work.record(password_removed(user))
                ended += await work.sessions.end_all(user.id, now)
                for session in ended:
                    work.record(session_ended(session, EndReason.IDENTITY_LINKED, now))
                for key in await work.api_keys.revoke_all(user.id, now):
                    work.record(api_key_revoked(key, now))
            await self._add(work, self._identity(user, assertion, email))
            pair = await self._start(work, user, assertion, trace, user_agent)
            await work.commit()
        for session in ended:
            self._verifier.revoke(session.id)
        return pair

    async def _require_open(self, user: User, trace: Trace) -> None:
        if user.is_active:
            return
        async with self._start_work(_acting(user, trace)) as work:
            work.record(session_refused(user.id, "account_inactive", self._clock.now()))
            await work.commit()
        raise AccountInactive(user_id=user.id, on_record=True)

    def _identity(self, user: User, assertion: Assertion, email: str) -> ExternalIdentity:
        identity_id = ExternalIdentityId(self._ids.new())
        return new_identity(identity_id, user.id, assertion, email, self._clock.now())

    async def _add(self, work: OidcUnitOfWork, identity: ExternalIdentity) -> None:
        await work.external_identities.add(identity)
        work.record(identity_linked(identity))

    async def _start(
        self, work: OidcUnitOfWork, user: User, assertion: Assertion, trace: Trace, user_agent: str | None
    ) -> TokenPair:
        now = self._clock.now()
        session = Session(
            user_id=user.id,
            id=SessionId(self._ids.new()),
            user_agent=shown_user_agent(user_agent),
            address=trace.address,
            created_at=now,
            last_used_at=now,
            expires_at=now + self._pairs.lifetimes.session,
        )
        pair, token = self._pairs.issue(session, user.role, now)
        await work.sessions.add(session, token, user.version)
        work.record(session_started_with(session, assertion.provider))
        return pair


def _acting(user: User, trace: Trace) -> Principal:
    return Principal(user_id=user.id, role=user.role, trace=trace)
