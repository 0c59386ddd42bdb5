"""What every store promises about credentials."""

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest

from application.credentials.ports import CredentialUnitOfWork
from application.credentials.queries import CredentialQueries
from application.shared.principal import Principal
from domain.credentials.credential import Credential, Provider
from domain.credentials.errors import CredentialChanged, CredentialNotFound
from domain.shared.ids import UserId
from tests.contract.systems import IDS, principal

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
OLD, NEW = "aa" * 8, "bb" * 8


class CredentialStore(Protocol):
    @property
    def credentials(self) -> CredentialQueries: ...

    @property
    def new_user(self) -> Callable[[], Awaitable[UserId]]: ...

    def start_work(
        self, principal: Principal
    ) -> contextlib.AbstractAsyncContextManager[CredentialUnitOfWork]: ...


def a_credential(user_id: UserId, provider: Provider = Provider.OPENAI, key_id: str = OLD) -> Credential:
    return Credential(
        user_id=user_id,
        id=IDS.new(),
        provider=provider,
        masked="sk-...abcd",
        sealed=IDS.new().bytes * 4,
        key_id=key_id,
        version=100,
        checked_at=NOW,
        created_at=NOW,
        updated_at=NOW,
    )


async def put(store: CredentialStore, credential: Credential, expected: int | None = None) -> Credential:
    async with store.start_work(principal(credential.user_id)) as work:
        stored = await work.credentials.put(credential, expected)
        await work.commit()
    return stored


async def delete(
    store: CredentialStore, user_id: UserId, provider: Provider, expected: int | None = None
) -> Credential:
    async with store.start_work(principal(user_id)) as work:
        deleted = await work.credentials.delete(user_id, provider, expected)
        await work.commit()
    return deleted


class CredentialStoreContract:
    async def test_keeps_a_credential_of_each_provider(self, store: CredentialStore) -> None:
        user_id = await store.new_user()
        assert await store.credentials.all(user_id) == []
        assert await store.credentials.find(user_id, Provider.OPENAI) is None
        openai, hub = a_credential(user_id), a_credential(user_id, Provider.HUGGINGFACE)
        assert await put(store, openai) == openai
        assert await put(store, hub) == hub
        assert list(await store.credentials.all(user_id)) == [hub, openai]
        assert await store.credentials.find(user_id, Provider.OPENAI) == openai

    async def test_replaces_one_in_its_place(self, store: CredentialStore) -> None:
        user_id = await store.new_user()
        first = await put(store, a_credential(user_id))
        later = NOW + timedelta(hours=1)
        second = replace(
            a_credential(user_id, key_id=NEW),
            masked="sk-...efgh",
            checked_at=later,
            created_at=later,
            updated_at=later,
        )
        stored = await put(store, second)
        assert stored == replace(second, id=first.id, created_at=first.created_at, version=101)
        assert await put(store, replace(second, version=5000)) == replace(stored, version=5000)
        assert [each.version for each in await store.credentials.all(user_id)] == [5000]

    async def test_replaces_only_the_expected_version(self, store: CredentialStore) -> None:
        user_id = await store.new_user()
        with pytest.raises(CredentialChanged):
            await put(store, a_credential(user_id), 100)
        first = await put(store, a_credential(user_id))
        for wrong in (99, 101):
            with pytest.raises(CredentialChanged):
                await put(store, a_credential(user_id), wrong)
        assert await store.credentials.find(user_id, Provider.OPENAI) == first
        assert (await put(store, a_credential(user_id), 100)).version == 101

    async def test_deletes_only_the_expected_version(self, store: CredentialStore) -> None:
        user_id = await store.new_user()
        with pytest.raises(CredentialNotFound):
            await delete(store, user_id, Provider.OPENAI)
        with pytest.raises(CredentialNotFound):
            await delete(store, user_id, Provider.OPENAI, 100)
        hub, openai = a_credential(user_id, Provider.HUGGINGFACE), a_credential(user_id)
        await put(store, hub)
        await put(store, openai)
        with pytest.raises(CredentialChanged):
            await delete(store, user_id, Provider.OPENAI, 101)
        assert await delete(store, user_id, Provider.OPENAI, 100) == openai
        assert list(await store.credentials.all(user_id)) == [hub]
        assert await delete(store, user_id, Provider.HUGGINGFACE) == hub

    async def test_shows_and_takes_nobody_elses(self, store: CredentialStore) -> None:
        ada, eve = await store.new_user(), await store.new_user()
        hers = await put(store, a_credential(ada))
        assert await store.credentials.all(eve) == []
        assert await store.credentials.find(eve, Provider.OPENAI) is None
        with pytest.raises(CredentialNotFound):
            await delete(store, eve, Provider.OPENAI)
        his = await put(store, a_credential(eve))
        assert (his.id, (await store.credentials.all(ada))[0]) == (his.id, hers)

    async def test_what_is_not_committed_is_not_there(self, store: CredentialStore) -> None:
        user_id = await store.new_user()
        async with store.start_work(principal(user_id)) as work:
            await work.credentials.put(a_credential(user_id))
        assert await store.credentials.all(user_id) == []

    async def test_reseals_what_has_not_changed_since(self, store: CredentialStore) -> None:
        user_id = await store.new_user()
        before = await put(store, a_credential(user_id))
        async with store.start_work(principal(user_id)) as work:
            assert await work.credentials.reseal(before, b"n" * 64, NEW)
            await work.commit()
        after = await store.credentials.find(user_id, Provider.OPENAI)
        assert after == replace(before, sealed=b"n" * 64, key_id=NEW), "and its version stays"
        async with store.start_work(principal(user_id)) as work:
            assert not await work.credentials.reseal(before, b"x" * 64, NEW)
            await work.commit()
        assert await store.credentials.find(user_id, Provider.OPENAI) == after
        await delete(store, user_id, Provider.OPENAI)
        async with store.start_work(principal(user_id)) as work:
            assert not await work.credentials.reseal(before, b"x" * 64, NEW)
            await work.commit()

    async def test_finds_and_counts_by_key_over_all_users(self, store: CredentialStore) -> None:
        users = [await store.new_user() for _ in range(3)]
        old = [await put(store, a_credential(user)) for user in users]
        await put(store, a_credential(users[0], Provider.HUGGINGFACE, NEW))
        old.sort(key=lambda each: each.id)
        assert list(await store.credentials.sealed_otherwise(NEW, None, 10)) == old
        assert list(await store.credentials.sealed_otherwise(NEW, None, 2)) == old[:2]
        assert list(await store.credentials.sealed_otherwise(NEW, old[1].id, 2)) == old[2:]
        assert [each.key_id for each in await store.credentials.sealed_otherwise(OLD, None, 10)] == [NEW]
        assert dict(await store.credentials.by_key()) == {OLD: 3, NEW: 1}
