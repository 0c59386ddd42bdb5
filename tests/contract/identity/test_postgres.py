"""The store in Postgres keeps the contracts of identity, and its transactions wait for each other."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import asyncpg
import pytest

from adapters.postgres.identity_queries import PostgresAccountQueries
from adapters.postgres.provision import Logins
from adapters.postgres.unit_of_work import PostgresUnitOfWork
from application.shared.principal import Principal
from domain.graph.entity import EntityContent, new_entity
from domain.identity.errors import AccountChanged, UserNotFound
from domain.identity.user import with_activity
from domain.shared.errors import AccountGone
from domain.shared.ids import EntityId, UserId
from tests.contract.identity.contract import (
    HASH,
    IDS,
    NOW,
    AccountQueriesContract,
    SessionRepositoryContract,
    UserRepositoryContract,
    a_session,
    a_token,
    a_user,
    acting_as,
    logged_in,
    stored,
)
from tests.contract.identity.management_contract import AccountManagementContract
from tests.contract.systems import PostgresSystem, postgres_system


class PostgresIdentityStore:
    def __init__(self, system: PostgresSystem) -> None:
        self.system = system
        self.accounts = PostgresAccountQueries(system.database)

    def start_work(self, principal: Principal) -> contextlib.AbstractAsyncContextManager[PostgresUnitOfWork]:
        return self.system.start_work(principal)


@pytest.fixture
async def store(migrated_database: Logins) -> AsyncIterator[PostgresIdentityStore]:
    async with postgres_system(migrated_database) as system:
        yield PostgresIdentityStore(system)


class TestPostgresUsers(UserRepositoryContract):
    async def test_hides_accounts_from_a_query_without_a_user(self, store: PostgresIdentityStore) -> None:
        await stored(store, a_user())
        async with store.system.database.connection() as connection:
            assert await connection.fetchval("select count(*) from backend_auth.users") == 0

    async def test_makes_no_account_in_somebody_elses_name(self, store: PostgresIdentityStore) -> None:
        mine = await stored(store, a_user())
        async with store.start_work(acting_as(mine.id)) as work:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await work.users.add(a_user("other@example.org"), HASH)


class TestPostgresSessions(SessionRepositoryContract):
    async def test_presents_a_token_to_one_transaction_at_a_time(self, store: PostgresIdentityStore) -> None:
        user = await stored(store, a_user())
        session, token = await logged_in(store, user, b"a")

        async def rotate(digest: bytes) -> bool:
            async with store.start_work(acting_as(user.id)) as work:
                presented = await work.sessions.presented(user.id, token.token_hash)
                if presented is None or presented.token.used_at is not None:
                    return False
                await work.sessions.rotate(token, a_token(session, digest), NOW)
                await work.commit()
                return True

        outcomes = await asyncio.gather(*(rotate(bytes([byte])) for byte in range(20)))
        assert outcomes.count(True) == 1

    async def test_starts_no_session_while_the_account_is_being_closed(
        self, store: PostgresIdentityStore
    ) -> None:
        user = await stored(store, a_user())
        session = a_session(user)
        async with store.start_work(acting_as(user.id)) as closing:
            await closing.users.save(with_activity(user, False, NOW))

            async def log_in() -> None:
                async with store.start_work(acting_as(user.id)) as work:
                    await work.sessions.add(session, a_token(session, b"a"), user.version)
                    await work.commit()

            attempt = asyncio.create_task(log_in())
            await waits_for_a_lock(store)
            await closing.commit()
        with pytest.raises(AccountChanged):
            await attempt


class TestPostgresManagement(AccountManagementContract):
    async def test_deletes_nobody_elses_account(self, store: PostgresIdentityStore) -> None:
        ada, eve = await stored(store, a_user()), await stored(store, a_user("eve@example.org"))
        async with store.start_work(acting_as(eve.id)) as work:
            with pytest.raises(UserNotFound):
                await work.users.delete(ada.id)
        assert await store.accounts.account(ada.id) == ada

    async def test_a_deleted_account_takes_nothing_in(self, store: PostgresIdentityStore) -> None:
        """Another process may not have heard of the deletion when a token of the account writes there."""
        gone = UserId(IDS.new())
        entity = new_entity(gone, EntityId(IDS.new()), EntityContent(name="Ada", type="person"), NOW)
        with pytest.raises(AccountGone):
            async with store.start_work(acting_as(gone)) as work:
                await work.entities.add(entity, ())


class TestPostgresAccounts(AccountQueriesContract):
    pass


async def waits_for_a_lock(store: PostgresIdentityStore) -> None:
    """Returns when a statement of this database waits for a lock; fails after ten seconds."""
    waiting = (
        "select count(*) from pg_locks l join pg_stat_activity a using (pid) "
        "where not l.granted and a.datname = current_database()"
    )
    async with asyncio.timeout(10), store.system.database.connection() as connection:
        while not await connection.fetchval(waiting):  # noqa: ASYNC110  # another process decides
            await asyncio.sleep(0.01)
