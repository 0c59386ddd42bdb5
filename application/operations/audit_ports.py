"""What sealing and verifying the audit log need of where it is kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.operations.audit import AuditEntry
from domain.operations.seals import Finding, Seal, SealedRow

# A seal's number, and a row under it.
SealedRowOf = tuple[int, SealedRow]
# The id a row will have, and the row.
RefusalRow = tuple[UUID, AuditEntry]


class RefusalLog(Protocol):
    """The part of the audit log that no unit of work writes: refused access, of any account and of none."""

    async def write(self, rows: Sequence[RefusalRow]) -> None:
        """Stores rows of the action `access.refused`, all or none; a row that is there already stays as it
        is, so that it does no harm to try again. Raises `Unavailable`.
        """
        ...


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
