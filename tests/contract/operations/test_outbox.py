"""What the relay may rely on, in memory and in Postgres."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.postgres.provision import Logins
from tests.contract.systems import (
    MemorySystem,
    PostgresSystem,
    System,
    postgres_system,
    principal,
    something,
)


async def record(system: System, count: int) -> None:
    user = await system.new_user()
    async with system.start_work(principal(user)) as work:
        for place in range(count):
            work.record(something(user, str(place)))
        await work.commit()


class OutboxContract:
    async def test_gives_positions_without_gaps_across_batches_and_leaders(self, system: System) -> None:
        await record(system, 5)
        async with system.outbox.lead() as lease:
            assert [await lease.assign_positions(3), await lease.assign_positions(3)] == [3, 2]
        await record(system, 2)
        async with system.outbox.lead() as lease:
            assert await lease.assign_positions(10) == 2
            assert [m.position for m in await lease.unpublished(100)] == [1, 2, 3, 4, 5, 6, 7]

    async def test_offers_what_was_not_marked_again_to_the_next_leader(self, system: System) -> None:
        await record(system, 5)
        async with system.outbox.lead() as lease:
            await lease.assign_positions(10)
            await lease.mark_published(3)
            assert [m.position for m in await lease.unpublished(100)] == [4, 5]
        async with system.outbox.lead() as lease:
            assert [m.position for m in await lease.unpublished(1)] == [4]

    async def test_lets_one_leader_lead_at_a_time(self, system: System) -> None:
        async with system.outbox.lead():

            async def lead() -> None:
                async with system.outbox.lead():
                    pass

            second = asyncio.create_task(lead())
            done, _ = await asyncio.wait([second], timeout=0.2)
            assert not done
        await asyncio.wait_for(second, 20)

    async def test_positions_every_event_of_many_concurrent_writers_once(self, system: System) -> None:
        writers = asyncio.gather(*(record(system, 7) for _ in range(30)))
        positioned = 0
        async with asyncio.timeout(30), system.outbox.lead() as lease:
            while positioned < 210:
                given = await lease.assign_positions(20)
                positioned += given
                if not given:
                    await lease.wait(0.01)
            await writers
            stored = await lease.unpublished(1000)
        assert [m.position for m in stored] == list(range(1, 211))
        assert len({m.id for m in stored}) == 210
        for user in {m.user_id for m in stored}:
            assert [m.data["word"] for m in stored if m.user_id == user] == [str(n) for n in range(7)]


class TestInMemoryOutbox(OutboxContract):
    @pytest.fixture
    def system(self) -> System:
        return MemorySystem()


class TestPostgresOutbox(OutboxContract):
    @pytest.fixture
    async def system(self, migrated_database: Logins) -> AsyncIterator[PostgresSystem]:
        async with postgres_system(migrated_database) as system:
            yield system
