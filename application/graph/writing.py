"""What writing rows of either kind shares."""

from dataclasses import dataclass
from datetime import datetime

from application.graph.bulk import BulkRepository, BulkUnitOfWork
from application.graph.hold_rows_to_schema import Judges, judges_of
from application.shared.ports import IdGenerator
from domain.graph.bulk import BulkMode
from domain.shared.ids import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """Into whose graph rows are written, when, how, and what they are held to, if to anything."""

    bulk: BulkRepository
    user_id: UserId
    mode: BulkMode
    now: datetime
    ids: IdGenerator
    judges: Judges | None = None


async def writing_in(
    work: BulkUnitOfWork, user_id: UserId, mode: BulkMode, now: datetime, ids: IdGenerator
) -> Writing:
    """Into this user's graph, in a unit of work, held to the schema in force."""
    judges = await judges_of(work)
    return Writing(bulk=work.bulk, user_id=user_id, mode=mode, now=now, ids=ids, judges=judges)
