"""What the live feed reads: the one ordered log of everything that happened."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from application.shared.messages import Message
from domain.shared.ids import UserId


class EventLog(Protocol):
    """Positioned events only: what has no position yet has not been announced."""

    async def head(self) -> int:
        """The last position given, 0 before the first."""
        ...

    async def since(self, user_id: UserId, position: int, limit: int) -> Sequence[Message]:
        """One user's events after `position`, by position."""
        ...

    def follow(self, position: int) -> AsyncIterator[Sequence[Message]]:
        """All users' events after `position`, in batches by position, for ever; each once.

        A lost connection is made again, and what happened meanwhile is read then.
        """
        ...
