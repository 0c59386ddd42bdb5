"""What writing rows of either kind shares."""

from dataclasses import dataclass
from datetime import datetime

from application.graph.bulk import BulkRepository
from application.shared.ports import IdGenerator
from domain.graph.bulk import BulkMode
from domain.shared.ids import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """Into whose graph rows are written, when, and how."""

    bulk: BulkRepository
    user_id: UserId
    mode: BulkMode
    now: datetime
    ids: IdGenerator


# How often rows that collide are looked for again: somebody else may have stored them at the same moment.
TRIES = 3
