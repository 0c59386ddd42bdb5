"""A reader gets every event after its position once and in order, however it moves between log and feed."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence

import pytest

from application.live.ports import EventLog
from application.live.subscriber import SubscriberLimits
from application.shared.messages import Message
from domain.shared.errors import InvalidInput
from domain.shared.ids import UserId
from tests.contract.systems import IDS
from tests.unit.application.live.live_system import Live, event, running

ADA, BOB = UserId(IDS.new()), UserId(IDS.new())


async def happen(live: Live, first: int, last: int) -> None:
    await live.happen(*[event(ADA, "entity.created", str(number)) for number in range(first, last + 1)])


def numbers(first: int, last: int) -> Sequence[str]:
    return [str(number) for number in range(first, last + 1)]


async def test_begins_now_without_since() -> None:
    async with running() as live:
        await happen(live, 1, 3)
        reader = live.reader(ADA)
        assert await reader.subscriber.follow(("#",), None) == 3
        await happen(live, 4, 5)
        assert await reader.until(2) == ["4", "5"]


async def test_reads_history_in_pages_and_goes_on_live() -> None:
    async with running(limits=SubscriberLimits(page=4)) as live:
        await happen(live, 1, 11)
        await live.happen(event(BOB, "entity.created", "not Ada's"))
        reader = live.reader(ADA)
        assert await reader.subscriber.follow(("entity.*",), 2) == 2
        assert await reader.until(9) == numbers(3, 11)
        await happen(live, 12, 14)
        assert await reader.until(12) == numbers(3, 14)


async def test_shows_nothing_of_other_topics_in_history() -> None:
    async with running(limits=SubscriberLimits(page=2)) as live:
        await live.happen(*[event(ADA, "job.progressed", "no") for _ in range(9)])
        await live.happen(event(ADA, "entity.created", "yes"))
        reader = live.reader(ADA)
        await reader.subscriber.follow(("entity.#",), 0)
        assert await reader.until(1) == ["yes"]


async def test_a_position_after_which_events_are_gone_is_refused_and_changes_nothing() -> None:
    async with running() as live:
        await live.happen(*[event(ADA, "entity.created", word) for word in "abcd"])
        live.system.store.events[:2], live.system.store.purged = [], 2
        reader = live.reader(ADA)
        with pytest.raises(InvalidInput, match="no longer kept"):
            await reader.subscriber.follow(("#",), 1)
        assert not reader.subscriber.following
        await reader.subscriber.follow(("#",), 2)
        assert await reader.until(2) == ["c", "d"]


class Busy(EventLog):
    """A log in which things happen while it is being read."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self.live: Live | None = None
        self.number = 0

    async def head(self) -> int:
        return await self._log.head()

    async def purged(self) -> int:
        return await self._log.purged()

    async def since(self, user_id: UserId, position: int, limit: int) -> Sequence[Message]:
        await self.more()
        page = await self._log.since(user_id, position, limit)
        await self.more()
        return page

    async def more(self) -> None:
        if self.live is not None and self.number < 60:
            first, self.number = self.number + 1, self.number + 3
            await happen(self.live, first, self.number)

    def follow(self, position: int) -> AsyncIterator[Sequence[Message]]:
        return self._log.follow(position)


@pytest.mark.parametrize("limits", [(4, 1000), (4, 2), (100, 1000), (100, 2), (3, 3)])
async def test_misses_and_repeats_nothing_that_happens_while_history_is_read(limits: tuple[int, int]) -> None:
    busy: list[Busy] = []

    def wrap(log: EventLog) -> EventLog:
        busy.append(Busy(log))
        return busy[0]

    async with running(wrap=wrap, limits=SubscriberLimits(page=limits[0], frames=limits[1])) as live:
        busy[0].live = live
        reader = live.reader(ADA)
        await happen(live, 1, 5)
        busy[0].number = 5
        await reader.subscriber.follow(("#",), 0)
        seen = 5
        while busy[0].number < 60:
            await reader.until(seen)
            await busy[0].more()
            seen = busy[0].number
        assert await reader.until(busy[0].number) == numbers(1, busy[0].number)
        assert await reader.subscriber.take(10) == []


async def test_serves_a_reader_that_fell_behind_from_the_log() -> None:
    async with running(limits=SubscriberLimits(frames=5, page=10)) as live:
        reader = live.reader(ADA)
        await reader.subscriber.follow(("#",), None)
        await happen(live, 1, 38)
        assert not reader.subscriber.current
        assert await reader.until(38) == numbers(1, 38)
        assert reader.subscriber.idle
        await happen(live, 39, 41)
        assert await reader.until(41) == numbers(1, 41)


async def test_bounds_the_memory_of_a_reader_by_characters_too() -> None:
    async with running(limits=SubscriberLimits(frames=1000, characters=100)) as live:
        reader = live.reader(ADA)
        await reader.subscriber.follow(("#",), None)
        await live.happen(*[event(ADA, "entity.created", "x" * 60) for _ in range(2)])
        assert not reader.subscriber.current
        assert await reader.until(2) == ["x" * 60] * 2


async def test_changes_topics_without_a_gap() -> None:
    async with running() as live:
        reader = live.reader(ADA)
        await reader.subscriber.follow(("entity.*",), None)
        await live.happen(event(ADA, "entity.created", "a"), event(ADA, "job.queued", "b"))
        assert await reader.until(1) == ["a"]
        # "b" was passed over as unwanted, so it is not history that is asked for.
        assert await reader.subscriber.follow(("#",), None) == 2
        await live.happen(event(ADA, "job.queued", "c"), event(ADA, "entity.created", "d"))
        # Neither of the two was taken: both are.
        assert await reader.subscriber.follow(("job.*", "entity.*"), None) == 2
        assert await reader.until(3) == ["a", "c", "d"]


async def test_stops_and_resumes() -> None:
    async with running() as live:
        reader = live.reader(ADA)
        await reader.subscriber.follow(("#",), None)
        await happen(live, 1, 2)
        assert await reader.until(2) == ["1", "2"]
        position = reader.subscriber.unfollow()
        await happen(live, 3, 4)
        assert await reader.subscriber.take(10) == ()
        await reader.subscriber.follow(("#",), position)
        assert await reader.until(4) == numbers(1, 4)


async def test_says_how_far_it_got_even_when_nothing_concerned_it() -> None:
    async with running() as live:
        reader = live.reader(ADA)
        await reader.subscriber.follow(("#",), None)
        await live.happen(event(BOB, "entity.created"), event(BOB, "entity.created"))
        assert reader.subscriber.position == 2
        await happen(live, 1, 1)
        assert reader.subscriber.position == 2, "event 3 was not taken yet"
        await reader.until(1)
        assert reader.subscriber.position == 3


@pytest.mark.parametrize("since", [-1, 4, 2**63])
async def test_refuses_positions_that_were_never_given_and_stays_as_it_was(since: int) -> None:
    async with running() as live:
        await happen(live, 1, 3)
        reader = live.reader(ADA)
        await reader.subscriber.follow(("#",), 1)
        with pytest.raises(InvalidInput) as refusal:
            await reader.subscriber.follow(("job.*",), since)
        assert refusal.value.violations[0].pointer == "/since"
        assert await reader.until(2) == ["2", "3"]


async def test_random_moves_lose_and_repeat_nothing() -> None:
    dice = random.Random(7)  # noqa: S311  # a reproducible walk, not a secret
    async with running(limits=SubscriberLimits(frames=4, page=3)) as live:
        reader = live.reader(ADA)
        await reader.subscriber.follow(("#",), 0)
        told: list[str] = []
        happened = 0
        for _ in range(200):
            move = dice.randrange(4)
            if move == 0:
                more = dice.randrange(1, 7)
                await happen(live, happened + 1, happened + more)
                happened += more
            elif move == 1:
                told += [frame.text for frame in await reader.subscriber.take(dice.randrange(1, 5))]
            elif move == 2:
                await reader.subscriber.follow(("entity.*",), None)
            else:
                position = reader.subscriber.unfollow()
                await asyncio.sleep(0)
                await reader.subscriber.follow(("#",), position)
        while not reader.subscriber.idle:
            told += [frame.text for frame in await reader.subscriber.take(100)]
        assert told == numbers(1, happened)
