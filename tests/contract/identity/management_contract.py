"""What every store promises about passwords, sessions that are listed, and accounts that are deleted."""

from datetime import timedelta

import pytest

from application.identity.queries import AccountFilter
from application.shared.pages import PageRequest
from application.shared.principal import Role
from domain.identity.errors import UserChanged, UserNotFound
from domain.identity.events import user_deleted
from domain.identity.session import Session
from domain.identity.user import with_activity, with_new_password, with_role
from domain.shared.ids import UserId
from tests.contract.identity.contract import (
    HASH,
    IDS,
    NOW,
    IdentityStore,
    a_session,
    a_token,
    a_user,
    acting_as,
    logged_in,
    stored,
)
from tests.contract.systems import something

OTHER_HASH = "$2b$04$" + "/" * 53


class AccountManagementContract:
    async def test_keeps_another_password(self, store: IdentityStore) -> None:
        user = await stored(store, a_user())
        after = with_new_password(user, NOW + timedelta(hours=1))
        async with store.start_work(acting_as(user.id)) as work:
            await work.users.set_password(after, OTHER_HASH)
            await work.commit()
        found = await store.accounts.own_credentials(user.id)
        assert (found.user, found.password_hash) == (after, OTHER_HASH)
        async with store.start_work(acting_as(user.id)) as work:
            with pytest.raises(UserChanged):
                await work.users.set_password(after, HASH)

    async def test_has_no_credentials_of_nobody(self, store: IdentityStore) -> None:
        with pytest.raises(UserNotFound):
            await store.accounts.own_credentials(UserId(IDS.new()))

    async def test_ends_all_sessions_but_one(self, store: IdentityStore) -> None:
        user = await stored(store, a_user())
        kept, _ = await logged_in(store, user, b"a")
        other, _ = await logged_in(store, user, b"b")
        async with store.start_work(acting_as(user.id)) as work:
            ended = await work.sessions.end_all(user.id, NOW, keep=kept.id)
            await work.commit()
        assert [session.id for session in ended] == [other.id]

    @pytest.mark.parametrize("descending", [False, True])
    async def test_pages_through_the_sessions_that_are_alive(
        self, store: IdentityStore, descending: bool
    ) -> None:
        user, eve = await stored(store, a_user()), await stored(store, a_user("eve@example.org"))
        await logged_in(store, eve, b"e")
        over, _ = await logged_in(store, user, b"o")
        alive = [a_session(user, NOW + timedelta(minutes=minutes)) for minutes in (0, 1, 1, 2)]
        idle = a_session(user, NOW - timedelta(days=1))
        async with store.start_work(acting_as(user.id)) as work:
            await work.sessions.end(user.id, over.id, NOW)
            for place, session in enumerate([*alive, idle]):
                await work.sessions.add(session, a_token(session, bytes([place])), user.version)
            await work.commit()
        alive.sort(key=lambda session: (session.created_at, session.id), reverse=descending)
        request, found = PageRequest(sort="created_at", descending=descending, limit=3), list[Session]()
        used_after = NOW - timedelta(hours=1)
        while True:
            page = await store.accounts.sessions(user.id, NOW, used_after, request)
            found += page.rows
            if page.next is None:
                break
            request = PageRequest(sort="created_at", descending=descending, limit=3, after=page.next)
        assert found == alive
        ended = alive[0].expires_at + timedelta(days=1)
        none = await store.accounts.sessions(user.id, ended, used_after, PageRequest(sort="created_at"))
        assert (none.rows, none.next) == ([], None)

    async def test_finds_accounts_by_text_role_and_activity(self, store: IdentityStore) -> None:
        ada = await stored(store, a_user("ada@example.org"))
        eve = await stored(store, a_user("eve_1%@example.org", NOW + timedelta(minutes=1)))
        moderator = with_role(eve, Role.MODERATOR, NOW)
        async with store.start_work(acting_as(eve.id)) as work:
            await work.users.save(moderator)
            await work.users.save(with_activity(moderator, False, NOW))
            await work.commit()
        for wanted, ids in (
            (AccountFilter(), [ada.id, eve.id]),
            (AccountFilter(q="EXAMPLE"), [ada.id, eve.id]),
            (AccountFilter(q="ada@"), [ada.id]),
            (AccountFilter(q="_1%"), [eve.id]),
            (AccountFilter(q=" aDa "), [ada.id, eve.id]),
            (AccountFilter(q="nobody"), []),
            (AccountFilter(role=Role.MODERATOR), [eve.id]),
            (AccountFilter(role=Role.ADMIN), []),
            (AccountFilter(is_active=True), [ada.id]),
            (AccountFilter(is_active=False, role=Role.MODERATOR, q="eve"), [eve.id]),
        ):
            for limit in (1, 50):
                page = await store.accounts.accounts(PageRequest(sort="created_at", limit=limit), wanted)
                assert [user.id for user in page.rows] == ids[:limit], wanted
                assert (page.next is None) == (len(ids) <= limit)

    async def test_deletes_an_account_with_everything_but_the_audit(self, store: IdentityStore) -> None:
        ada, eve = await stored(store, a_user()), await stored(store, a_user("eve@example.org"))
        _, token = await logged_in(store, ada, b"a")
        _, others = await logged_in(store, eve, b"b")
        for user in (ada, eve):
            async with store.start_work(acting_as(user.id)) as work:
                work.record(something(user.id))
                await work.commit()
        async with store.start_work(acting_as(ada.id)) as work:
            await work.users.delete(ada.id)
            work.record(user_deleted(ada.id, NOW))
            await work.commit()
        with pytest.raises(UserNotFound):
            await store.accounts.account(ada.id)
        async with store.start_work(acting_as(ada.id)) as work:
            assert await work.sessions.presented(ada.id, token.token_hash) is None
            with pytest.raises(UserNotFound):
                await work.users.delete(ada.id)
        async with store.start_work(acting_as(eve.id)) as work:
            assert await work.sessions.presented(eve.id, others.token_hash) is not None
        assert await store.accounts.account(eve.id) == eve
        async with store.system.outbox.lead() as lease:
            await lease.assign_positions(100)
            types = [(event.user_id, event.type) for event in await lease.unpublished(100)]
        assert types == [(eve.id, "something.happened"), (ada.id, "user.deleted")]
        assert [entry.action for entry in await store.system.audited(ada.id)] == [
            "something.happened",
            "user.deleted",
        ]
        assert await store.accounts.deleted_accounts(NOW) == [ada.id]
        assert await store.accounts.deleted_accounts(NOW + timedelta(seconds=1)) == []
        await stored(store, a_user())

    async def test_an_account_stays_until_its_deletion_is_committed(self, store: IdentityStore) -> None:
        ada = await stored(store, a_user())
        async with store.start_work(acting_as(ada.id)) as work:
            await work.users.delete(ada.id)
        assert await store.accounts.account(ada.id) == ada, "what is not committed has not happened"
