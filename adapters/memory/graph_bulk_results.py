"""Answers to bulk requests over dictionaries, for tests without a server."""

from datetime import datetime
from uuid import UUID

from adapters.memory.store import MemoryStore, Rows
from application.graph.write_bulk import BulkResultQueries, BulkResultRepository, BulkView
from domain.shared.ids import UserId

BULK_RESULTS = "bulk_results"  # (user id, id) -> BulkView


class InMemoryBulkResultRepository(BulkResultRepository):
    """Works on the table of one unit of work."""

    def __init__(self, results: Rows) -> None:
        self._results = results

    async def add(self, user_id: UserId, result: BulkView, now: datetime) -> None:  # noqa: ARG002 - kept for good
        self._results[(user_id, result.id)] = result


class InMemoryBulkResultQueries(BulkResultQueries):
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def get(self, user_id: UserId, result_id: UUID) -> BulkView | None:
        found = self._store.table(BULK_RESULTS).get((user_id, result_id))
        return found if isinstance(found, BulkView) else None
