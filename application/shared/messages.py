"""The message port: work travels as CloudEvents from the relay to the consumers' handlers."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from domain.shared.ids import EventId, UserId
from domain.shared.json import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One event on its way (CloudEvents 1.0 attributes).

    `id` is the event's, the same in every delivery; `position` is its place in the order of all events;
    `time` is UTC; `traceparent` is as W3C Trace Context writes it.
    """

    id: EventId
    type: str
    source: str
    subject: UUID
    time: datetime
    user_id: UserId
    position: int
    data: JsonObject
    request_id: str
    traceparent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """`queue` receives every message whose type matches one of `topics`.

    Topics are AMQP topic patterns over dotted words: `*` is exactly one word, `#` is any number.
    """

    queue: str
    topics: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """A failed message is tried again after `first_delay * 2 ** (failures - 1)`, at most `longest_delay`,
    and goes to the dead letters at its `attempts`-th failure, or once it was delivered `deliveries` times
    without an outcome (its consumer died each time).

    A handler that raises `Unavailable` has not failed: what it needs is away. It is tried again every
    `outage_delay` until that is back, however long it takes.
    """

    attempts: int = 5
    first_delay: timedelta = timedelta(seconds=1)
    longest_delay: timedelta = timedelta(minutes=5)
    deliveries: int = 20
    outage_delay: timedelta = timedelta(seconds=5)

    def delay(self, failures: int) -> timedelta:
        """How long to wait after the given number of failures (1 or more)."""
        return min(self.first_delay * (1 << min(failures - 1, 30)), self.longest_delay)


class Rejected(Exception):
    """Raised by a handler for a message no retry can help; it goes to the dead letters at once."""


Handler = Callable[[Message], Awaitable[None]]


class MessagePublisher(Protocol):
    """Hands messages to the transport."""

    async def publish(self, messages: Sequence[Message]) -> None:
        """Returns when the transport has stored every message for every queue subscribed to its type.

        Messages of one call are stored in their order. Raises `Unavailable` when the transport cannot be
        reached or refuses one; some may then have been stored, and publishing them again is harmless
        because consumers recognise their ids.
        """
        ...


class MessageConsumer(Protocol):
    """Runs handlers over the messages of queues."""

    async def run(self, handlers: Sequence[tuple[Subscription, Handler]], concurrency: int) -> None:
        """Declares the queues, then delivers until cancelled.

        At most `concurrency` handlers run at a time; each message is delivered at least once to one of
        all the consumers of its queue. A handler that returns has done its work; one that raises gets the
        message again by the retry policy; a consumer that dies gives its messages back. On cancellation
        no new message is taken, running handlers are awaited, unhandled messages are given back, and the
        call returns by raising `CancelledError`. Cancelled once more while it waits, it cancels the running
        handlers and gives their messages back too. A lost transport is reconnected to, for ever, with
        backoff.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStatus:
    """`ready` messages wait, `delayed` ones wait for their retry, `active` ones are with a consumer.

    `active` is None where the transport does not tell (RabbitMQ, over AMQP).
    """

    queue: str
    ready: int
    delayed: int
    active: int | None
    dead: int


class MessageQueues(Protocol):
    """What an operator sees of the transport."""

    async def declare(self, subscriptions: Sequence[Subscription]) -> None:
        """Makes queues and bindings; what is there already stays."""
        ...

    async def status(self) -> Sequence[QueueStatus]:
        """Every declared queue, by name."""
        ...
