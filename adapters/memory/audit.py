"""The audit log over the memory store's list, where a row's id is its place in the list."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from uuid import UUID

from adapters.memory.document_queries import paged
from adapters.memory.store import MemoryStore
from application.operations.audit_ports import AuditLedger, RefusalLog, RefusalRow, SealedRowOf
from application.operations.queries import AuditFilter, AuditQueries, AuditRecordView, AuditView
from application.shared.pages import Page, PageRequest
from application.shared.ports import Clock
from domain.operations.audit import AuditEntry
from domain.operations.seals import Fault, Finding, Seal, SealedRow, following, row_digest
from domain.shared.ids import UserId


def meets(entry: AuditEntry, wanted: AuditFilter) -> bool:
    """Whether a row meets all that is given."""
    equal = ("user_id", "actor_id", "action", "resource_id", "outcome")
    return (
        all(getattr(wanted, name) in (None, getattr(entry, name)) for name in equal)
        and (wanted.occurred_after is None or entry.occurred_at > wanted.occurred_after)
        and (wanted.occurred_before is None or entry.occurred_at < wanted.occurred_before)
    )


class InMemoryAuditQueries(AuditQueries):
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def own(self, user_id: UserId, wanted: AuditFilter, page: PageRequest) -> Page[AuditView]:
        views = [shown_to_owner(row) for row in self._rows(wanted) if row.user_id == user_id]
        return paged(views, page, lambda view: view.occurred_at, lambda view: view.id)

    async def everybody(self, wanted: AuditFilter, page: PageRequest) -> Page[AuditRecordView]:
        return paged(self._rows(wanted), page, lambda view: view.occurred_at, lambda view: view.id)

    def _rows(self, wanted: AuditFilter) -> Sequence[AuditRecordView]:
        return [
            AuditRecordView(
                id=UUID(int=number),
                user_id=entry.user_id,
                actor_id=entry.actor_id,
                action=entry.action,
                resource_id=entry.resource_id,
                outcome=entry.outcome,
                address=entry.address,
                request_id=entry.request_id,
                occurred_at=entry.occurred_at,
                reason=entry.reason,
                operation=entry.operation,
                occurrences=entry.occurrences,
                last_occurred_at=entry.last_occurred_at,
                seal=None,
            )
            for number, entry in enumerate(self._store.audit, start=1)
            if meets(entry, wanted)
        ]


def shown_to_owner(row: AuditRecordView) -> AuditView:
    """Without what administrators alone are shown."""
    return AuditView(**{each.name: getattr(row, each.name) for each in fields(AuditView)})


@dataclass(slots=True)
class InMemoryRefusalLog(RefusalLog):
    """`kept` are the rows' ids."""

    store: MemoryStore
    kept: set[UUID] = field(default_factory=set)

    async def write(self, rows: Sequence[RefusalRow]) -> None:
        self.store.audit += [entry for row_id, entry in rows if row_id not in self.kept]
        self.kept |= {row_id for row_id, _ in rows}


@dataclass(slots=True)
class InMemoryAuditLedger(AuditLedger):
    """`kept` are the seals and `sealed` the rows under them, for a test to tamper with."""

    store: MemoryStore
    clock: Clock
    kept: list[Seal] = field(default_factory=list)
    sealed: list[SealedRowOf] = field(default_factory=list)
    taken: int = 0

    async def seal(self, limit: int) -> int:
        entries = self.store.audit[self.taken : self.taken + limit]
        if not entries:
            return 0
        rows = [
            SealedRow(id=UUID(int=self.taken + place), entry=entry, place=place)
            for place, entry in enumerate(entries, start=1)
        ]
        last = self.kept[-1] if self.kept else None
        seal = following(last, self.clock.now().date(), [row_digest(row.id, row.entry) for row in rows])
        self.kept.append(seal)
        self.sealed += [(seal.number, row) for row in rows]
        self.taken += len(rows)
        return len(rows)

    async def seals(self, after: int, limit: int) -> Sequence[Seal]:
        return sorted((seal for seal in self.kept if seal.number > after), key=lambda s: s.number)[:limit]

    async def rows(self, first: int, last: int) -> Sequence[SealedRowOf]:
        found = [each for each in self.sealed if first <= each[0] <= last]
        return sorted(found, key=lambda each: (each[0], each[1].place))

    async def strays(self, last: int, before: datetime) -> Sequence[Finding]:
        known = {seal.number for seal in self.kept}
        unknown = [
            Finding(
                fault=Fault.ADDED,
                detail="a row claims a seal that does not exist",
                seal=number,
                place=row.place,
                row=row.id,
            )
            for number, row in self.sealed
            if number <= last and number not in known
        ]
        waiting = [
            Finding(
                fault=Fault.UNSEALED,
                detail="a row has waited too long for its seal",
                row=UUID(int=self.taken + number),
            )
            for number, entry in enumerate(self.store.audit[self.taken :], start=1)
            if entry.occurred_at < before
        ]
        return [*unknown[:100], *waiting[:100]]
