"""The shape every domain event has, so that outbox, audit and live feed need to know no feature."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from domain.shared.ids import UserId
from domain.shared.json import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainEvent:
    """Something that happened to one user's data.

    `type` is the dotted name subscribers and routing keys use (`entity.created`); `subject` is the id of
    the thing it happened to; `occurred_at` is UTC; `data` is the thing as the API would show it. `outcome`
    is `failure` for what was tried and refused.
    """

    type: ClassVar[str]
    outcome: ClassVar[str] = "success"

    user_id: UserId
    subject: UUID
    occurred_at: datetime
    data: JsonObject

    @property
    def audit_reason(self) -> str | None:
        """A stable word for why, where the audit log should say it: never what somebody wrote."""
        return None
