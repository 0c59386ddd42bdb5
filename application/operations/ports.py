"""What the relay needs of the outbox."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from application.shared.messages import Message


class OutboxLease(Protocol):
    """The outbox while this process is the one relay."""

    async def assign_positions(self, limit: int) -> int:
        """Gives up to `limit` committed events the next positions, gapless, in the order they were
        recorded; returns how many. Raises `Unavailable` when the lease is lost.
        """
        ...

    async def unpublished(self, limit: int) -> Sequence[Message]:
        """Positioned events the transport has not confirmed, by position."""
        ...

    async def mark_published(self, position: int) -> None:
        """Every event up to and including `position` is with the transport."""
        ...

    async def wait(self, seconds: float) -> None:
        """Returns when new events were announced, or after `seconds`: announcements may be lost."""
        ...


class Outbox(Protocol):
    """Where committed events wait."""

    def lead(self) -> AbstractAsyncContextManager[OutboxLease]:
        """Waits until no other process relays, then holds the lease; it ends with the process.

        Raises `Unavailable` when the database does not answer.
        """
        ...
