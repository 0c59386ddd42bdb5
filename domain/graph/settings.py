"""What every user decides about their own graph."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from domain.shared.checks import Checks
from domain.shared.events import DomainEvent
from domain.shared.ids import UserId
from domain.shared.json import rfc3339

LOWEST_THRESHOLD: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphSettings:
    """`auto_merge_threshold`: from which score duplicates are merged without being asked; None for never."""

    user_id: UserId
    auto_merge_threshold: float | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphSettingsChanged(DomainEvent):
    """Its subject is the account."""

    type: ClassVar[str] = "graph_settings.updated"


def checked(settings: GraphSettings) -> GraphSettings:
    """Raises `InvalidInput`."""
    checks, threshold = Checks(), settings.auto_merge_threshold
    if threshold is not None and not LOWEST_THRESHOLD <= threshold <= 1:
        detail = f"must be null or a number from {LOWEST_THRESHOLD} to 1"
        checks.refuse("/auto_merge_threshold", "out_of_range", detail)
    checks.finish()
    return settings


def settings_changed(settings: GraphSettings, now: datetime) -> GraphSettingsChanged:
    """The event of their change."""
    data = {"auto_merge_threshold": settings.auto_merge_threshold, "updated_at": rfc3339(now)}
    return GraphSettingsChanged(
        user_id=settings.user_id, subject=settings.user_id, occurred_at=now, data=data
    )
