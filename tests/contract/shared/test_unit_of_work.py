"""What a unit of work promises, in memory and in Postgres."""

import asyncio
import hashlib
from collections.abc import AsyncIterator

import pytest

from adapters.postgres.provision import Logins
from application.shared.principal import IdempotencyKey
from domain.shared.errors import AlreadyApplied, AlreadyHandled, IdempotencyKeyReused, RequestInFlight
from domain.shared.ids import EventId
from tests.contract.systems import (
    IDS,
    MemorySystem,
    PostgresSystem,
    System,
    postgres_system,
    principal,
    something,
)


def key(name: str, body: bytes = b"{}") -> IdempotencyKey:
    return IdempotencyKey(key=name, fingerprint=hashlib.sha256(body).digest())


class UnitOfWorkContract:
    async def test_stores_events_in_their_order_with_one_audit_row_each(self, system: System) -> None:
        user = await system.new_user()
        events = [something(user, word) for word in "abc"]
        async with system.start_work(principal(user)) as work:
            for event in events:
                work.record(event)
            await work.commit()
        async with system.outbox.lead() as lease:
            assert await lease.assign_positions(10) == 3
            stored = await lease.unpublished(10)
        assert [m.data for m in stored] == [{"word": word} for word in "abc"]
        assert [m.subject for m in stored] == [e.subject for e in events]
        assert {(m.type, m.user_id, m.request_id, m.traceparent) for m in stored} == {
            ("something.happened", user, "request-1", "00-" + "a" * 32 + "-" + "b" * 16 + "-01")
        }
        audited = await system.audited(user)
        assert sorted(a.resource_id for a in audited) == sorted(e.subject for e in events)
        assert {(a.action, a.actor_id, a.request_id, a.address) for a in audited} == {
            ("something.happened", user, "request-1", "::1")
        }

    async def test_leaves_nothing_behind_without_a_commit(self, system: System) -> None:
        user = await system.new_user()
        async with system.start_work(principal(user)) as work:
            work.record(something(user))

        async def fail() -> None:
            async with system.start_work(principal(user)) as work:
                work.record(something(user))
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail()
        async with system.outbox.lead() as lease:
            assert await lease.assign_positions(10) == 0
        assert await system.audited(user) == []

    async def test_refuses_a_message_that_was_handled_and_stores_nothing(self, system: System) -> None:
        user, message = await system.new_user(), EventId(IDS.new())

        async def handle(handler: str) -> None:
            async with system.start_work(principal(user)) as work:
                work.acknowledge(handler, message)
                work.record(something(user))
                await work.commit()

        await handle("handler")
        with pytest.raises(AlreadyHandled):
            await handle("handler")
        await handle("another handler")
        assert len(await system.audited(user)) == 2

    async def test_names_what_a_repeated_idempotency_key_made(self, system: System) -> None:
        user, made = await system.new_user(), IDS.new()
        async with system.start_work(principal(user, key("k"))) as work:
            work.created(made)
            await work.commit()
        with pytest.raises(AlreadyApplied) as refused:
            async with system.start_work(principal(user, key("k"))):
                pytest.fail("the unit of work was opened")
        assert refused.value.resource_id == made

    async def test_refuses_an_idempotency_key_for_another_request(self, system: System) -> None:
        user = await system.new_user()
        async with system.start_work(principal(user, key("k"))) as work:
            work.created(IDS.new())
            await work.commit()
        with pytest.raises(IdempotencyKeyReused):
            async with system.start_work(principal(user, key("k", b"other"))):
                pytest.fail("the unit of work was opened")

    async def test_refuses_an_idempotency_key_while_its_request_runs(self, system: System) -> None:
        user = await system.new_user()
        async with system.start_work(principal(user, key("k"))):
            with pytest.raises(RequestInFlight):
                async with system.start_work(principal(user, key("k"))):
                    pytest.fail("the unit of work was opened")

    async def test_forgets_the_idempotency_key_of_a_request_that_failed(self, system: System) -> None:
        user = await system.new_user()
        async with system.start_work(principal(user, key("k"))) as work:
            work.created(IDS.new())
        async with system.start_work(principal(user, key("k"))) as work:
            work.created(IDS.new())
            await work.commit()

    async def test_keeps_the_idempotency_keys_of_users_apart(self, system: System) -> None:
        for user in (await system.new_user(), await system.new_user()):
            async with system.start_work(principal(user, key("k"))) as work:
                work.created(IDS.new())
                await work.commit()

    async def test_gives_one_effect_to_fifty_equal_requests(self, system: System) -> None:
        user = await system.new_user()

        async def once() -> bool:
            try:
                async with system.start_work(principal(user, key("k"))) as work:
                    work.created(IDS.new())
                    work.record(something(user))
                    await asyncio.sleep(0)
                    await work.commit()
            except (AlreadyApplied, RequestInFlight):
                return False
            return True

        outcomes = await asyncio.gather(*(once() for _ in range(50)))
        assert outcomes.count(True) == 1
        assert len(await system.audited(user)) == 1


class TestInMemoryUnitOfWork(UnitOfWorkContract):
    @pytest.fixture
    def system(self) -> System:
        return MemorySystem()


class TestPostgresUnitOfWork(UnitOfWorkContract):
    @pytest.fixture
    async def system(self, migrated_database: Logins) -> AsyncIterator[PostgresSystem]:
        async with postgres_system(migrated_database) as system:
            yield system
