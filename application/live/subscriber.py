"""One reader's place in the order of events: from history to live and back without gap or repetition."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from application.live.interest import resumed_at, wants
from application.live.ports import EventEncoder, EventLog
from application.shared.messages import Message
from application.shared.principal import Principal
from domain.shared.ids import ApiKeyId, SessionId, UserId


@dataclass(frozen=True, slots=True)
class Frame:
    """An event encoded once for all its readers."""

    position: int
    type: str
    text: str


class Ending(StrEnum):
    """Why the feed itself ends a reader."""

    SESSION_ENDED = "session_ended"
    DRAINING = "draining"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberLimits:
    """`frames` and `characters` bound what waits for one reader, `page` what one read of history fetches."""

    frames: int = 1000
    characters: int = 4 * 1024 * 1024
    page: int = 200


class Subscriber:
    """Made by `Feed.join`. Memory is bounded: a reader that falls behind is served from the log again.

    While `_live`, `_queue` holds every wanted event after `_position`. While not, the log does, and
    `_listening` tells whether the queue collects what comes while a page of it is being read.
    """

    def __init__(
        self,
        principal: Principal,
        wake: Callable[[], None],
        *,
        announced: Callable[[], int],
        log: EventLog,
        encode: EventEncoder,
        limits: SubscriberLimits,
    ) -> None:
        self.user_id: UserId = principal.user_id
        self.session_id: SessionId | None = principal.session_id
        self.api_key_id: ApiKeyId | None = principal.api_key_id
        self.ending: Ending | None = None
        self._wake = wake
        self._announced = announced
        self._log = log
        self._encode = encode
        self._limits = limits
        self._topics: tuple[str, ...] = ()
        self._position = 0
        self._live = False
        self._listening = False
        self._queue: deque[Frame] = deque()
        self._queued = 0

    @property
    def following(self) -> bool:
        """Whether it asked for anything."""
        return bool(self._topics)

    @property
    def current(self) -> bool:
        """Whether everything announced so far has been taken; `wake` tells when that changes."""
        return self._live and not self._queue

    @property
    def idle(self) -> bool:
        """Whether there is nothing to take for now."""
        return self.current or not self.following

    @property
    def position(self) -> int:
        """A reader that resumes after this position misses nothing it has not taken."""
        return max(self._position, self._announced()) if self.current else self._position

    async def follow(self, topics: tuple[str, ...], since: int | None) -> int:
        """Takes these topics instead of those before; returns the position after which they are read.

        Without `since` that is where the reader has got to, or now. Raises `InvalidInput` for a position
        that was never given, or after which events are no longer kept, and then changes nothing.
        """
        if since is None:
            since = self.position if self.following else self._announced()
        else:
            await resumed_at(since, self._announced(), self._log)
        self._topics = topics
        self._position = since
        self._forget()
        # What this process has yet to announce will come live; only what it has announced must be read.
        self._live = self._listening = since >= self._announced()
        return since

    def unfollow(self) -> int:
        """Takes no more events; returns the position reached."""
        position = self.position
        self._topics = ()
        self._position = position
        self._live = self._listening = False
        self._forget()
        return position

    def renew(self, session_id: SessionId | None, api_key_id: ApiKeyId | None = None) -> None:
        """From now on this session's end, or this key's, is the reader's."""
        self.session_id, self.api_key_id = session_id, api_key_id

    def offer(self, frame: Frame) -> None:
        """The feed's side: one more event this reader `wants`."""
        if not self._listening:
            return
        # What was announced until now was not wanted: the place to resume from moves on all the same.
        self._position = self.position
        self._queue.append(frame)
        self._queued += len(frame.text)
        if len(self._queue) > self._limits.frames or self._queued > self._limits.characters:
            self._forget()
            self._live = self._listening = False
        self._wake()

    def wants(self, event_type: str) -> bool:
        """Whether `offer` would keep such an event now."""
        return self._listening and wants(self._topics, event_type)

    def end(self, ending: Ending) -> None:
        """The feed's side: the reader has to go; nothing is taken any more."""
        if self.ending is None:
            self.ending = ending
            self._forget()
            self._listening = False
            self._wake()

    async def take(self, limit: int) -> Sequence[Frame]:
        """The next events; it may be none although the reader is not yet `idle`.

        Raises `Unavailable` when history is.
        """
        if not self.following or self.ending is not None:
            return ()
        if self._live:
            return self._take_queued(limit)
        return await self._take_page()

    def _take_queued(self, limit: int) -> Sequence[Frame]:
        taken: list[Frame] = []
        while self._queue and len(taken) < limit:
            frame = self._queue.popleft()
            self._queued -= len(frame.text)
            if frame.position > self._position:
                taken.append(frame)
                self._position = frame.position
        return taken

    async def _take_page(self) -> Sequence[Frame]:
        self._forget()
        self._listening = True
        page = await self._log.since(self.user_id, self._position, self._limits.page)
        if page:
            self._position = page[-1].position
        # A page that is not full held all that was announced before it was read, and the queue holds all
        # since - unless it overflowed meanwhile, or the reader had to end, and stopped listening.
        self._live = self._listening = self._listening and len(page) < self._limits.page
        if self.ending is not None:
            return ()
        return [self._frame(message) for message in page if wants(self._topics, message.type)]

    def _frame(self, message: Message) -> Frame:
        return Frame(message.position, message.type, self._encode(message))

    def _forget(self) -> None:
        self._queue.clear()
        self._queued = 0
