"""What every store of accounts and sessions promises, whatever it is made of."""

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest

from adapters.system.ids import Uuid7Generator
from application.identity.ports import IdentityUnitOfWork
from application.identity.queries import AccountQueries
from application.shared.pages import PageRequest
from application.shared.principal import Principal, Role, Trace
from domain.identity.errors import AccountChanged, EmailTaken, UserChanged, UserNotFound
from domain.identity.session import RefreshToken, Session
from domain.identity.user import Registration, User, new_user, patched, with_activity, with_role
from domain.shared.ids import SessionId, UserId
from tests.contract.systems import System

IDS = Uuid7Generator()
NOW = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
HASH = "$2b$04$" + "." * 53


class IdentityStore(Protocol):
    """One store, and the reads of it."""

    @property
    def accounts(self) -> AccountQueries: ...

    @property
    def system(self) -> System: ...

    def start_work(
        self, principal: Principal
    ) -> contextlib.AbstractAsyncContextManager[IdentityUnitOfWork]: ...


def acting_as(user_id: UserId) -> Principal:
    return Principal(user_id=user_id, role=Role.USER, trace=Trace(request_id="request-1"))


def a_user(email: str = "ada@example.org", at: datetime = NOW) -> User:
    registration = Registration(email=email, first_name="Ada", last_name=None)
    return new_user(UserId(IDS.new()), registration, Role.USER, at)


def a_session(user: User, at: datetime = NOW) -> Session:
    return Session(
        user_id=user.id,
        id=SessionId(IDS.new()),
        user_agent="curl/8",
        address="127.0.0.1",
        created_at=at,
        last_used_at=at,
        expires_at=at + timedelta(days=90),
    )


def a_token(session: Session, digest: bytes) -> RefreshToken:
    return RefreshToken(
        user_id=session.user_id,
        id=IDS.new(),
        session_id=session.id,
        token_hash=digest * 32,
        issued_at=session.created_at,
        expires_at=session.created_at + timedelta(days=30),
    )


async def stored(store: IdentityStore, user: User) -> User:
    async with store.start_work(acting_as(user.id)) as work:
        await work.users.add(user, HASH)
        await work.commit()
    return user


async def logged_in(store: IdentityStore, user: User, digest: bytes) -> tuple[Session, RefreshToken]:
    session = a_session(user)
    token = a_token(session, digest)
    async with store.start_work(acting_as(user.id)) as work:
        await work.sessions.add(session, token, user.version)
        await work.commit()
    return session, token


class UserRepositoryContract:
    async def test_keeps_an_account_as_it_was_given(self, store: IdentityStore) -> None:
        user = await stored(store, a_user())
        async with store.start_work(acting_as(user.id)) as work:
            assert await work.users.get(user.id) == user
        assert await store.accounts.account(user.id) == user

    async def test_refuses_a_taken_address_in_any_spelling(self, store: IdentityStore) -> None:
        await stored(store, a_user("ada@example.org"))
        with pytest.raises(EmailTaken):
            await stored(store, a_user("Ada@Example.org"))

    async def test_finds_nobody_where_nobody_is(self, store: IdentityStore) -> None:
        nobody = UserId(IDS.new())
        with pytest.raises(UserNotFound):
            await store.accounts.account(nobody)
        async with store.start_work(acting_as(nobody)) as work:
            with pytest.raises(UserNotFound):
                await work.users.get(nobody)

    async def test_saves_the_next_version(self, store: IdentityStore) -> None:
        user = await stored(store, a_user())
        later = NOW + timedelta(hours=1)
        changed = patched(user, {"first_name": None, "last_name": "Lovelace"}, later)
        async with store.start_work(acting_as(user.id)) as work:
            await work.users.save(changed)
            await work.commit()
        assert await store.accounts.account(user.id) == changed

    async def test_saves_role_and_activity(self, store: IdentityStore) -> None:
        user = await stored(store, a_user())
        promoted = with_role(user, Role.ADMIN, NOW)
        for after in (promoted, with_activity(promoted, False, NOW)):
            async with store.start_work(acting_as(user.id)) as work:
                await work.users.save(after)
                await work.commit()
            assert await store.accounts.account(user.id) == after

    async def test_refuses_to_save_over_somebody_elses_change(self, store: IdentityStore) -> None:
        user = await stored(store, a_user())
        changed = patched(user, {"last_name": "Lovelace"}, NOW)
        async with store.start_work(acting_as(user.id)) as work:
            await work.users.save(changed)
            await work.commit()
        async with store.start_work(acting_as(user.id)) as work:
            with pytest.raises(UserChanged):
                await work.users.save(changed)

    async def test_forgets_what_was_not_committed(self, store: IdentityStore) -> None:
        user = a_user()
        async with store.start_work(acting_as(user.id)) as work:
            await work.users.add(user, HASH)
        with pytest.raises(UserNotFound):
            await store.accounts.account(user.id)


class SessionRepositoryContract:
    async def test_presents_a_token_with_its_session(self, store: IdentityStore) -> None:
        user = await stored(store, a_user())
        session, token = await logged_in(store, user, b"a")
        async with store.start_work(acting_as(user.id)) as work:
            presented = await work.sessions.presented(user.id, token.token_hash)
        assert presented is not None
        assert (presented.token, presented.session) == (token, session)
        assert (presented.role, presented.is_active) == (Role.USER, True)

    async def test_presents_no_unknown_token_and_nobody_elses(self, store: IdentityStore) -> None:
        ada, eve = await stored(store, a_user()), await stored(store, a_user("eve@example.org"))
        _, token = await logged_in(store, ada, b"a")
        async with store.start_work(acting_as(eve.id)) as work:
            assert await work.sessions.presented(eve.id, token.token_hash) is None
            assert await work.sessions.presented(eve.id, b"x" * 32) is None

    @pytest.mark.parametrize("change", ["inactive", "another version", "absent"])
    async def test_starts_no_session_for_an_account_that_changed(
        self, store: IdentityStore, change: str
    ) -> None:
        user = a_user()
        closed, renamed = with_activity(user, False, NOW), patched(user, {"last_name": "L"}, NOW)
        if change != "absent":
            await stored(store, user)
            changed = closed if change == "inactive" else renamed
            async with store.start_work(acting_as(user.id)) as work:
                await work.users.save(changed)
                await work.commit()
        version = closed.version if change == "inactive" else user.version
        session = a_session(user)
        async with store.start_work(acting_as(user.id)) as work:
            with pytest.raises(AccountChanged):
                await work.sessions.add(session, a_token(session, b"a"), version)

    async def test_rotates_a_token(self, store: IdentityStore) -> None:
        user = await stored(store, a_user())
        session, token = await logged_in(store, user, b"a")
        later = NOW + timedelta(minutes=10)
        async with store.start_work(acting_as(user.id)) as work:
            await work.sessions.rotate(token, a_token(session, b"b"), later)
            await work.commit()
        async with store.start_work(acting_as(user.id)) as work:
            old = await work.sessions.presented(user.id, b"a" * 32)
            new = await work.sessions.presented(user.id, b"b" * 32)
        assert old is not None
        assert new is not None
        assert (old.token.used_at, new.token.used_at) == (later, None)
        assert new.session.last_used_at == later

    async def test_ends_a_session_once(self, store: IdentityStore) -> None:
        user = await stored(store, a_user())
        session, token = await logged_in(store, user, b"a")
        async with store.start_work(acting_as(user.id)) as work:
            ended = await work.sessions.end(user.id, session.id, NOW)
            await work.commit()
        assert ended is not None
        assert (ended.id, ended.revoked_at) == (session.id, NOW)
        async with store.start_work(acting_as(user.id)) as work:
            assert await work.sessions.end(user.id, session.id, NOW) is None
            presented = await work.sessions.presented(user.id, token.token_hash)
        assert presented is not None
        assert presented.session.revoked_at == NOW

    async def test_ends_nobody_elses_session(self, store: IdentityStore) -> None:
        ada, eve = await stored(store, a_user()), await stored(store, a_user("eve@example.org"))
        session, _ = await logged_in(store, ada, b"a")
        async with store.start_work(acting_as(eve.id)) as work:
            assert await work.sessions.end(eve.id, session.id, NOW) is None
            assert await work.sessions.end_all(eve.id, NOW) == []

    async def test_ends_all_sessions_that_are_alive(self, store: IdentityStore) -> None:
        user = await stored(store, a_user())
        first, _ = await logged_in(store, user, b"a")
        second, _ = await logged_in(store, user, b"b")
        over, _ = await logged_in(store, user, b"c")
        async with store.start_work(acting_as(user.id)) as work:
            await work.sessions.end(user.id, over.id, NOW)
            await work.commit()
        async with store.start_work(acting_as(user.id)) as work:
            ended = await work.sessions.end_all(user.id, NOW)
            await work.commit()
        assert [session.id for session in ended] == [first.id, second.id]
        async with store.start_work(acting_as(user.id)) as work:
            assert await work.sessions.end_all(user.id, NOW) == []

    async def test_lets_expired_sessions_be(self, store: IdentityStore) -> None:
        user = await stored(store, a_user())
        session, _ = await logged_in(store, user, b"a")
        async with store.start_work(acting_as(user.id)) as work:
            assert await work.sessions.end_all(user.id, session.expires_at) == []


class AccountQueriesContract:
    async def test_finds_credentials_by_address(self, store: IdentityStore) -> None:
        user = await stored(store, a_user("ada@example.org"))
        found = await store.accounts.credentials("ada@example.org")
        assert found is not None
        assert (found.user, found.password_hash) == (user, HASH)
        assert HASH not in repr(found)
        assert await store.accounts.credentials("nobody@example.org") is None

    @pytest.mark.parametrize("sort", ["created_at", "email"])
    @pytest.mark.parametrize("descending", [False, True])
    async def test_pages_through_all_accounts(
        self, store: IdentityStore, sort: str, descending: bool
    ) -> None:
        # Two of them were made in the same moment: the id decides.
        emails = ["c@example.org", "a@example.org", "b-d@example.org", "bd@example.org", "e@example.org"]
        users = [
            await stored(store, a_user(email, NOW + timedelta(minutes=min(place, 3))))
            for place, email in enumerate(emails)
        ]
        expected = sorted(users, key=lambda user: (getattr(user, sort), user.id), reverse=descending)
        request, found = PageRequest(sort=sort, descending=descending, limit=2), list[User]()
        while True:
            page = await store.accounts.accounts(request)
            found += page.rows
            if page.next is None:
                break
            request = PageRequest(sort=sort, descending=descending, limit=2, after=page.next)
        assert found == expected

    async def test_lists_sessions_that_ended_lately(self, store: IdentityStore) -> None:
        ada, eve = await stored(store, a_user()), await stored(store, a_user("eve@example.org"))
        ended = []
        for user, digest, at in ((ada, b"a", NOW), (eve, b"b", NOW), (eve, b"c", NOW - timedelta(hours=1))):
            session, _ = await logged_in(store, user, digest)
            async with store.start_work(acting_as(user.id)) as work:
                await work.sessions.end(user.id, session.id, at)
                await work.commit()
            ended.append(session.id)
        await logged_in(store, ada, b"d")
        assert set(await store.accounts.ended_sessions(NOW)) == set(ended[:2])
