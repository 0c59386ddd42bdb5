"""Both stores keep the contracts of API keys and tickets; Postgres under its guards, too."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import asyncpg
import pytest

from adapters.memory.api_key_queries import InMemoryApiKeyQueries, InMemoryBearerQueries
from adapters.memory.unit_of_work import InMemoryUnitOfWork
from adapters.postgres.api_key_queries import PostgresApiKeyQueries, PostgresBearerQueries
from adapters.postgres.provision import Logins
from adapters.postgres.unit_of_work import PostgresUnitOfWork
from application.shared.principal import Principal
from domain.identity.api_key_errors import TooManyApiKeys
from tests.contract.identity.api_key_contract import (
    SECRET,
    ApiKeyContract,
    BearerContract,
    TicketContract,
    a_key,
    a_ticket,
    added,
    issued,
    registered,
)
from tests.contract.identity.contract import NOW, acting_as
from tests.contract.systems import MemorySystem, PostgresSystem, postgres_system


class MemoryKeyStore:
    def __init__(self) -> None:
        self.system = MemorySystem()
        self.api_keys = InMemoryApiKeyQueries(self.system.store)
        self.bearers = InMemoryBearerQueries(self.system.store)

    def start_work(self, principal: Principal) -> contextlib.AbstractAsyncContextManager[InMemoryUnitOfWork]:
        return self.system.start_work(principal)


class PostgresKeyStore:
    def __init__(self, system: PostgresSystem) -> None:
        self.system = system
        self.api_keys = PostgresApiKeyQueries(system.database)
        self.bearers = PostgresBearerQueries(system.database)

    def start_work(self, principal: Principal) -> contextlib.AbstractAsyncContextManager[PostgresUnitOfWork]:
        return self.system.start_work(principal)


class InMemory:
    @pytest.fixture
    def store(self) -> MemoryKeyStore:
        return MemoryKeyStore()


class InPostgres:
    @pytest.fixture
    async def store(self, migrated_database: Logins) -> AsyncIterator[PostgresKeyStore]:
        async with postgres_system(migrated_database) as system:
            yield PostgresKeyStore(system)


class TestMemoryKeys(InMemory, ApiKeyContract):
    pass


class TestMemoryBearers(InMemory, BearerContract):
    pass


class TestMemoryTickets(InMemory, TicketContract):
    pass


class TestPostgresKeys(InPostgres, ApiKeyContract):
    async def test_keys_added_at_once_do_not_pass_the_limit(self, store: PostgresKeyStore) -> None:
        user = await registered(store)
        outcomes = await asyncio.gather(
            *(added(store, a_key(user, n, created_at=NOW), most=3) for n in range(8)), return_exceptions=True
        )
        refused = [each for each in outcomes if isinstance(each, BaseException)]
        assert [type(each) for each in refused] == [TooManyApiKeys] * 5

    async def test_no_unit_of_work_makes_a_key_in_somebody_elses_name(self, store: PostgresKeyStore) -> None:
        ada, eve = await registered(store), await registered(store, "eve@example.org")
        async with store.start_work(acting_as(eve.id)) as work:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await work.api_keys.add(a_key(ada), SECRET, 100)


class TestPostgresBearers(InPostgres, BearerContract):
    async def test_a_look_up_leaves_no_scope_behind(self, store: PostgresKeyStore) -> None:
        user = await registered(store)
        key = await added(store, a_key(user))
        await issued(store, a_ticket(user, api_key_id=key.id, scopes=key.scopes))
        async with store.system.database.connection() as connection, connection.transaction():
            for call in (
                "select backend_auth.use_api_key('prefix0000', null, $1, now())",
                "select backend_auth.take_socket_ticket($1, now())",
            ):
                await connection.fetch(call, SECRET)
                assert await connection.fetchval("select current_setting('app.scope', true)") == ""
                assert await connection.fetchval("select current_setting('app.user_id', true)") in (None, "")
                for table in ("api_keys", "socket_tickets", "users"):
                    assert await connection.fetchval(f"select count(*) from backend_auth.{table}") == 0

    async def test_a_use_waits_for_nobody_who_holds_the_key(self, store: PostgresKeyStore) -> None:
        user = await registered(store)
        key = await added(store, a_key(user))
        async with store.start_work(acting_as(user.id)) as work:
            await work.api_keys.revoke(user.id, key.id, NOW)
            async with asyncio.timeout(20):
                found = await store.bearers.by_prefix(key.prefix, SECRET, NOW)
            assert found is not None
            assert found.key.revoked_at is None, "not committed yet"
            await work.commit()
        found = await store.bearers.by_prefix(key.prefix, SECRET, NOW)
        assert found is not None
        assert found.key.revoked_at == NOW, "at once"


class TestPostgresTickets(InPostgres, TicketContract):
    pass
