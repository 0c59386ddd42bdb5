"""Brings what happens to whoever watches: one follower of the log for all the readers of a process."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from uuid import UUID

from application.live.errors import FeedClosed, TooManySubscribers
from application.live.ports import EventEncoder, EventLog, FeedListener, FeedObserver
from application.live.subscriber import Ending, Frame, Subscriber, SubscriberLimits
from application.shared.messages import Message
from application.shared.principal import Principal
from domain.shared.errors import Unavailable
from domain.shared.ids import UserId

# The subject of the first is a session, of the second a program's key, of the others an account.
SESSION_ENDED = "session.ended"
KEY_REVOKED = "api_key.revoked"
ACCOUNT_ENDED = frozenset({"user.deactivated", "user.deleted"})

# Ends that are remembered for whoever is being authenticated: it takes milliseconds.
REMEMBERED = 1000

# Frames handed out before other tasks get their turn.
STRETCH = 500


class Feed:
    """`run` it once in a process; readers `join` and `leave`.

    Joining is what makes a reader end with its session: do it as soon as it is authenticated.
    """

    def __init__(
        self,
        log: EventLog,
        encode: EventEncoder,
        observe: FeedObserver,
        *,
        listeners: Sequence[FeedListener] = (),
        limits: SubscriberLimits | None = None,
        per_user: int = 1000,
        retry: float = 0.5,
    ) -> None:
        self._log = log
        self._encode = encode
        self._observe = observe
        self._listeners = tuple(listeners)
        self._limits = limits or SubscriberLimits()
        self._per_user = per_user
        self._retry = retry
        self._position = 0
        self._started = asyncio.Event()
        self._draining = False
        self._readers: dict[UserId, set[Subscriber]] = {}
        self._ends: deque[tuple[int, UUID]] = deque(maxlen=REMEMBERED)

    @property
    def position(self) -> int:
        """The last event announced to this process's readers."""
        return self._position

    @property
    def open(self) -> bool:
        """Whether readers may join; they may not before the first contact with the log, nor after `drain`."""
        return self._started.is_set() and not self._draining

    def __len__(self) -> int:
        return sum(map(len, self._readers.values()))

    async def started(self) -> None:
        """Returns once readers may join."""
        await self._started.wait()

    async def run(self) -> None:
        """Follows the log until cancelled."""
        while True:
            try:
                if not self._started.is_set():
                    self._position = await self._log.head()
                    self._started.set()
                await self._follow()
            except Unavailable as error:
                self._observe("feed_interrupted", error.detail)
                await asyncio.sleep(self._retry)

    def join(self, principal: Principal, wake: Callable[[], None]) -> Subscriber:
        """A reader of the principal's events; `wake` is called when it has something to take or must end.

        Raises `FeedClosed` and `TooManySubscribers`.
        """
        if not self.open:
            raise FeedClosed
        readers = self._readers.setdefault(principal.user_id, set())
        if len(readers) >= self._per_user:
            raise TooManySubscribers
        reader = Subscriber(
            principal,
            wake,
            announced=lambda: self._position,
            log=self._log,
            encode=self._encode,
            limits=self._limits,
        )
        readers.add(reader)
        return reader

    def has_ended(self, principal: Principal, since: int) -> bool:
        """Whether the principal's session, key or account may have ended after the position `since`.

        Whoever waits for an authentication reads `position` first and asks this before joining: a reader that
        has not joined yet cannot be ended.
        """
        if len(self._ends) == REMEMBERED and self._ends[0][0] > since:
            return True
        holders = (principal.session_id, principal.api_key_id, principal.user_id)
        return any(position > since and subject in holders for position, subject in self._ends)

    def leave(self, reader: Subscriber) -> None:
        """Forgets the reader; once is enough, more is harmless."""
        readers = self._readers.get(reader.user_id, set())
        readers.discard(reader)
        if not readers:
            self._readers.pop(reader.user_id, None)

    def end_all(self) -> None:
        """Ends every reader as the end of its session would: nobody's token can be believed any more."""
        for user_id in list(self._readers):
            self._end_account(user_id)

    def drain(self) -> None:
        """Ends every reader, and lets nobody join any more."""
        self._draining = True
        for readers in list(self._readers.values()):
            for reader in list(readers):
                reader.end(Ending.DRAINING)

    async def _follow(self) -> None:
        batches = self._log.follow(self._position)
        try:
            async for batch in batches:
                self._tell_listeners(batch)
                await self._announce(batch)
        finally:
            if isinstance(batches, AsyncGenerator):
                await batches.aclose()

    def _tell_listeners(self, batch: Sequence[Message]) -> None:
        for listener in self._listeners:
            try:
                listener(batch)
            except Exception as error:
                # One listener's defect must not stop everybody's feed.
                self._observe("feed_listener_failed", f"{type(error).__name__}: {error}")

    async def _announce(self, batch: Sequence[Message]) -> None:
        handed_out = 0
        for message in batch:
            if readers := self._readers.get(message.user_id):
                handed_out += self._offer(message, readers)
            if message.type in (SESSION_ENDED, KEY_REVOKED):
                self._ends.append((message.position, message.subject))
                self._end_holder(message.user_id, message.subject)
            elif message.type in ACCOUNT_ENDED:
                self._ends.append((message.position, message.subject))
                self._end_account(UserId(message.subject))
            # Only now: a reader that joins between two events starts after the first.
            self._position = message.position
            if handed_out >= STRETCH:
                handed_out = 0
                await asyncio.sleep(0)

    def _offer(self, message: Message, readers: set[Subscriber]) -> int:
        takers = [reader for reader in readers if reader.wants(message.type)]
        if takers:
            frame = Frame(message.position, message.type, self._encode(message))
            for reader in takers:
                reader.offer(frame)
        return len(takers)

    def _end_holder(self, user_id: UserId, holder: UUID) -> None:
        for reader in list(self._readers.get(user_id, ())):
            if holder in (reader.session_id, reader.api_key_id):
                reader.end(Ending.SESSION_ENDED)

    def _end_account(self, user_id: UserId) -> None:
        for reader in list(self._readers.get(user_id, ())):
            reader.end(Ending.SESSION_ENDED)
