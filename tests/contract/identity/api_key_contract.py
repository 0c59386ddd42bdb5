"""What every store of API keys and sockets' tickets promises, whatever it is made of."""

import asyncio
import contextlib
from datetime import timedelta
from typing import Protocol

import pytest

from application.identity.api_key_ports import ApiKeyUnitOfWork
from application.identity.api_key_queries import ApiKeyQueries, BearerQueries
from application.identity.ports import IdentityUnitOfWork
from application.shared.pages import PageRequest
from application.shared.principal import Principal, Role
from domain.identity.api_key import ApiKey, KeyHolder, SocketTicket
from domain.identity.api_key_errors import ApiKeyNotFound, TooManyApiKeys
from domain.identity.user import User, with_activity, with_role
from domain.shared.errors import AccountGone
from domain.shared.ids import ApiKeyId, SessionId
from domain.shared.scopes import Scope
from tests.contract.identity.contract import (
    HASH,
    IDS,
    NOW,
    a_session,
    a_token,
    a_user,
    acting_as,
)

MINUTE = timedelta(minutes=1)
SECRET = b"s" * 32


class Work(ApiKeyUnitOfWork, IdentityUnitOfWork, Protocol):
    """Keys and accounts together."""


class KeyStore(Protocol):
    """One store, and the reads of it."""

    @property
    def api_keys(self) -> ApiKeyQueries: ...

    @property
    def bearers(self) -> BearerQueries: ...

    def start_work(self, principal: Principal) -> contextlib.AbstractAsyncContextManager[Work]: ...


def a_key(user: User, number: int = 0, **given: object) -> ApiKey:
    made = {
        "user_id": user.id,
        "id": ApiKeyId(IDS.new()),
        "name": f"key {number}",
        "prefix": f"prefix{number:04}",
        "scopes": frozenset({Scope.READ, Scope.WRITE}),
        "created_at": NOW + number * MINUTE,
    }
    return ApiKey(**{**made, **given})  # type: ignore[arg-type]  # each has its field's type


async def added(store: KeyStore, key: ApiKey, most: int = 100, secret: bytes = SECRET) -> ApiKey:
    async with store.start_work(acting_as(key.user_id)) as work:
        await work.api_keys.add(key, secret, most)
        await work.commit()
    return key


async def registered(store: KeyStore, email: str = "ada@example.org") -> User:
    user = a_user(email)
    async with store.start_work(acting_as(user.id)) as work:
        await work.users.add(user, HASH)
        await work.commit()
    return user


async def revoked(store: KeyStore, key: ApiKey) -> None:
    async with store.start_work(acting_as(key.user_id)) as work:
        assert await work.api_keys.revoke(key.user_id, key.id, NOW) is not None
        await work.commit()


def a_ticket(user: User, **given: object) -> SocketTicket:
    made = {
        "user_id": user.id,
        "ticket_hash": b"t" * 32,
        "session_id": None,
        "api_key_id": None,
        "scopes": None,
        "ends_at": NOW + 10 * MINUTE,
        "expires_at": NOW + MINUTE,
    }
    return SocketTicket(**{**made, **given})  # type: ignore[arg-type]  # each has its field's type


async def issued(store: KeyStore, ticket: SocketTicket) -> SocketTicket:
    async with store.start_work(acting_as(ticket.user_id)) as work:
        await work.socket_tickets.add(ticket, NOW)
        await work.commit()
    return ticket


class ApiKeyContract:
    async def test_keeps_a_key_as_it_was_given(self, store: KeyStore) -> None:
        user = await registered(store)
        key = await added(store, a_key(user, expires_at=NOW + MINUTE))
        assert await store.api_keys.api_key(user.id, key.id) == key

    async def test_shows_nobody_elses_key(self, store: KeyStore) -> None:
        ada, eve = await registered(store), await registered(store, "eve@example.org")
        key = await added(store, a_key(ada))
        with pytest.raises(ApiKeyNotFound):
            await store.api_keys.api_key(eve.id, key.id)
        page = await store.api_keys.api_keys(eve.id, PageRequest(sort="created_at"))
        assert page.rows == []
        async with store.start_work(acting_as(eve.id)) as work:
            assert await work.api_keys.revoke(eve.id, key.id, NOW) is None

    @pytest.mark.parametrize("descending", [False, True])
    async def test_pages_through_the_keys_that_were_not_revoked(
        self, store: KeyStore, descending: bool
    ) -> None:
        user = await registered(store)
        keys = [await added(store, a_key(user, n, created_at=NOW + min(n, 3) * MINUTE)) for n in range(6)]
        await revoked(store, keys.pop(1))
        expected = sorted(keys, key=lambda key: (key.created_at, key.id), reverse=descending)
        request, found = PageRequest(sort="created_at", descending=descending, limit=2), list[ApiKey]()
        while True:
            page = await store.api_keys.api_keys(user.id, request)
            found += page.rows
            if page.next is None:
                break
            request = PageRequest(sort="created_at", descending=descending, limit=2, after=page.next)
        assert found == expected

    async def test_counts_only_keys_that_are_good(self, store: KeyStore) -> None:
        user = await registered(store)
        await added(store, a_key(user, 0, expires_at=NOW + MINUTE))
        second = await added(store, a_key(user, 1), most=2)
        with pytest.raises(TooManyApiKeys):
            await added(store, a_key(user, 2, created_at=NOW), most=2)
        await added(store, a_key(user, 2, created_at=NOW + MINUTE), most=2)
        await revoked(store, second)
        await added(store, a_key(user, 3), most=2)

    async def test_makes_no_key_for_an_account_that_is_gone(self, store: KeyStore) -> None:
        with pytest.raises(AccountGone):
            await added(store, a_key(a_user()))

    async def test_a_key_is_revoked_once(self, store: KeyStore) -> None:
        user = await registered(store)
        key = await added(store, a_key(user))
        await revoked(store, key)
        async with store.start_work(acting_as(user.id)) as work:
            assert await work.api_keys.revoke(user.id, key.id, NOW) is None
        assert (await store.api_keys.api_key(user.id, key.id)).revoked_at == NOW


class BearerContract:
    async def test_finds_a_key_with_what_its_account_is_now(self, store: KeyStore) -> None:
        user = await registered(store)
        key = await added(store, a_key(user))
        holder = KeyHolder(key=key, role=Role.USER, is_active=True)
        assert await store.bearers.by_prefix(key.prefix, SECRET, key.created_at) == holder
        for after in (
            with_role(user, Role.ADMIN, NOW),
            with_activity(with_role(user, Role.ADMIN, NOW), False, NOW),
        ):
            async with store.start_work(acting_as(user.id)) as work:
                await work.users.save(after)
                await work.commit()
            found = await store.bearers.by_id(key.id, None, key.created_at)
            assert found is not None
            assert (found.role, found.is_active) == (after.role, after.is_active)

    async def test_finds_nothing_for_a_wrong_name_or_secret(self, store: KeyStore) -> None:
        user = await registered(store)
        key = await added(store, a_key(user))
        assert await store.bearers.by_prefix(key.prefix, b"x" * 32, NOW) is None
        assert await store.bearers.by_prefix("unknown000", SECRET, NOW) is None
        assert await store.bearers.by_id(key.id, b"x" * 32, NOW) is None
        assert await store.bearers.by_id(ApiKeyId(IDS.new()), SECRET, NOW) is None
        assert (await store.api_keys.api_key(user.id, key.id)).last_used_at is None
        assert await store.bearers.by_id(key.id, SECRET, NOW) is not None

    async def test_shows_what_has_become_of_a_key(self, store: KeyStore) -> None:
        user = await registered(store)
        over, gone = (
            await added(store, a_key(user, 0, expires_at=NOW + MINUTE)),
            await added(store, a_key(user, 1)),
        )
        await revoked(store, gone)
        later = NOW + 2 * MINUTE
        for key in (over, gone):
            found = await store.bearers.by_prefix(key.prefix, SECRET, later)
            assert found is not None
            assert found.key.id == key.id
            kept = await store.api_keys.api_key(user.id, key.id)
            assert kept.last_used_at is None, "a refused use is none"
        found = await store.bearers.by_prefix(gone.prefix, SECRET, later)
        assert found is not None
        assert found.key.revoked_at == NOW

    async def test_notes_a_use_once_a_minute(self, store: KeyStore) -> None:
        user = await registered(store)
        key = await added(store, a_key(user))

        async def used(after: timedelta) -> object:
            await store.bearers.by_prefix(key.prefix, SECRET, NOW + after)
            return (await store.api_keys.api_key(user.id, key.id)).last_used_at

        assert await used(timedelta()) == NOW
        assert await used(timedelta(seconds=59)) == NOW
        assert await used(timedelta(seconds=60)) == NOW + MINUTE
        assert await used(timedelta(seconds=61)) == NOW + MINUTE

    async def test_uses_of_one_key_at_once_all_find_it(self, store: KeyStore) -> None:
        user = await registered(store)
        key = await added(store, a_key(user))
        found = await asyncio.gather(
            *(store.bearers.by_prefix(key.prefix, SECRET, NOW + MINUTE) for _ in range(20))
        )
        assert all(each is not None and each.key.id == key.id for each in found)

    async def test_a_key_goes_with_its_account(self, store: KeyStore) -> None:
        user = await registered(store)
        key = await added(store, a_key(user))
        await issued(store, a_ticket(user, api_key_id=key.id, scopes=key.scopes))
        async with store.start_work(acting_as(user.id)) as work:
            await work.users.delete(user.id)
            await work.commit()
        assert await store.bearers.by_prefix(key.prefix, SECRET, NOW) is None
        assert await store.bearers.take_ticket(b"t" * 32, NOW) is None


class TicketContract:
    async def test_gives_a_ticket_out_once(self, store: KeyStore) -> None:
        user = await registered(store)
        key = await added(store, a_key(user))
        ticket = await issued(store, a_ticket(user, api_key_id=key.id, scopes=key.scopes, ends_at=None))
        taken = await store.bearers.take_ticket(ticket.ticket_hash, NOW)
        assert taken is not None
        assert (taken.ticket, taken.role, taken.stands) == (ticket, Role.USER, True)
        assert await store.bearers.take_ticket(ticket.ticket_hash, NOW) is None
        assert await store.bearers.take_ticket(b"x" * 32, NOW) is None

    async def test_gives_a_ticket_to_one_of_many(self, store: KeyStore) -> None:
        user = await registered(store)
        key = await added(store, a_key(user))
        ticket = await issued(store, a_ticket(user, api_key_id=key.id, scopes=key.scopes))
        taken = await asyncio.gather(*(store.bearers.take_ticket(ticket.ticket_hash, NOW) for _ in range(20)))
        assert sum(each is not None for each in taken) == 1

    @pytest.mark.parametrize("end", ["nothing", "session ended", "closed", "no such session"])
    async def test_says_whether_the_session_goes_on(self, store: KeyStore, end: str) -> None:
        user = await registered(store)
        session = a_session(user)
        async with store.start_work(acting_as(user.id)) as work:
            await work.sessions.add(session, a_token(session, b"a"), user.version)
            await work.commit()
        held = SessionId(IDS.new()) if end == "no such session" else session.id
        ticket = await issued(store, a_ticket(user, session_id=held))
        async with store.start_work(acting_as(user.id)) as work:
            if end == "session ended":
                await work.sessions.end(user.id, session.id, NOW)
            if end == "closed":
                await work.users.save(with_activity(user, False, NOW))
            await work.commit()
        taken = await store.bearers.take_ticket(ticket.ticket_hash, NOW)
        assert taken is not None
        assert taken.stands is (end == "nothing")

    @pytest.mark.parametrize("end", ["revoked", "expired"])
    async def test_says_whether_the_key_is_good(self, store: KeyStore, end: str) -> None:
        user = await registered(store)
        key = await added(store, a_key(user, expires_at=NOW + MINUTE))
        ticket = await issued(store, a_ticket(user, api_key_id=key.id, scopes=key.scopes))
        if end == "revoked":
            await revoked(store, key)
        taken = await store.bearers.take_ticket(ticket.ticket_hash, NOW + (2 * MINUTE) * (end == "expired"))
        assert taken is not None
        assert not taken.stands

    async def test_sweeps_tickets_that_nobody_used(self, store: KeyStore) -> None:
        user = await registered(store)
        key = await added(store, a_key(user))
        old = a_ticket(user, api_key_id=key.id, scopes=key.scopes, expires_at=NOW)
        await issued(store, old)
        await issued(store, a_ticket(user, api_key_id=key.id, scopes=key.scopes, ticket_hash=b"n" * 32))
        assert await store.bearers.take_ticket(old.ticket_hash, NOW - MINUTE) is None

    async def test_makes_no_ticket_for_an_account_that_is_gone(self, store: KeyStore) -> None:
        with pytest.raises(AccountGone):
            await issued(store, a_ticket(a_user(), session_id=SessionId(IDS.new())))
