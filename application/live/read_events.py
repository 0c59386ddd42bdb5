"""Reads a user's events page by page, for programs that poll."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from application.live.interest import checked_position, checked_topics, kept_position, wants
from application.live.ports import EventLog
from application.shared.messages import Message
from application.shared.principal import Principal
from domain.shared.errors import InvalidInput, Violation

# How much of the log one call looks through for events of rare topics.
PAGES, PAGE = 10, 200


class Announced(Protocol):
    """Where this process's live feed has got to."""

    @property
    def position(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadEventsCommand:
    """The first `limit` (1 to 200) events after `since` that fit one of `topics`."""

    principal: Principal
    since: int = 0
    topics: Sequence[str] = ("#",)
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage:
    """`position` is where to read on; `more` tells that it is worth doing so at once."""

    events: Sequence[Message]
    position: int
    more: bool


class ReadEvents:
    """Positions it returns never skip an event."""

    def __init__(self, log: EventLog, feed: Announced) -> None:
        self._log = log
        self._feed = feed

    async def __call__(self, command: ReadEventsCommand) -> EventPage:
        """Raises `InvalidInput`."""
        page = await self._read(command)
        if command.since < self._feed.position:
            # Afterwards: what was removed before or meanwhile may be missing, what is removed later is not.
            await kept_position(command.since, self._log)
        return page

    async def _read(self, command: ReadEventsCommand) -> EventPage:
        topics = checked_topics(command.topics)
        position = checked_position(command.since)
        if not 1 <= command.limit <= 200:
            raise InvalidInput([Violation(pointer="/limit", code="out_of_range", detail="must be 1 to 200")])
        # Read before the log: all that this process has announced is in every page read from here on.
        announced = self._feed.position
        if position > announced:
            checked_position(position, await self._log.head())
        events: list[Message] = []
        for _ in range(PAGES):
            page = await self._log.since(command.principal.user_id, position, PAGE)
            for message in page:
                if wants(topics, message.type):
                    if len(events) == command.limit:
                        return EventPage(events=events, position=position, more=True)
                    events.append(message)
                position = message.position
            if len(page) < PAGE:
                return EventPage(events=events, position=max(position, announced), more=False)
        return EventPage(events=events, position=position, more=True)
