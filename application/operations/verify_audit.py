"""Recomputes the whole audit log, and tells every row and seal that is not what it was."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from application.operations.audit_ports import AuditLedger
from application.shared.ports import Clock
from domain.operations.seals import Fault, Finding, Seal, SealedRow, check_link, check_rows

# The findings that are kept; a log that is wrong throughout need not be told in full.
MOST = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """`head` is the digest of the newest seal as hex, None without seals: kept elsewhere, it shows later
    whether the end of the log was cut off or all of it was made anew."""

    seals: int
    rows: int
    head: str | None
    findings: Sequence[Finding]
    is_complete: bool


class VerifyAudit:
    """Reads `batch` seals at a time. `patience` is how long a row may go without a seal."""

    def __init__(
        self,
        ledger: AuditLedger,
        clock: Clock,
        *,
        batch: int = 20,
        patience: timedelta = timedelta(minutes=5),
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._batch = batch
        self._patience = patience

    async def __call__(self, expected: str | None = None) -> Verification:
        """`expected` is the digest (hex) of a seal noted earlier, which must still be in the chain."""
        findings: list[Finding] = []
        last: Seal | None = None
        seals = rows = 0
        is_known = expected is None
        while found := await self._ledger.seals(last.number if last else 0, self._batch):
            under: dict[int, list[SealedRow]] = {seal.number: [] for seal in found}
            for number, row in await self._ledger.rows(found[0].number, found[-1].number):
                under.get(number, []).append(row)
            for seal in found:
                findings += check_link(seal, last)
                findings += check_rows(seal, under[seal.number])
                seals, rows, last = seals + 1, rows + len(under[seal.number]), seal
                is_known = is_known or seal.digest.hex() == expected
        newest = last.number if last else 0
        findings += await self._ledger.strays(newest, self._clock.now() - self._patience)
        if not is_known:
            detail = "the seal that was noted is not in the log"
            findings.append(Finding(fault=Fault.SEAL_MISSING, detail=detail))
        return Verification(
            seals=seals,
            rows=rows,
            head=last.digest.hex() if last else None,
            findings=findings[:MOST],
            is_complete=len(findings) <= MOST,
        )
