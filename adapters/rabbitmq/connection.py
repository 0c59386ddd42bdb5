"""Connections to the broker: how they are made, and every way in which one can turn out to be lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import aio_pika
from aio_pika.abc import AbstractConnection
from aio_pika.exceptions import AMQPError, AMQPException, ChannelInvalidStateError
from yarl import URL

from adapters.rabbitmq.topology import Topology
from application.shared.messages import RetryPolicy

# What the client raises when the broker is gone, going, or refuses; anything else is a mistake of ours.
BROKER_ERRORS = (AMQPError, AMQPException, ChannelInvalidStateError, OSError, TimeoutError)


@dataclass(frozen=True, slots=True, kw_only=True)
class RabbitMQSettings:
    """`prefix` begins the name of everything on the broker; times are in seconds.

    `heartbeat` is how soon a silent connection counts as lost, `longest_backoff` the longest wait
    between two attempts to connect again.
    """

    url: str = field(repr=False)
    prefix: str = "kgl"
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    connect_timeout: float = 5.0
    operation_timeout: float = 30.0
    heartbeat: int = 15
    first_backoff: float = 0.1
    longest_backoff: float = 5.0

    @property
    def topology(self) -> Topology:
        return Topology(self.prefix, self.policy)


async def connect(settings: RabbitMQSettings, role: str) -> AbstractConnection:
    """A connection named for operators. Raises one of `BROKER_ERRORS`."""
    url = URL(settings.url)
    if "heartbeat" not in url.query:
        url = url.update_query(heartbeat=str(settings.heartbeat))
    return await aio_pika.connect(
        url,
        timeout=settings.connect_timeout,
        client_properties={"connection_name": f"{settings.prefix}-{role}"},
    )


async def close(connection: AbstractConnection) -> None:
    """Closes what may be lost already; being lost is then what was wanted."""
    with suppress(*BROKER_ERRORS):
        await asyncio.wait_for(connection.close(), timeout=5)


@asynccontextmanager
async def connected(settings: RabbitMQSettings, role: str) -> AsyncIterator[AbstractConnection]:
    """A connection for the time of a block."""
    connection = await connect(settings, role)
    try:
        yield connection
    finally:
        await close(connection)
