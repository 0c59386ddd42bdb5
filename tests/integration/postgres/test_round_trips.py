"""Target P4: one round trip for a read, at most four for a create, counted on the wire."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from functools import partial

import pytest

from adapters.postgres.engine import Database, PoolSettings
from adapters.postgres.graph_queries import PostgresEntityQueries
from adapters.postgres.provision import Logins
from adapters.postgres.unit_of_work import start_postgres_work
from adapters.system.clock import SystemClock
from application.graph.create_entity import CreateEntity, CreateEntityCommand
from application.graph.queries import EntityFilter
from application.graph.views import EntityView
from application.shared.pages import PageRequest
from application.shared.principal import IdempotencyKey, Principal
from domain.graph.entity import EntityContent
from domain.shared.ids import EntityId
from tests.contract.systems import IDS, PostgresSystem, principal
from tests.servers.counting_proxy import CountingProxy, counting_proxy


@dataclass(slots=True)
class Counted:
    """A system behind the proxy, with one connection, warmed up."""

    proxy: CountingProxy
    create: CreateEntity
    queries: PostgresEntityQueries
    principal: Principal

    async def entity(self, key: str) -> EntityView:
        idempotency = IdempotencyKey(key=key, fingerprint=hashlib.sha256(key.encode()).digest())
        acting = replace(self.principal, idempotency=idempotency)
        content = EntityContent(name=f"Ada {key}", type="person", aliases=("Countess of Lovelace",))
        return await self.create(CreateEntityCommand(principal=acting, content=content))


@pytest.fixture
async def counted(migrated_database: Logins) -> AsyncIterator[Counted]:
    async with counting_proxy(migrated_database.runtime_url) as proxy:
        settings = PoolSettings(min_size=1, max_size=1)
        async with Database(proxy.url, settings) as database:
            system = PostgresSystem(database)
            user = await system.new_user()
            counted = Counted(
                proxy,
                CreateEntity(partial(start_postgres_work, system.settings), SystemClock(), IDS),
                PostgresEntityQueries(database),
                principal(user),
            )
            made = await counted.entity("warm-up")  # statements are prepared once for each connection
            await counted.queries.entity(user, EntityId(made.id))
            await counted.queries.entities(user, EntityFilter(), PageRequest(sort="created_at"))
            yield counted


async def test_a_create_with_audit_outbox_and_idempotency_takes_four_round_trips(counted: Counted) -> None:
    before = counted.proxy.round_trips
    await counted.entity("measured")
    assert counted.proxy.round_trips - before == 4


async def test_a_read_by_id_takes_one_round_trip(counted: Counted) -> None:
    made = await counted.entity("measured")
    before = counted.proxy.round_trips
    await counted.queries.entity(counted.principal.user_id, EntityId(made.id))
    assert counted.proxy.round_trips - before == 1


async def test_a_page_of_a_list_takes_one_round_trip(counted: Counted) -> None:
    before = counted.proxy.round_trips
    page = PageRequest(sort="created_at")
    await counted.queries.entities(counted.principal.user_id, EntityFilter(), page)
    assert counted.proxy.round_trips - before == 1
