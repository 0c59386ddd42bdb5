"""What removing old rows needs of where they are kept, and of the transport."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Kind(StrEnum):
    """Rows that are over some day. What was audited never is, and is not among them."""

    EVENTS = "events"
    IDEMPOTENCY_KEYS = "idempotency_keys"
    REFRESH_TOKENS = "refresh_tokens"
    SESSIONS = "sessions"
    SOCKET_TICKETS = "socket_tickets"


class ExpiredRows(Protocol):
    """Old rows of all users. Each call is one short transaction; none waits for a row that is in use."""

    async def remove(self, kind: Kind, before: datetime, limit: int) -> int:
        """Removes up to `limit` rows that were over before that time; how many. Raises `Unavailable`.

        A session is over when it was revoked or has expired, and takes its refresh tokens along; refresh
        tokens and tickets when they have expired; an idempotency key and an event with the time they
        are of. Events go in the order of their positions, and never one the transport has not confirmed.
        """
        ...

    async def remove_handled(self, handler: str, before: datetime, limit: int) -> int:
        """Forgets up to `limit` messages that this handler has handled before that time, and says how many;
        none that waits in the outbox or in a queue of the database. Raises `Unavailable`.
        """
        ...


class Redeliveries(Protocol):
    """What the transport may still hand out, though it was handled."""

    async def settled(self) -> Mapping[str, datetime | None]:
        """By queue, the time before which nothing that was handled can come again; a queue is missing while
        nobody can tell, None means that `ExpiredRows` can tell by itself. Raises `Unavailable`.
        """
        ...
