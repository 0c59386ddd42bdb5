"""Merging a hub takes time in proportion to its edges, whatever the planner knows; nothing is left of it."""

import time

import asyncpg
import pytest

from adapters.postgres.engine import driver_dsn
from adapters.postgres.provision import Logins
from domain.graph.entity import Entity
from domain.shared.ids import UserId
from tests.contract.graph.merging import Merging, Ticking
from tests.contract.graph.stores import postgres_store
from tests.contract.systems import PostgresSystem, principal

EDGES = 5_000
# A tenth of it is enough; comparing each row with each took minutes.
SECONDS = 60.0

# Half of the neighbours are the target's as well.
FILL = """
with neighbours as (
    insert into backend_entities.entities (user_id, id, name, type, confidence, created_at, updated_at)
    select $1, backend_operations.new_id(), 'Neighbour ' || n, 'thing', 1, now(), now()
    from generate_series(1, $4::integer) as n returning id
), hub as (
    insert into backend_entities.relationships
        (user_id, id, source_entity_id, target_entity_id, type, confidence, created_at, updated_at)
    select $1, backend_operations.new_id(), $2, id, 'knows', 0.5, now(), now() from neighbours
)
insert into backend_entities.relationships
    (user_id, id, source_entity_id, target_entity_id, type, confidence, created_at, updated_at)
select $1, backend_operations.new_id(), $3, id, 'knows', 0.75, now(), now()
from neighbours where get_byte(uuid_send(id), 15) < 128
"""


async def hub(merging: Merging, edges: int) -> tuple[UserId, Entity, Entity]:
    store, user = merging.store, await merging.store.system.new_user()
    target, source = [await store.entity(user, name) for name in ("Target", "Source")]
    assert isinstance(store.system, PostgresSystem)
    async with store.system.start_work(principal(user)) as work:
        await work.connection.execute(FILL, user, source.id, target.id, edges)
        await work.commit()
    return user, target, source


@pytest.mark.parametrize("known", ["nobody", "others"])
async def test_a_hub_that_no_statistics_know_is_merged_and_parted_in_proportion(
    known: str, migrated_database: Logins
) -> None:
    async with postgres_store(migrated_database) as store:
        merging = Merging(store=store, clock=Ticking())
        if known == "others":
            await hub(merging, 2_000)
            await analyze(migrated_database)
        user, target, source = await hub(merging, EDGES)
        before = await merging.rows(user)
        started = time.monotonic()
        merge = await merging.merge(target, source)
        assert merge.relationships_moved + merge.relationships_collapsed >= EDGES
        await merging.undo(user, merge)
        assert time.monotonic() - started < SECONDS
        assert await merging.rows(user) == before


async def analyze(logins: Logins) -> None:
    owner = await asyncpg.connect(driver_dsn(logins.owner_url))
    try:
        await owner.execute("analyze")
    finally:
        await owner.close()


async def left(system: PostgresSystem, user: UserId) -> tuple[int, int]:
    """How many rows of merges and blocks of names a user has."""
    async with system.start_work(principal(user)) as work:
        row = await work.connection.fetchrow(
            "select (select count(*) from backend_entities.merge_rows), "
            "(select count(*) from backend_entities.entity_blocks)"
        )
    assert row is not None
    return row[0], row[1]


async def test_nothing_of_a_merge_or_of_names_outlives_the_account(migrated_database: Logins) -> None:
    async with postgres_store(migrated_database) as store:
        merging = Merging(store=store, clock=Ticking())
        assert isinstance(store.system, PostgresSystem)
        user, *gone = await hub(merging, 10)
        other, *staying = await hub(merging, 10)
        await merging.merge(*gone)
        merge = await merging.merge(*staying)
        kept = await left(store.system, other)
        assert all(kept)
        assert all(await left(store.system, user))
        async with store.system.start_work(principal(user)) as work:
            await work.connection.execute("delete from backend_auth.users where id = $1", user)
            await work.commit()
        assert await left(store.system, user) == (0, 0)
        assert await left(store.system, other) == kept
        await merging.undo(other, merge)
