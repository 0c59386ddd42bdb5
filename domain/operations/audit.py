"""What an audit row says: who did what to what, when, from where; or what was refused, and how often."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from domain.shared.ids import UserId

ACCESS_REFUSED: Final = "access.refused"
# Owns the rows about whom nobody knows: the nil UUID (RFC 9562, 5.9), which no account has.
NOBODY: Final = UserId(UUID(int=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """`user_id` owns the thing, `actor_id` acted; `action` is the event's type; `occurred_at` is UTC;
    `outcome` is `success` or `failure`; `reason` a stable word for why.

    A refusal names the `operation` (method and route) and stands for `occurrences` alike, from `occurred_at`
    to `last_occurred_at` where there were several.
    """

    user_id: UserId
    actor_id: UserId
    action: str
    resource_id: UUID
    occurred_at: datetime
    outcome: str
    request_id: str
    address: str | None
    reason: str | None = None
    operation: str | None = None
    occurrences: int = 1
    last_occurred_at: datetime | None = None
