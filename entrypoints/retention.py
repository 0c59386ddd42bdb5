"""What removes old rows, for the transport there is: the broker's queues are counted, our own are known."""

import structlog

from adapters.rabbitmq.connection import RabbitMQSettings
from adapters.rabbitmq.queues import RabbitMQQueues
from application.operations.purge_expired import PurgeExpired
from application.operations.redeliveries import KnownRedeliveries, ObservedRedeliveries
from application.operations.retention_ports import Redeliveries
from entrypoints.container import Container
from entrypoints.settings import Settings
from entrypoints.subscriptions import SUBSCRIPTIONS

log = structlog.get_logger()


def broker_of(settings: Settings, container: Container) -> RabbitMQSettings:
    """The broker that `RABBITMQ_URL` names."""
    return RabbitMQSettings(
        url=settings.rabbitmq_url, prefix=settings.message_prefix, policy=container.retry_policy()
    )


def purge_expired(settings: Settings, container: Container) -> PurgeExpired:
    """Over an open container."""
    redeliveries: Redeliveries = KnownRedeliveries(SUBSCRIPTIONS)
    if settings.rabbitmq_url:
        queues = RabbitMQQueues(broker_of(settings, container), SUBSCRIPTIONS)
        redeliveries = ObservedRedeliveries(queues, container.clock())
    return PurgeExpired(
        container.expired_rows(),
        redeliveries,
        container.clock(),
        container.retention(),
        lambda event, reason: log.info(event, reason=reason or None),
    )
