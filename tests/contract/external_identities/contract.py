"""What every store of external identities and of finished logins promises, whatever it is made of."""

import asyncio
import contextlib
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

import pytest

from application.identity.oidc_ports import (
    ExternalIdentityQueries,
    LinkedAccount,
    OidcUnitOfWork,
    PendingLogin,
    SpentLogins,
)
from application.identity.queries import AccountQueries
from application.shared.principal import Principal
from domain.identity.api_key import ApiKey
from domain.identity.errors import IdentityNotFound, IdentityTaken, UserChanged
from domain.identity.external_identity import Assertion, ExternalIdentity, new_identity
from domain.identity.user import User, with_new_password
from domain.shared.errors import AccountGone
from domain.shared.ids import ApiKeyId, ExternalIdentityId
from domain.shared.scopes import Scope
from tests.contract.identity.contract import HASH, IDS, NOW, a_session, a_token, a_user, acting_as

ISSUER = "https://login.example.org"


class OidcStore(Protocol):
    """One store, and the reads of it."""

    @property
    def accounts(self) -> AccountQueries: ...

    @property
    def identities(self) -> ExternalIdentityQueries: ...

    @property
    def spent(self) -> SpentLogins: ...

    def start_work(self, principal: Principal) -> contextlib.AbstractAsyncContextManager[OidcUnitOfWork]: ...


def an_identity(user: User, subject: str = "ada", issuer: str = ISSUER) -> ExternalIdentity:
    assertion = Assertion(provider="test", issuer=issuer, subject=subject)
    return new_identity(ExternalIdentityId(IDS.new()), user.id, assertion, user.email, NOW)


def pending(state: str = "s" * 43, minutes: int = 10) -> PendingLogin:
    return PendingLogin(
        provider="test",
        state=state,
        nonce="n",
        code_verifier="v",
        expires_at=NOW + timedelta(minutes=minutes),
    )


async def stored(
    store: OidcStore, user: User, *identities: ExternalIdentity, password_hash: str | None = None
) -> User:
    async with store.start_work(acting_as(user.id)) as work:
        await work.users.add(user, password_hash)
        for identity in identities:
            await work.external_identities.add(identity)
        await work.commit()
    return user


class ExternalIdentityContract:
    async def test_keeps_an_identity_as_it_was_given(self, store: OidcStore) -> None:
        user = a_user()
        first, second = an_identity(user), an_identity(user, "ada-2")
        await stored(store, user, first, second)
        assert await store.identities.identities(user.id) == [first, second]
        async with store.start_work(acting_as(user.id)) as work:
            assert await work.external_identities.of_user(user.id) == [first, second]
        assert await store.identities.linked(ISSUER, "ada") == LinkedAccount(user=user, identity=first)

    async def test_finds_by_issuer_and_subject_exactly(self, store: OidcStore) -> None:
        user = a_user()
        await stored(store, user, an_identity(user))
        for issuer, subject in (
            (ISSUER, "Ada"),
            (ISSUER, "ada "),
            (ISSUER + "/", "ada"),
            ("", ""),
            ("x", "ada"),
        ):
            assert await store.identities.linked(issuer, subject) is None

    async def test_one_person_of_a_provider_is_one_account(self, store: OidcStore) -> None:
        ada, eve = a_user(), a_user("eve@example.org")
        await stored(store, ada, an_identity(ada))
        with pytest.raises(IdentityTaken):
            await stored(store, eve, an_identity(eve))
        with pytest.raises(IdentityTaken):
            await stored(store, eve, an_identity(eve, "eve"), an_identity(eve, "eve"))
        await stored(store, eve, an_identity(eve, issuer="https://other.example"), an_identity(eve, "eve"))

    async def test_shows_and_changes_nobody_elses(self, store: OidcStore) -> None:
        ada, eve = a_user(), a_user("eve@example.org")
        identity = an_identity(ada)
        await stored(store, ada, identity)
        await stored(store, eve)
        assert await store.identities.identities(eve.id) == []
        async with store.start_work(acting_as(eve.id)) as work:
            assert await work.external_identities.of_user(eve.id) == []
            assert not await work.external_identities.use(eve.id, identity.id, NOW)
            with pytest.raises(IdentityNotFound):
                await work.external_identities.remove(eve.id, identity.id)

    async def test_notes_its_use(self, store: OidcStore) -> None:
        user = a_user()
        identity = an_identity(user)
        await stored(store, user, identity)
        later = NOW + timedelta(days=1)
        async with store.start_work(acting_as(user.id)) as work:
            assert await work.external_identities.use(user.id, identity.id, later)
            await work.commit()
        assert await store.identities.identities(user.id) == [replace(identity, last_used_at=later)]

    async def test_removes_it_once(self, store: OidcStore) -> None:
        user = a_user()
        identity = an_identity(user)
        await stored(store, user, identity)
        async with store.start_work(acting_as(user.id)) as work:
            await work.external_identities.remove(user.id, identity.id)
            await work.commit()
        assert await store.identities.linked(ISSUER, "ada") is None
        async with store.start_work(acting_as(user.id)) as work:
            assert not await work.external_identities.use(user.id, identity.id, NOW)
            with pytest.raises(IdentityNotFound):
                await work.external_identities.remove(user.id, identity.id)

    async def test_goes_with_its_account(self, store: OidcStore) -> None:
        user = a_user()
        await stored(store, user, an_identity(user))
        async with store.start_work(acting_as(user.id)) as work:
            await work.users.delete(user.id)
            await work.commit()
        assert await store.identities.linked(ISSUER, "ada") is None
        again = a_user()
        await stored(store, again, an_identity(again))

    async def test_forgets_what_was_not_committed(self, store: OidcStore) -> None:
        user = await stored(store, a_user())
        async with store.start_work(acting_as(user.id)) as work:
            await work.external_identities.add(an_identity(user))
        assert await store.identities.identities(user.id) == []

    async def test_an_account_may_have_no_password(self, store: OidcStore) -> None:
        user = await stored(store, a_user())
        own = await store.accounts.own_credentials(user.id)
        assert own.password_hash is None
        found = await store.accounts.credentials(user.email)
        assert found is not None
        assert found.password_hash is None
        async with store.start_work(acting_as(user.id)) as work:
            assert not await work.users.has_password(user.id)
            after = with_new_password(user, NOW)
            await work.users.set_password(after, HASH)
            assert await work.users.has_password(user.id)
            gone = with_new_password(after, NOW)
            await work.users.set_password(gone, None)
            assert not await work.users.has_password(user.id)
            with pytest.raises(UserChanged):
                await work.users.set_password(gone, HASH)

    async def test_knows_which_session_is_alive(self, store: OidcStore) -> None:
        user, eve = await stored(store, a_user()), await stored(store, a_user("eve@example.org"))
        session = a_session(user)
        async with store.start_work(acting_as(user.id)) as work:
            await work.sessions.add(session, a_token(session, b"a"), user.version)
            assert await work.sessions.alive(user.id, session.id) == session
            await work.commit()
        async with store.start_work(acting_as(eve.id)) as work:
            assert await work.sessions.alive(eve.id, session.id) is None
        async with store.start_work(acting_as(user.id)) as work:
            await work.sessions.end(user.id, session.id, NOW)
            assert await work.sessions.alive(user.id, session.id) is None

    async def test_revokes_all_keys_that_are_not_revoked(self, store: OidcStore) -> None:
        user = await stored(store, a_user())
        keys = [a_key(user, n) for n in range(3)]
        async with store.start_work(acting_as(user.id)) as work:
            for key in keys:
                await work.api_keys.add(key, IDS.new().bytes * 2, 10)
            await work.api_keys.revoke(user.id, keys[0].id, NOW)
            revoked = await work.api_keys.revoke_all(user.id, NOW + timedelta(hours=1))
            assert await work.api_keys.revoke_all(user.id, NOW + timedelta(hours=2)) == []
            await work.commit()
        assert revoked == [replace(key, revoked_at=NOW + timedelta(hours=1)) for key in keys[1:]]


class SpentLoginsContract:
    async def test_a_login_is_spent_once(self, store: OidcStore) -> None:
        assert await store.spent.spend(pending(), NOW)
        assert not await store.spent.spend(pending(), NOW)
        assert await store.spent.spend(pending("t" * 43), NOW)

    async def test_of_many_at_once_one_is_first(self, store: OidcStore) -> None:
        outcomes = await asyncio.gather(*(store.spent.spend(pending(), NOW) for _ in range(20)))
        assert outcomes.count(True) == 1

    async def test_is_forgotten_when_it_would_have_expired(self, store: OidcStore) -> None:
        await store.spent.spend(pending(minutes=1), NOW)
        later = NOW + timedelta(minutes=1)
        assert await store.spent.spend(pending("t" * 43), later)
        assert await self.remembered(store) == 1

    async def remembered(self, store: OidcStore) -> int:
        """How many are kept."""
        raise NotImplementedError


def a_key(user: User, number: int) -> ApiKey:
    return ApiKey(
        user_id=user.id,
        id=ApiKeyId(IDS.new()),
        name=f"key {number}",
        prefix=str(number) * 12,
        scopes=frozenset({Scope.READ}),
        created_at=NOW,
        expires_at=None,
        last_used_at=None,
        revoked_at=None,
    )


class AbsentAccountContract:
    async def test_nobody_who_is_gone_is_linked(self, store: OidcStore) -> None:
        gone = a_user()
        with pytest.raises(AccountGone):
            async with store.start_work(acting_as(gone.id)) as work:
                await work.external_identities.add(an_identity(gone))
