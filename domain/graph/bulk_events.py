"""What is announced, and audited, once for many rows that were written together."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from domain.graph.bulk import RowOutcome
from domain.shared.events import DomainEvent
from domain.shared.ids import UserId
from domain.shared.json import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphWritten(DomainEvent):
    """Rows were written together: by a batch of the import `subject`, or by the bulk request of that id.
    Each entity and relationship among them has an event of its own, and this one their audit row."""

    type: ClassVar[str] = "graph.written"


def graph_written(
    user_id: UserId, subject: UUID, kind: str, outcomes: Iterable[RowOutcome], now: datetime
) -> GraphWritten:
    """The event of some rows of one kind."""
    counts: dict[str, int] = {}
    first = last = None
    for outcome in outcomes:
        counts[outcome.status] = counts.get(outcome.status, 0) + 1
        first, last = first or outcome.place, outcome.place
    data: JsonObject = {"kind": kind, "first_row": first, "last_row": last, **counts}
    return GraphWritten(user_id=user_id, subject=subject, occurred_at=now, data=data)
