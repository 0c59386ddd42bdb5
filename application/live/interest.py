"""Which events a reader asked for: checked once, matched fast."""

import re
from collections.abc import Sequence
from functools import lru_cache

from application.live.ports import EventLog
from application.shared.topics import matches_any
from domain.shared.errors import InvalidInput, Violation

MOST_TOPICS = 50
LONGEST_TOPIC = 128
EVERYTHING = "#"
# Positions are 64-bit integers in the log.
LAST_POSITION = 2**63 - 1

_TOPIC = re.compile(r"(?:[a-z0-9_]+|\*|#)(?:\.(?:[a-z0-9_]+|\*|#))*\Z")


def checked_topics(topics: Sequence[str]) -> tuple[str, ...]:
    """The topics without repetitions. Raises `InvalidInput` for none, too many, or no topic pattern.

    A lone `*` is taken for `#`: no event has a name of one word, so that everything must be meant.
    """
    if not topics:
        raise InvalidInput(
            [Violation(pointer="/topics", code="required", detail="must name at least one topic")]
        )
    if len(topics) > MOST_TOPICS:
        detail = f"must name at most {MOST_TOPICS} topics"
        raise InvalidInput([Violation(pointer="/topics", code="too_many", detail=detail)])
    bad = [
        Violation(
            pointer=f"/topics/{index}",
            code="bad_topic",
            detail="must be words of a-z, 0-9 and _ joined by dots; * is one word, # any number",
        )
        for index, topic in enumerate(topics)
        if len(topic) > LONGEST_TOPIC or not _TOPIC.match(topic)
    ]
    if bad:
        raise InvalidInput(bad)
    return tuple(sorted({EVERYTHING if topic == "*" else topic for topic in topics}))


def checked_position(position: int, head: int | None = None) -> int:
    """Raises `InvalidInput` for what cannot be a position, or lies after `head`.

    A position we never gave is another system's: waiting for it would lose everything until then.
    """
    if not 0 <= position <= LAST_POSITION:
        detail = f"must be 0 to {LAST_POSITION}"
        raise InvalidInput([Violation(pointer="/since", code="out_of_range", detail=detail)])
    if head is not None and position > head:
        detail = f"lies in the future: the last position is {head}"
        raise InvalidInput([Violation(pointer="/since", code="in_the_future", detail=detail)])
    return position


async def kept_position(position: int, log: EventLog) -> int:
    """Raises `InvalidInput` for a position after which events are gone that its reader has not seen.

    0 is nobody's: it asks for whatever is kept.
    """
    if position and position < (purged := await log.purged()):
        detail = f"events up to {purged} are no longer kept: read what there is now, then go on from {purged}"
        raise InvalidInput([Violation(pointer="/since", code="no_longer_kept", detail=detail)])
    return position


async def resumed_at(position: int, announced: int, log: EventLog) -> int:
    """Where a reader goes on that asks for what came after `position`, of which this process has announced
    all up to `announced`. Raises `InvalidInput` for a position never given, or of which too much is gone."""
    if checked_position(position) > announced:
        return checked_position(position, await log.head())
    return await kept_position(position, log) if position < announced else position


@lru_cache(maxsize=8192)
def wants(topics: tuple[str, ...], event_type: str) -> bool:
    """Whether one of the topics fits; readers share few topics and events few types."""
    return matches_any(topics, event_type)
