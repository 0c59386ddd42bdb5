"""Refusals are written soon, once, and after an outage; recording them waits for nothing."""

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from adapters.memory.audit import InMemoryRefusalLog
from adapters.memory.store import MemoryStore
from adapters.system.clock import SystemClock
from application.operations.audit_ports import RefusalRow
from application.operations.record_refusals import RecordRefusals
from application.shared.principal import Trace
from application.shared.refusals import Refusal
from domain.operations.audit import NOBODY
from domain.operations.refusals import MANY
from domain.shared.errors import Unavailable
from domain.shared.ids import UserId
from tests.contract.systems import IDS

ADA = UserId(UUID(int=7))


class Flaky(InMemoryRefusalLog):
    """Away while told so; what it was given then may have been stored all the same."""

    __slots__ = ("attempts", "is_away", "stores")

    def __init__(self) -> None:
        super().__init__(MemoryStore())
        self.is_away = self.stores = False
        self.attempts = 0

    async def write(self, rows: Sequence[RefusalRow]) -> None:
        self.attempts += 1
        if not self.is_away or self.stores:
            await super().write(rows)
        if self.is_away:
            raise Unavailable("away")


class Rig:
    def __init__(self) -> None:
        self.log = Flaky()
        self.heard: list[tuple[str, str]] = []
        self.recorder = RecordRefusals(
            self.log,
            SystemClock(),
            IDS,
            lambda event, reason: self.heard.append((event, reason)),
            pace=timedelta(milliseconds=1),
            kinds=50,
        )

    @property
    def rows(self) -> list[tuple[str | None, int]]:
        return [(each.reason, each.occurrences) for each in self.log.store.audit]


def refusal(user_id: UserId | None = None, reason: str = "no_token", address: str = "192.0.2.1") -> Refusal:
    trace = Trace(request_id="r", address=address)
    return Refusal(reason=reason, operation="GET /api/v1/entities", trace=trace, user_id=user_id)


async def test_what_is_left_is_written_at_the_end() -> None:
    rig = Rig()
    for _ in range(3):
        rig.recorder.record(refusal())
    rig.recorder.record(refusal(ADA, "not_permitted"))
    assert rig.rows == []
    await rig.recorder.drain()
    assert rig.rows == [("not_permitted", 1), ("no_token", 3)]
    own, other = rig.log.store.audit
    assert (own.user_id, own.actor_id, own.resource_id, own.last_occurred_at) == (ADA, ADA, ADA, None)
    assert (other.user_id, other.action, other.outcome) == (NOBODY, "access.refused", "failure")
    assert other.last_occurred_at is not None
    await rig.recorder.drain()
    assert len(rig.rows) == 2


async def test_an_outage_loses_and_repeats_nothing_and_is_said_once() -> None:
    rig = Rig()
    rig.log.is_away = rig.log.stores = True
    rig.recorder.record(refusal())
    running = asyncio.create_task(rig.recorder.run())
    try:
        async with asyncio.timeout(30):
            while rig.log.attempts < 3:  # noqa: ASYNC110 - the log tells nobody
                await asyncio.sleep(0.001)
            rig.log.stores = False
            for _ in range(4):
                rig.recorder.record(refusal(reason="expired_token"))
            rig.log.is_away = False
            while len(rig.rows) < 2:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.001)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert rig.rows == [("no_token", 1), ("expired_token", 4)]
    assert rig.heard == [("refusals_interrupted", "away"), ("refusals_resumed", "")]


async def test_an_outage_at_the_end_says_how_many_are_lost() -> None:
    rig = Rig()
    rig.log.is_away = True
    for _ in range(3):
        rig.recorder.record(refusal())
    await rig.recorder.drain(within=timedelta(milliseconds=20))
    assert rig.heard == [
        ("refusals_interrupted", "away"),
        ("refusals_lost", "3 refusals of access are not in the audit log"),
    ]


async def test_strangers_cannot_drown_what_is_refused_to_accounts() -> None:
    rig = Rig()
    for number in range(1_000):
        rig.recorder.record(refusal(address=f"198.51.{number // 250}.{number % 250}"))
    rig.recorder.record(refusal(ADA, "not_permitted"))
    await rig.recorder.drain()
    assert len(rig.rows) == 52
    assert sum(count for _, count in rig.rows) == 1_001
    assert (MANY, 950) in rig.rows
    assert [each.reason for each in rig.log.store.audit if each.user_id == ADA] == ["not_permitted"]


def test_recording_takes_a_small_part_of_what_a_request_does() -> None:
    rig = Rig()
    many = [refusal(address=f"2001:db8:0:{number % 300:x}::{number:x}") for number in range(5_000)]
    began = time.process_time()
    for each in many:
        rig.recorder.record(each)
    # A request costs some 300 microseconds of CPU; the margin is for machines that are slow or watched.
    assert time.process_time() - began < len(many) * 100e-6
