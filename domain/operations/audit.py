"""What an audit row says: who did what to what, when, from where."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.shared.ids import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """`user_id` owns the thing, `actor_id` acted; `action` is the event's type; `occurred_at` is UTC;
    `outcome` is `success` or `failure`."""

    user_id: UserId
    actor_id: UserId
    action: str
    resource_id: UUID
    occurred_at: datetime
    outcome: str
    request_id: str
    address: str | None
