"""Takes messages out of Postgres under leases: a consumer that dies stops renewing, and others go on."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import msgspec
import structlog
from asyncpg import Record

from adapters.postgres.engine import CONNECTION_LOST, Database
from adapters.postgres.message_statements import BURY, CLAIM, DONE, GIVE_BACK, NEXT_DUE, RENEW, RETRY
from adapters.postgres.messages import CHANNEL, PostgresMessageQueues, decode, relay_scope
from application.shared.delivery import DeadLetter, Delivery, HandlerPool, Retry, deliver, describe
from application.shared.messages import Handler, Message, MessageConsumer, RetryPolicy, Subscription
from application.shared.waiting import wait_for_event
from domain.shared.errors import Unavailable

log = structlog.get_logger()

Handlers = Sequence[tuple[Subscription, Handler]]

FAILED = (Unavailable, asyncpg.PostgresError, *CONNECTION_LOST)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseSettings:
    """`lease` is how long a message stays with a consumer that gives no sign of life; `poll` is how long
    a notification that was lost can delay a message."""

    lease: timedelta = timedelta(seconds=30)
    poll: timedelta = timedelta(seconds=5)


class PostgresMessageConsumer(MessageConsumer):
    """Needs the pool for each step and one connection of its own to listen on, which `run` opens."""

    def __init__(
        self, database: Database, policy: RetryPolicy, settings: LeaseSettings | None = None
    ) -> None:
        self._database = database
        self._policy = policy
        self._settings = settings or LeaseSettings()

    async def run(self, handlers: Handlers, concurrency: int) -> None:
        run = ConsumerRun(self._database, self._policy, self._settings, handlers)
        pool = HandlerPool(concurrency, lambda error: log.error("delivery_crashed", exc_info=error))
        helpers = [asyncio.create_task(run.listen()), asyncio.create_task(run.renew())]
        try:
            await run.take(pool)
        finally:
            # Leases are renewed until the last handler has ended.
            try:
                await pool.drain()
            finally:
                for helper in helpers:
                    helper.cancel()
                await asyncio.gather(*helpers, return_exceptions=True)


class ConsumerRun:
    """What one `run` holds: its queues, its token, and the messages in its hands."""

    def __init__(
        self, database: Database, policy: RetryPolicy, settings: LeaseSettings, handlers: Handlers
    ) -> None:
        self._database = database
        self._policy = policy
        self._settings = settings
        self._subscriptions = [subscription for subscription, _ in handlers]
        self._handlers = {subscription.queue: handler for subscription, handler in handlers}
        self._queues = list(self._handlers)
        self._news = asyncio.Event()
        self._backoff = 0.1
        self.token = uuid4()
        self.held: set[tuple[str, UUID]] = set()

    async def take(self, pool: HandlerPool) -> None:
        """Delivers for ever; a database that is away is asked again."""
        declared = False
        while True:
            free = await pool.slots()
            try:
                if not declared:
                    await PostgresMessageQueues(self._database).declare(self._subscriptions)
                    declared = True
                self._news.clear()
                rows, wait = await self._claim_whole(free)
                self._backoff = 0.1
            except FAILED as error:
                log.warning("database_lost", role="consumer", error=describe(error))
                rows, wait = [], self._backoff
                self._backoff = min(self._backoff * 2, 5.0)
            for _ in range(free - len(rows)):
                pool.release()
            for row in rows:
                pool.start(self._handle(row))
            if not rows:
                await wait_for_event(self._news, wait)

    async def _claim_whole(self, free: int) -> tuple[list[Record], float]:
        """A claim that a cancellation does not leave behind half known."""
        claim = asyncio.create_task(self._claim(free))
        try:
            return await asyncio.shield(claim)
        except asyncio.CancelledError:
            with contextlib.suppress(*FAILED):
                rows, _ = await claim
                for row in rows:
                    await PostgresDelivery(self._database, self, row, None).give_back()
            raise

    async def _claim(self, free: int) -> tuple[list[Record], float]:
        """Messages to handle; when there are none, how long until there may be."""
        rows: list[Record] = []
        wait = self._settings.poll.total_seconds()
        # Another queue goes first each time, so that a long one does not keep the others waiting.
        self._queues.append(self._queues.pop(0))
        async with relay_scope(self._database) as connection:
            for queue in self._queues:
                if len(rows) < free:
                    arguments = (queue, free - len(rows), self.token, self._settings.lease)
                    claimed = await connection.fetch(CLAIM, *arguments)
                    rows += sorted(claimed, key=lambda row: int(row["position"]))
            if not rows:
                due = await connection.fetchval(NEXT_DUE, self._queues)
                if due is not None:
                    wait = min(max(due, 0.0), wait)
        self.held |= {(row["queue"], row["id"]) for row in rows}
        return rows, wait

    async def _handle(self, row: Record) -> None:
        try:
            if row["deliveries"] > self._policy.deliveries:
                error = f"delivered {self._policy.deliveries} times without an outcome; its consumers died"
                await PostgresDelivery(self._database, self, row, None).bury(
                    DeadLetter(failures=row["failures"], error=error)
                )
                return
            try:
                message = decode(row["body"])
            except msgspec.MsgspecError as error:
                outcome = DeadLetter(failures=row["failures"] + 1, error=describe(error))
                await PostgresDelivery(self._database, self, row, None).bury(outcome)
                return
            delivery = PostgresDelivery(self._database, self, row, message)
            await deliver(delivery, self._handlers[row["queue"]], self._policy)
        finally:
            self.held.discard((row["queue"], row["id"]))

    async def renew(self) -> None:
        """Keeps the leases of what is being handled."""
        while True:
            await asyncio.sleep(self._settings.lease.total_seconds() / 3)
            if not self.held:
                continue
            queues, ids = zip(*self.held, strict=True)
            try:
                async with relay_scope(self._database) as connection:
                    await connection.execute(RENEW, queues, ids, self.token, self._settings.lease)
            except FAILED as error:
                log.warning("leases_not_renewed", error=describe(error), messages=len(ids))

    async def listen(self) -> None:
        """Looks again as soon as a queue of ours is said to have something."""

        def notified(_: object, __: int, ___: str, payload: object) -> None:
            if payload in self._handlers:
                self._news.set()

        while True:
            try:
                await self._listen(notified)
            except FAILED as error:
                log.warning("database_lost", role="listener", error=describe(error))
            await asyncio.sleep(1)

    async def _listen(self, notified: Callable[[object, int, str, object], None]) -> None:
        connection = await self._database.dedicated()
        try:
            ended = asyncio.Event()
            connection.add_termination_listener(lambda _: ended.set())
            await connection.add_listener(CHANNEL, notified)
            # Whatever came while nobody listened.
            self._news.set()
            await ended.wait()
        finally:
            connection.terminate()

    def look_again(self) -> None:
        """Something changed that decides how long to wait."""
        self._news.set()


class PostgresDelivery(Delivery):
    """One row under this run's lease; a lease that was lost meanwhile changes nothing any more."""

    def __init__(self, database: Database, run: ConsumerRun, row: Record, message: Message | None) -> None:
        self._database = database
        self._run = run
        self._row = row
        self._message = message

    @property
    def message(self) -> Message:
        if self._message is None:
            raise RuntimeError("this delivery holds no message that can be handled")
        return self._message

    @property
    def failures(self) -> int:
        return int(self._row["failures"])

    async def done(self) -> None:
        await self._end(DONE)

    async def retry(self, outcome: Retry) -> None:
        if await self._end(RETRY, outcome.failures, outcome.error, outcome.delay):
            self._run.look_again()
            log.warning(
                "message_retried",
                queue=self._row["queue"],
                message_id=str(self._row["id"]),
                failures=outcome.failures,
                delay=outcome.delay.total_seconds(),
                error=outcome.error,
            )

    async def bury(self, outcome: DeadLetter) -> None:
        if await self._end(BURY, outcome.failures, outcome.error):
            log.error(
                "message_dead",
                queue=self._row["queue"],
                message_id=str(self._row["id"]),
                failures=outcome.failures,
                error=outcome.error,
            )

    async def give_back(self) -> None:
        await self._end(GIVE_BACK)

    async def _end(self, statement: str, *arguments: object) -> bool:
        """Whether the outcome was stored."""
        queue, identifier = self._row["queue"], self._row["id"]
        try:
            async with relay_scope(self._database) as connection:
                tag = await connection.execute(statement, queue, identifier, self._run.token, *arguments)
        except FAILED as error:
            log.warning("message_outcome_lost", message_id=str(identifier), error=describe(error))
            return False
        if tag.endswith(" 0"):
            log.warning("message_lease_lost", message_id=str(identifier), queue=queue)
            return False
        return True
