"""What every message transport owes a handler that fails."""

import asyncio

from application.shared.messages import Rejected
from domain.shared.errors import Unavailable
from tests.contract.messages.transport import (
    ENTITIES,
    EVERYTHING,
    POLICY,
    Failing,
    Recorder,
    Transport,
    a_message,
    consuming,
    eventually,
    status_of,
)


class FailureContract:
    """What follows when a handler raises."""

    async def test_delivers_again_after_the_delay_to_the_queue_that_failed_only(
        self, transport: Transport
    ) -> None:
        publisher = await transport.publisher(ENTITIES, EVERYTHING)
        failing, fine = Failing(RuntimeError("not yet"), times=1), Recorder()
        message = a_message()

        async with consuming(transport.consumer(), (ENTITIES, failing), (EVERYTHING, fine)):
            await publisher.publish([message])
            await eventually(lambda: len(failing.messages) == 2)

        assert failing.messages == [message, message]
        assert failing.times[1] - failing.times[0] >= POLICY.delay(1).total_seconds()
        assert fine.ids == [message.id]
        assert await transport.dead_letters("entities") == []

    async def test_waits_longer_after_each_failure_and_gives_up_after_the_last_attempt(
        self, transport: Transport
    ) -> None:
        publisher = await transport.publisher(ENTITIES)
        failing = Failing(ValueError("no good: ä"))
        message = a_message()

        async with consuming(transport.consumer(), (ENTITIES, failing)):
            await publisher.publish([message])

            async def is_dead() -> bool:
                return (await status_of(transport, "entities")).dead == 1

            await eventually(is_dead)

        gaps = [after - before for before, after in zip(failing.times, failing.times[1:], strict=False)]
        assert failing.ids == [message.id] * POLICY.attempts
        assert all(gap >= POLICY.delay(number).total_seconds() for number, gap in enumerate(gaps, start=1))
        (dead,) = await transport.dead_letters("entities")
        assert dead.id == message.id
        assert dead.failures == POLICY.attempts
        assert dead.error == "ValueError: no good: ä"

    async def test_an_outage_is_waited_out_and_counts_as_no_failure(self, transport: Transport) -> None:
        publisher = await transport.publisher(ENTITIES)
        longer_than_the_attempts = POLICY.attempts + 2
        waiting = Failing(Unavailable("the database is away"), times=longer_than_the_attempts)
        message = a_message()

        async with consuming(transport.consumer(), (ENTITIES, waiting)):
            await publisher.publish([message])
            await eventually(lambda: len(waiting.messages) == longer_than_the_attempts + 1)

        assert await transport.dead_letters("entities") == []

    async def test_a_rejected_message_is_given_up_at_once(self, transport: Transport) -> None:
        publisher = await transport.publisher(ENTITIES)
        failing = Failing(Rejected("it is no document"))
        message = a_message()

        async with consuming(transport.consumer(), (ENTITIES, failing)):
            await publisher.publish([message])

            async def is_dead() -> bool:
                return (await status_of(transport, "entities")).dead == 1

            await eventually(is_dead)

        assert failing.ids == [message.id]
        (dead,) = await transport.dead_letters("entities")
        assert (dead.id, dead.failures, dead.error) == (message.id, 1, "Rejected: it is no document")

    async def test_a_handler_cancelled_from_within_has_failed_like_any_other(
        self, transport: Transport
    ) -> None:
        publisher = await transport.publisher(ENTITIES)
        failing = Failing(asyncio.CancelledError(), times=1)

        async with consuming(transport.consumer(), (ENTITIES, failing)):
            await publisher.publish([a_message()])
            await eventually(lambda: len(failing.messages) == 2)

    async def test_goes_on_with_other_messages_while_one_waits_for_its_retry(
        self, transport: Transport
    ) -> None:
        publisher = await transport.publisher(ENTITIES)
        failing = Failing(RuntimeError("not yet"), times=1)
        first, second = a_message(), a_message()

        async with consuming(transport.consumer(), (ENTITIES, failing), concurrency=1):
            await publisher.publish([first, second])
            await eventually(lambda: len(failing.messages) == 3)

        assert failing.ids == [first.id, second.id, first.id]
