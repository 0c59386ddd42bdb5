"""The consumer process: handlers over the queues, and the relay that fills them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta

import structlog

from adapters import on_demand
from adapters.postgres.message_consumer import LeaseSettings, PostgresMessageConsumer
from adapters.postgres.messages import PostgresMessagePublisher, PostgresMessageQueues
from adapters.rabbitmq.consumer import RabbitMQConsumer
from adapters.rabbitmq.publisher import RabbitMQPublisher
from application.operations.relay import Relay
from application.operations.seal_audit import SealAudit
from application.shared.messages import MessageConsumer, MessagePublisher
from entrypoints import garbage
from entrypoints.consumer.handlers import handlers
from entrypoints.container import Container
from entrypoints.logs import configure_logs
from entrypoints.retention import broker_of, purge_expired
from entrypoints.serve import open_container, stopped_by_signals
from entrypoints.settings import Settings, require
from entrypoints.subscriptions import SUBSCRIPTIONS

log = structlog.get_logger()


@contextlib.asynccontextmanager
async def open_transport(
    settings: Settings, container: Container
) -> AsyncIterator[tuple[MessagePublisher, MessageConsumer]]:
    """RabbitMQ where `RABBITMQ_URL` names one, Postgres otherwise."""
    if settings.rabbitmq_url:
        broker = broker_of(settings, container)
        async with RabbitMQPublisher(broker, SUBSCRIPTIONS) as publisher:
            yield publisher, RabbitMQConsumer(broker)
        return
    database = container.database()
    await PostgresMessageQueues(database).declare(SUBSCRIPTIONS)
    lease = LeaseSettings(lease=timedelta(seconds=settings.message_lease))
    yield (
        PostgresMessagePublisher(database),
        PostgresMessageConsumer(database, container.retry_policy(), lease),
    )


async def consume(settings: Settings) -> None:
    """Works until SIGTERM or SIGINT, then finishes what it has begun. Raises as `serve` does."""
    require(settings, "DATABASE_URL")
    configure_logs(settings.module_id, settings.log_level)
    stop = stopped_by_signals()
    async with open_container(settings) as container, open_transport(settings, container) as transport:
        publisher, consumer = transport
        await load(container)
        relay = Relay(
            container.outbox(), publisher, lambda event, reason: log.info(event, reason=reason or None)
        )
        seal = SealAudit(
            container.audit_ledger(), lambda event, reason: log.info(event, reason=reason or None)
        )
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(relay.run()),
                group.create_task(seal.run()),
                group.create_task(container.sweep_imports().run()),
                group.create_task(purge_expired(settings, container).run()),
                group.create_task(consumer.run(handlers(container), settings.consumer_concurrency)),
            ]
            garbage.freeze()
            log.info("consuming", transport="rabbitmq" if settings.rabbitmq_url else "postgres")
            group.create_task(end_with(stop, tasks))
    log.info("stopped")


async def load(container: Container) -> None:
    """Everything that the first message would wait for otherwise."""
    await asyncio.to_thread(on_demand.load_all)
    for extractor in container.extractors().values():
        await extractor.prepare()


async def end_with(stop: asyncio.Event, tasks: list["asyncio.Task[None]"]) -> None:
    """Cancels the tasks once `stop` is set; each ends in its own good order."""
    await stop.wait()
    log.info("draining")
    for task in tasks:
        task.cancel()
