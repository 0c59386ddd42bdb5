"""The seals over the audit log: which bytes of a row count, and how each batch of rows holds on to the last.

A seal closes a batch of committed rows. It keeps the SHA-256 of each row, in order, and its own SHA-256 over
those, its place, and the seal before it; so no row can be changed, removed, swapped or put in later without
every seal from there on having to be made anew.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from domain.operations.audit import AuditEntry

DIGEST = 32
FIRST = bytes(DIGEST)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedRow:
    """A row of the audit log, and the `place` (from 1) that it takes in its seal."""

    id: UUID
    entry: AuditEntry
    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """`number` counts all seals from 1, `sequence` those of a UTC `day`; `digests` are those of the rows, in
    order; `previous` is the digest of seal `number` - 1, zeros for the first one."""

    number: int
    day: date
    sequence: int
    digests: Sequence[bytes]
    previous: bytes
    digest: bytes


class Fault(StrEnum):
    """What can be wrong with the log."""

    CHANGED = "changed"
    MISSING = "missing"
    REORDERED = "reordered"
    ADDED = "added"
    SEAL_CHANGED = "seal_changed"
    SEAL_MISSING = "seal_missing"
    UNSEALED = "unsealed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault: `seal` and `place` say where, `row` which one, where that is known."""

    fault: Fault
    detail: str
    seal: int | None = None
    place: int | None = None
    row: UUID | None = None


def row_digest(row_id: UUID, entry: AuditEntry) -> bytes:
    """SHA-256 of a row: each column as `length:text,` in UTF-8, or `~` for none; times in microseconds.

    A row that says nothing in its four later columns has the digest it had before there were any.
    """
    columns: tuple[str | None, ...] = (
        str(entry.user_id),
        str(row_id),
        str(entry.actor_id),
        entry.action,
        str(entry.resource_id),
        entry.outcome,
        entry.address,
        entry.request_id,
        micros(entry.occurred_at),
    )
    last = None if entry.last_occurred_at is None else micros(entry.last_occurred_at)
    if (entry.reason, entry.operation, entry.occurrences, last) != (None, None, 1, None):
        columns += (entry.reason, entry.operation, str(entry.occurrences), last)
    return hashlib.sha256(b"".join(field(each) for each in columns)).digest()


def micros(moment: datetime) -> str:
    """Microseconds since 1970."""
    return str((moment - EPOCH) // timedelta(microseconds=1))


def field(text: str | None) -> bytes:
    """A text that cannot run into its neighbours."""
    if text is None:
        return b"~"
    raw = text.encode()
    return b"%d:%b," % (len(raw), raw)


def seal_digest(previous: bytes, number: int, day: date, sequence: int, digests: Sequence[bytes]) -> bytes:
    """SHA-256 of a seal: the one before, its place in the log and in the day, and its rows."""
    place = "".join(f"{each}," for each in (number, day.isoformat(), sequence, len(digests)))
    return hashlib.sha256(b"".join((previous, place.encode(), *digests))).digest()


def following(last: Seal | None, today: date, digests: Sequence[bytes]) -> Seal:
    """The next seal. A clock that was set back does not take the log back to an earlier day."""
    day = today if last is None else max(today, last.day)
    number = 1 if last is None else last.number + 1
    sequence = last.sequence + 1 if last is not None and last.day == day else 1
    previous = FIRST if last is None else last.digest
    digest = seal_digest(previous, number, day, sequence, digests)
    return Seal(number=number, day=day, sequence=sequence, digests=digests, previous=previous, digest=digest)


def check_link(seal: Seal, last: Seal | None) -> Sequence[Finding]:
    """What is wrong with a seal itself, given the one before."""
    expected = following(last, seal.day, seal.digests)
    if seal.number != expected.number:
        detail = f"seals {expected.number} to {seal.number - 1} are gone"
        found = [Finding(fault=Fault.SEAL_MISSING, detail=detail, seal=expected.number)]
    elif (seal.day, seal.sequence, seal.previous) != (expected.day, expected.sequence, expected.previous):
        detail = "does not follow from the seal before"
        found = [Finding(fault=Fault.SEAL_CHANGED, detail=detail, seal=seal.number)]
    else:
        found = []
    if seal.digest != seal_digest(seal.previous, seal.number, seal.day, seal.sequence, seal.digests):
        detail = "does not match its own digest"
        found.append(Finding(fault=Fault.SEAL_CHANGED, detail=detail, seal=seal.number))
    return found


def check_rows(seal: Seal, rows: Sequence[SealedRow]) -> Sequence[Finding]:
    """What is wrong with the rows under a seal."""
    at: dict[int, list[SealedRow]] = {}
    for row in rows:
        at.setdefault(row.place, []).append(row)
    sealed = frozenset(seal.digests)
    found = []
    for place, digest in enumerate(seal.digests, start=1):
        here = {row.id: row_digest(row.id, row.entry) for row in at.pop(place, ())}
        if not here:
            detail = "a row was removed"
            found.append(Finding(fault=Fault.MISSING, detail=detail, seal=seal.number, place=place))
        # The place belongs to the row that was sealed there; what else stands there came later.
        right = next((each for each, actual in here.items() if actual == digest), next(iter(here), None))
        for each, actual in here.items():
            if each != right:
                found.append(added(seal, place, each))
            elif actual != digest:
                moved = actual in sealed
                found.append(
                    Finding(
                        fault=Fault.REORDERED if moved else Fault.CHANGED,
                        detail="a row stands in another's place" if moved else "a row is not what was sealed",
                        seal=seal.number,
                        place=place,
                        row=each,
                    )
                )
    return found + [added(seal, place, row.id) for place, extra in at.items() for row in extra]


def added(seal: Seal, place: int, row_id: UUID) -> Finding:
    """A row under a seal that was made without it."""
    detail = "a row was put under a seal that was made without it"
    return Finding(fault=Fault.ADDED, detail=detail, seal=seal.number, place=place, row=row_id)
