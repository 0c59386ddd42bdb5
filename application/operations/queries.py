"""Reads of the audit log: one's own rows, and everybody's for administration."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from application.shared.pages import Page, PageRequest
from domain.shared.checks import Checks
from domain.shared.ids import UserId

AUDIT_SORTS = ("occurred_at",)
Outcome = Literal["success", "failure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditView:
    """A row as its owner sees it. `occurred_at` is UTC; `address` is where the request came from; `reason` is
    a stable word for why. A row of `access.refused` names the operation, and stands for `occurrences` alike
    from `occurred_at` to `last_occurred_at`."""

    id: UUID
    actor_id: UUID
    action: str
    resource_id: UUID
    outcome: str
    address: str | None
    request_id: str
    occurred_at: datetime
    reason: str | None
    operation: str | None
    occurrences: int
    last_occurred_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecordView(AuditView):
    """A row as an administrator sees it: `user_id` owns the thing, the nil UUID where no account is known.
    `seal` is null until the row is sealed."""

    user_id: UUID
    seal: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Only rows that meet all that is given; the times are exclusive."""

    user_id: UserId | None = None
    actor_id: UserId | None = None
    action: str | None = None
    resource_id: UUID | None = None
    outcome: Outcome | None = None
    occurred_after: datetime | None = None
    occurred_before: datetime | None = None

    def __post_init__(self) -> None:
        """Raises `InvalidInput` for a moment without its time zone or that no calendar has."""
        checks = Checks()
        checks.moment("/occurred_after", self.occurred_after)
        checks.moment("/occurred_before", self.occurred_before)
        checks.finish()


class AuditQueries(Protocol):
    """Reads the audit log; pages are sorted by one of `AUDIT_SORTS`."""

    async def own(self, user_id: UserId, wanted: AuditFilter, page: PageRequest) -> Page[AuditView]:
        """What was done to the user's things, by whomever."""
        ...

    async def everybody(self, wanted: AuditFilter, page: PageRequest) -> Page[AuditRecordView]:
        """What was done to anybody's things. For administration."""
        ...
