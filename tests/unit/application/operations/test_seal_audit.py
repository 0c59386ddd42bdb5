"""Sealing goes on in batches until nothing waits, and outlives an outage."""

import asyncio
from datetime import timedelta

from adapters.memory.audit import InMemoryAuditLedger
from adapters.system.clock import SystemClock
from application.operations.seal_audit import SealAudit
from domain.shared.errors import Unavailable
from tests.contract.systems import MemorySystem, principal, something


class Flaky(InMemoryAuditLedger):
    """Away at the first attempt."""

    attempts = 0

    async def seal(self, limit: int) -> int:
        self.attempts += 1
        if self.attempts == 1:
            raise Unavailable("away")
        return await super().seal(limit)


async def test_seals_everything_that_waits_and_goes_on_after_an_outage() -> None:
    system = MemorySystem()
    ledger = Flaky(system.store, SystemClock())
    heard: list[tuple[str, str]] = []
    sealing = SealAudit(
        ledger,
        lambda event, reason: heard.append((event, reason)),
        batch=2,
        pace=timedelta(milliseconds=1),
    )
    user = await system.new_user()
    async with system.start_work(principal(user)) as work:
        for _ in range(5):
            work.record(something(user))
        await work.commit()
    running = asyncio.create_task(sealing.run())
    try:
        async with asyncio.timeout(30):
            while ledger.taken < 5:  # noqa: ASYNC110 - the ledger tells nobody
                await asyncio.sleep(0.001)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert heard == [("sealing_interrupted", "away")]
    assert [len(seal.digests) for seal in ledger.kept] == [2, 2, 1]
