"""What sealing and verifying the audit log need of where it is kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.operations.seals import Finding, Seal, SealedRow

# A seal's number, and a row under it.
SealedRowOf = tuple[int, SealedRow]


class AuditLedger(Protocol):
    """The audit log of all users, as a chain of seals over batches of rows."""

    async def seal(self, limit: int) -> int:
        """Puts up to `limit` committed rows under one new seal, in the order of their ids; returns how many,
        0 when there are none or another process is sealing. Raises `Unavailable`.
        """
        ...

    async def seals(self, after: int, limit: int) -> Sequence[Seal]:
        """Up to `limit` seals with a number above `after`, by number."""
        ...

    async def rows(self, first: int, last: int) -> Sequence[SealedRowOf]:
        """The rows that say they are under the seals numbered `first` to `last`, by seal and place."""
        ...

    async def strays(self, last: int, before: datetime) -> Sequence[Finding]:
        """Rows up to seal `last` whose seal does not exist, and rows without a seal that happened before
        `before`, the first hundred of each.
        """
        ...
