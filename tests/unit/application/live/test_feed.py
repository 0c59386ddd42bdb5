"""Who is told what by the feed, and when it ends."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from application.live.errors import FeedClosed, TooManySubscribers
from application.live.feed import Feed
from application.live.ports import EventLog
from application.live.subscriber import Ending
from application.shared.messages import Message
from domain.shared.errors import Unavailable
from domain.shared.ids import SessionId, UserId
from tests.contract.systems import IDS, principal
from tests.unit.application.live.live_system import event, eventually, running

ADA, BOB = UserId(IDS.new()), UserId(IDS.new())


async def test_tells_each_reader_its_own_users_events_of_its_topics() -> None:
    async with running() as live:
        ada, bob, jobs = live.reader(ADA), live.reader(BOB), live.reader(ADA)
        await ada.subscriber.follow(("entity.*",), None)
        await bob.subscriber.follow(("#",), None)
        await jobs.subscriber.follow(("job.*", "entity.deleted"), None)
        await live.happen(event(ADA, "entity.created", "a1"), event(ADA, "job.queued", "a2"))
        await live.happen(event(BOB, "entity.created", "b1"), event(ADA, "entity.deleted", "a3"))
        assert await ada.until(2) == ["a1", "a3"]
        assert await bob.until(1) == ["b1"]
        assert await jobs.until(2) == ["a2", "a3"]
        for reader in (ada, bob, jobs):
            assert await reader.subscriber.take(10) == []


async def test_encodes_an_event_once_however_many_read_it_and_not_when_nobody_does() -> None:
    async with running() as live:
        readers = [live.reader(ADA) for _ in range(20)]
        for reader in readers:
            await reader.subscriber.follow(("entity.*",), None)
        await live.happen(
            event(ADA, "entity.created", "a"), event(ADA, "job.queued"), event(BOB, "entity.created")
        )
        for reader in readers:
            assert await reader.until(1) == ["a"]
        assert len(live.encoded) == 1


async def test_tells_a_reader_that_asked_for_nothing_nothing() -> None:
    async with running() as live:
        reader = live.reader(ADA)
        await live.happen(event(ADA, "entity.created", "a"))
        assert await reader.subscriber.take(10) == ()
        assert reader.subscriber.idle


async def test_forgets_readers_that_leave() -> None:
    async with running() as live:
        readers = [live.reader(user) for user in (ADA, ADA, BOB)]
        assert len(live.feed) == 3
        for reader in readers:
            live.feed.leave(reader.subscriber)
            live.feed.leave(reader.subscriber)
        assert len(live.feed) == 0


async def test_ends_the_readers_of_a_session_that_ends_and_no_others() -> None:
    lost, kept = SessionId(IDS.new()), SessionId(IDS.new())
    async with running() as live:
        gone, stays, other = live.reader(ADA, lost), live.reader(ADA, kept), live.reader(BOB, None)
        renewed = live.reader(ADA, lost)
        renewed.subscriber.renew(kept)
        await gone.subscriber.follow(("#",), None)
        await live.happen(event(ADA, "session.ended", subject=lost))
        assert gone.subscriber.ending is Ending.SESSION_ENDED
        assert await gone.subscriber.take(10) == ()
        await asyncio.wait_for(gone.bell.wait(asyncio.get_running_loop().time() + 60), 30)
        assert [r.subscriber.ending for r in (stays, other, renewed)] == [None, None, None]


@pytest.mark.parametrize("kind", ["user.deactivated", "user.deleted"])
async def test_ends_all_readers_of_an_account_that_ends(kind: str) -> None:
    async with running() as live:
        readers = [live.reader(ADA, SessionId(IDS.new())), live.reader(ADA, None)]
        other = live.reader(BOB)
        await live.happen(event(ADA, kind, subject=ADA))
        assert [r.subscriber.ending for r in readers] == [Ending.SESSION_ENDED] * 2
        assert other.subscriber.ending is None


async def test_ends_everybody_when_no_token_can_be_believed_and_lets_others_in() -> None:
    async with running() as live:
        readers = [live.reader(ADA, SessionId(IDS.new())), live.reader(BOB)]
        live.feed.end_all()
        assert [r.subscriber.ending for r in readers] == [Ending.SESSION_ENDED] * 2
        assert live.reader(ADA).subscriber.ending is None


async def test_ends_everybody_when_it_drains_and_lets_nobody_in() -> None:
    async with running() as live:
        reader = live.reader(ADA)
        live.feed.drain()
        assert reader.subscriber.ending is Ending.DRAINING
        with pytest.raises(FeedClosed):
            live.reader(ADA)


async def test_refuses_readers_before_it_knows_where_the_log_is() -> None:
    async with running() as live:
        unstarted = Feed(live.log, str, lambda *_: None)
        assert not unstarted.open
        with pytest.raises(FeedClosed):
            unstarted.join(principal(ADA), lambda: None)


async def test_bounds_the_readers_of_one_account() -> None:
    async with running(per_user=2) as live:
        first, _ = live.reader(ADA), live.reader(ADA)
        with pytest.raises(TooManySubscribers):
            live.reader(ADA)
        live.reader(BOB)
        live.feed.leave(first.subscriber)
        live.reader(ADA)


async def test_tells_listeners_everything_in_order_and_outlives_a_faulty_one() -> None:
    heard: list[str] = []

    def faulty(_: Sequence[Message]) -> None:
        raise ValueError("a defect")

    async with running(listeners=[faulty, lambda batch: heard.extend(m.type for m in batch)]) as live:
        await live.happen(event(ADA, "entity.created"), event(BOB, "job.queued"))
        await live.happen(event(ADA, "session.ended"))
        assert heard == ["entity.created", "job.queued", "session.ended"]
        assert set(live.complaints) == {"feed_listener_failed: ValueError: a defect"}


class Interrupted(EventLog):
    """Another log that fails after every batch, and at the first question."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._asked = False

    async def head(self) -> int:
        if not self._asked:
            self._asked = True
            raise Unavailable("not yet")
        return await self._log.head()

    async def purged(self) -> int:
        return await self._log.purged()

    async def since(self, user_id: UserId, position: int, limit: int) -> Sequence[Message]:
        return await self._log.since(user_id, position, limit)

    async def follow(self, position: int) -> AsyncIterator[Sequence[Message]]:
        async for batch in self._log.follow(position):
            yield batch
            raise Unavailable("gone")


async def test_goes_on_where_it_was_when_the_log_was_away() -> None:
    async with running(wrap=Interrupted) as live:
        reader = live.reader(ADA)
        await reader.subscriber.follow(("#",), None)
        for word in "abc":
            await live.happen(event(ADA, "entity.created", word))
        assert await reader.until(3) == ["a", "b", "c"]
        assert "feed_interrupted: not yet" in live.complaints
        await eventually(lambda: live.complaints.count("feed_interrupted: gone") == 3)
