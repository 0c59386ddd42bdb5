"""What every message transport owes its publishers, consumers and operators."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from application.shared.messages import Message
from domain.shared.errors import Unavailable
from domain.shared.ids import EventId, UserId
from tests.contract.messages.failure_contract import FailureContract
from tests.contract.messages.transport import (
    DOCUMENTS,
    ENTITIES,
    EVERYTHING,
    POLICY,
    Blocking,
    Failing,
    Recorder,
    Transport,
    a_message,
    abandon,
    consuming,
    eventually,
    status_of,
)


class RoutingContract:
    """Which messages arrive where, and how."""

    async def test_delivers_to_every_matching_queue_and_no_other(self, transport: Transport) -> None:
        publisher = await transport.publisher(ENTITIES, EVERYTHING, DOCUMENTS)
        entities, everything, documents = Recorder(), Recorder(), Recorder()
        entity, document, other = (
            a_message("entity.created"),
            a_message("document.added"),
            a_message("entity.merge.undone"),
        )

        handlers = [(ENTITIES, entities), (EVERYTHING, everything), (DOCUMENTS, documents)]
        async with consuming(transport.consumer(), *handlers):
            await publisher.publish([entity, document, other])
            await eventually(lambda: len(everything.messages) == 3)
            await eventually(lambda: len(entities.messages) == 1 and len(documents.messages) == 1)

        assert entities.ids == [entity.id]
        assert documents.ids == [document.id]
        assert sorted(everything.ids) == sorted([entity.id, document.id, other.id])

    async def test_keeps_what_is_published_before_any_consumer_runs(self, transport: Transport) -> None:
        publisher = await transport.publisher(ENTITIES)
        message, seen = a_message(), Recorder()
        await publisher.publish([message])

        async with consuming(transport.consumer(), (ENTITIES, seen)):
            await eventually(lambda: seen.ids == [message.id])

    async def test_takes_a_type_nobody_subscribed_to(self, transport: Transport) -> None:
        publisher = await transport.publisher(DOCUMENTS)
        wanted, seen = a_message("document.added"), Recorder()

        async with consuming(transport.consumer(), (DOCUMENTS, seen)):
            await publisher.publish([])
            await publisher.publish([a_message("nobody.cares"), wanted])
            await eventually(lambda: len(seen.messages) >= 1)

        assert seen.ids == [wanted.id]

    async def test_the_message_arrives_equal_in_every_field(self, transport: Transport) -> None:
        publisher = await transport.publisher(EVERYTHING)
        seen = Recorder()
        full = Message(
            id=EventId(uuid4()),
            type="entity.created",
            source="https://example.org/kgl",
            subject=uuid4(),
            time=datetime(2026, 2, 3, 4, 5, 6, 789123, tzinfo=UTC),
            user_id=UserId(uuid4()),
            position=2**31 - 1,
            data={
                "name": 'Łódź / 東京 / 🜚 \\ " \n',
                "nested": {"list": [1, -2.5, None, True, {"deep": [[]]}], "empty": {}},
                "large": 2**53,
            },
            request_id="req-ä-1",
            traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        )
        bare = a_message(data={})

        async with consuming(transport.consumer(), (EVERYTHING, seen), concurrency=1):
            await publisher.publish([full, bare])
            await eventually(lambda: len(seen.messages) == 2)

        assert seen.messages == [full, bare]

    async def test_keeps_the_order_of_one_publish_with_a_concurrency_of_one(
        self, transport: Transport
    ) -> None:
        publisher = await transport.publisher(ENTITIES)
        seen = Recorder()
        messages = [a_message() for _ in range(100)]

        async with consuming(transport.consumer(), (ENTITIES, seen), concurrency=1):
            await publisher.publish(messages)
            await eventually(lambda: len(seen.messages) == 100)

        assert seen.ids == [message.id for message in messages]


class SharingContract:
    """How several handlers and consumers divide the work."""

    async def test_competing_consumers_share_a_queue(self, transport: Transport) -> None:
        publisher = await transport.publisher(ENTITIES)
        one, other = Blocking(), Blocking()
        messages = [a_message() for _ in range(20)]

        async with (
            consuming(transport.consumer(), (ENTITIES, one), concurrency=2),
            consuming(transport.consumer(), (ENTITIES, other), concurrency=2),
        ):
            await publisher.publish(messages)
            await eventually(lambda: one.running == 2 and other.running == 2)
            one.go_on.set()
            other.go_on.set()
            await eventually(lambda: len(one.ids) + len(other.ids) >= 20)

        assert sorted(one.ids + other.ids) == sorted(message.id for message in messages)

    async def test_runs_no_more_handlers_at_a_time_than_asked(self, transport: Transport) -> None:
        publisher = await transport.publisher(ENTITIES, EVERYTHING)
        handler = Blocking()

        async with consuming(transport.consumer(), (ENTITIES, handler), (EVERYTHING, handler), concurrency=3):
            await publisher.publish([a_message() for _ in range(10)])
            await eventually(lambda: handler.running == 3)
            handler.go_on.set()
            await eventually(lambda: len(handler.ids) == 20)

        assert handler.most_running == 3


class StoppingContract:
    """What becomes of messages whose consumer stops or dies."""

    async def test_a_cancelled_consumer_finishes_what_it_began_and_takes_no_more(
        self, transport: Transport
    ) -> None:
        publisher = await transport.publisher(ENTITIES)
        handler, later = Blocking(), Recorder()
        messages = [a_message() for _ in range(3)]
        run = asyncio.create_task(transport.consumer().run([(ENTITIES, handler)], 1))
        await publisher.publish(messages)
        await eventually(lambda: handler.running == 1)

        run.cancel()
        await asyncio.wait([run], timeout=0.3)
        assert not run.done()
        handler.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await run

        assert handler.ids == [messages[0].id]
        async with consuming(transport.consumer(), (ENTITIES, later), concurrency=1):
            await eventually(lambda: len(later.messages) >= 2)
        assert later.ids == [message.id for message in messages[1:]]

    async def test_a_consumer_can_be_stopped_at_any_moment_of_its_start(self, transport: Transport) -> None:
        publisher = await transport.publisher(ENTITIES)
        for milliseconds in range(0, 45, 3):
            run = asyncio.create_task(transport.consumer().run([(ENTITIES, Recorder())], 1))
            await asyncio.wait([run], timeout=milliseconds / 1000)
            run.cancel()
            await asyncio.wait([run], timeout=20)
            assert run.cancelled()

        message, seen = a_message(), Recorder()
        async with consuming(transport.consumer(), (ENTITIES, seen)):
            await publisher.publish([message])
            await eventually(lambda: seen.ids == [message.id])

    async def test_a_consumer_that_drops_its_work_gives_the_messages_back(self, transport: Transport) -> None:
        publisher = await transport.publisher(ENTITIES)
        handler, later = Blocking(), Recorder()
        messages = [a_message() for _ in range(2)]
        run = asyncio.create_task(transport.consumer().run([(ENTITIES, handler)], 2))
        await publisher.publish(messages)
        await eventually(lambda: handler.running == 2)

        await abandon(run)

        assert run.cancelled()
        assert handler.running == 0
        async with consuming(transport.consumer(), (ENTITIES, later)):
            await eventually(lambda: len(later.messages) >= 2)
        assert sorted(later.ids) == sorted(message.id for message in messages)

    async def test_gives_up_a_message_whose_consumers_all_died(self, transport: Transport) -> None:
        publisher = await transport.publisher(ENTITIES)
        message = a_message()
        await publisher.publish([message])

        for _ in range(POLICY.deliveries):
            handler = Blocking()
            run = asyncio.create_task(transport.consumer().run([(ENTITIES, handler)], 1))
            await eventually(lambda handler=handler: handler.running == 1)
            assert handler.ids == [message.id]
            await abandon(run)

        async def is_dead() -> bool:
            return (await status_of(transport, "entities")).dead == 1

        async with consuming(transport.consumer(), (ENTITIES, later := Recorder())):
            await eventually(is_dead)
        assert later.ids == []
        (dead,) = await transport.dead_letters("entities")
        assert dead.id == message.id


class StatusContract:
    """What an operator sees."""

    async def test_tells_how_many_messages_wait_are_delayed_and_dead(self, transport: Transport) -> None:
        publisher = await transport.publisher(ENTITIES, DOCUMENTS)
        await publisher.publish([a_message() for _ in range(3)])

        async def three_wait() -> bool:
            return (await status_of(transport, "entities")).ready == 3

        await eventually(three_wait)
        assert [status.queue for status in await transport.queues.status()] == ["documents", "entities"]
        documents = await status_of(transport, "documents")
        assert (documents.ready, documents.delayed, documents.dead) == (0, 0, 0)
        assert documents.active in (0, None)

        # An outage delays them again and again until somebody has looked; failures would be used up.
        failing = Failing(Unavailable("not yet"))
        async with consuming(transport.consumer(), (ENTITIES, failing), concurrency=3):

            async def some_delayed() -> bool:
                return (await status_of(transport, "entities")).delayed >= 1

            await eventually(some_delayed)
            failing.error = RuntimeError("never")

            async def all_dead() -> bool:
                status = await status_of(transport, "entities")
                return (status.ready, status.delayed, status.dead) == (0, 0, 3)

            await eventually(all_dead)


class MessageTransportContract(
    RoutingContract, SharingContract, FailureContract, StoppingContract, StatusContract
):
    """All of it. A subclass brings the fixture `transport`."""
