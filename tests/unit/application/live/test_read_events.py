"""Polling misses nothing, skips nothing and says where to go on."""

from collections.abc import Sequence

import pytest

from application.live.interest import checked_topics
from application.live.read_events import PAGE, PAGES, ReadEvents, ReadEventsCommand
from domain.shared.errors import InvalidInput
from domain.shared.ids import UserId
from tests.contract.systems import IDS, principal
from tests.unit.application.live.live_system import Live, event, running

ADA, BOB = UserId(IDS.new()), UserId(IDS.new())


async def read(
    live: Live, since: int = 0, topics: Sequence[str] = ("#",), limit: int = 50
) -> tuple[Sequence[str], int, bool]:
    command = ReadEventsCommand(principal=principal(ADA), since=since, topics=topics, limit=limit)
    page = await ReadEvents(live.log, live.feed)(command)
    return [str(message.data["word"]) for message in page.events], page.position, page.more


async def test_reads_to_the_end_page_by_page() -> None:
    async with running() as live:
        await live.happen(*[event(ADA, "entity.created", word) for word in "abcde"])
        await live.happen(event(BOB, "entity.created", "x"))
        assert await read(live, limit=2) == (["a", "b"], 2, True)
        assert await read(live, since=2, limit=2) == (["c", "d"], 4, True)
        assert await read(live, since=4, limit=2) == (["e"], 6, False)
        assert await read(live, since=6) == ([], 6, False)


async def test_filters_by_topic_without_skipping_what_follows() -> None:
    async with running() as live:
        await live.happen(event(ADA, "entity.created", "a"), event(ADA, "job.queued", "b"))
        await live.happen(event(ADA, "job.queued", "c"), event(ADA, "entity.deleted", "d"))
        assert await read(live, topics=["entity.*"], limit=1) == (["a"], 3, True)
        assert await read(live, since=3, topics=["entity.*"], limit=1) == (["d"], 4, False)


async def test_looks_through_a_bounded_part_of_the_log_in_one_call() -> None:
    async with running() as live:
        beyond = PAGE * PAGES
        await live.happen(*[event(ADA, "job.progressed") for _ in range(beyond)])
        await live.happen(event(ADA, "entity.created", "a"))
        assert await read(live, topics=["entity.*"]) == ([], beyond, True)
        assert await read(live, since=beyond, topics=["entity.*"]) == (["a"], beyond + 1, False)


async def test_says_when_what_came_after_a_position_is_no_longer_kept() -> None:
    async with running() as live:
        await live.happen(*[event(ADA, "entity.created", word) for word in "abcd"])
        live.system.store.events[:2], live.system.store.purged = [], 2
        with pytest.raises(InvalidInput) as caught:
            await read(live, since=1)
        assert [(each.pointer, each.code) for each in caught.value.violations] == [
            ("/since", "no_longer_kept")
        ]
        assert await read(live, since=2) == (["c", "d"], 4, False)
        assert await read(live) == (["c", "d"], 4, False), "from the beginning of what is kept"
        assert await read(live, since=4) == ([], 4, False)


@pytest.mark.parametrize(("since", "limit"), [(-1, 1), (2, 1), (2**63, 1), (0, 0), (0, 201)])
async def test_refuses_positions_and_limits_out_of_range(since: int, limit: int) -> None:
    async with running() as live:
        await live.happen(event(ADA, "entity.created", "a"))
        with pytest.raises(InvalidInput):
            await read(live, since=since, limit=limit)


@pytest.mark.parametrize(
    "topics",
    [
        [],
        [""],
        ["entity."],
        [".entity"],
        ["entity..created"],
        ["Entity"],
        ["e*"],
        ["a\n"],
        ["a" * 129],
        ["a"] * 51,
    ],
)
def test_refuses_what_is_no_topic_pattern(topics: list[str]) -> None:
    with pytest.raises(InvalidInput):
        checked_topics(topics)


@pytest.mark.parametrize("topic", ["#", "entity.*", "entity.created", "#.created", "user.role_changed"])
def test_accepts_topic_patterns(topic: str) -> None:
    assert checked_topics([topic, topic]) == (topic,)


def test_a_lone_star_means_everything() -> None:
    assert checked_topics(["*", "job.*"]) == ("#", "job.*")
