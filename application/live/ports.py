"""What the live feed reads, and who else hears what it hears."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from application.shared.messages import Message
from domain.shared.ids import UserId


class EventLog(Protocol):
    """Positioned events only: what has no position yet has not been announced."""

    async def head(self) -> int:
        """The last position given, 0 before the first."""
        ...

    async def purged(self) -> int:
        """Events up to this position are no longer kept; 0 while all are."""
        ...

    async def since(self, user_id: UserId, position: int, limit: int) -> Sequence[Message]:
        """One user's events after `position`, by position."""
        ...

    def follow(self, position: int) -> AsyncIterator[Sequence[Message]]:
        """All users' events after `position`, in batches by position, for ever; each once.

        A lost connection is made again, and what happened meanwhile is read then.
        """
        ...


class EventEncoder(Protocol):
    """An event as its readers get it; called once for each event, however many read it."""

    def __call__(self, message: Message, /) -> str: ...


class FeedListener(Protocol):
    """Hears every user's events in order, in every process, before any reader does.

    It must neither wait nor raise; this is how a process forgets what it had cached.
    """

    def __call__(self, messages: Sequence[Message], /) -> None: ...


class FeedObserver(Protocol):
    """Hears what the feed cannot do, so that an operator does."""

    def __call__(self, event: str, reason: str, /) -> None: ...
