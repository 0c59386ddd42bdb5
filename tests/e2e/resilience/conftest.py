"""A deployment over the shared servers, with the ledger of its database."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from adapters.postgres.provision import Logins
from tests.e2e.resilience.deployment import Deployment, deployed
from tests.e2e.resilience.ledger import Ledger
from tests.e2e.resilience.transport import WorkTransport
from tests.servers.postgres import PostgresTestServer
from tests.servers.rabbitmq import RabbitMQTestServer

# A policy that is through with a message quickly, and leases that do not outlive their holders for long, but
# outlast the pauses of a busy machine.
IMPATIENT = {"MESSAGE_ATTEMPTS": "3", "MESSAGE_RETRY_DELAY": "0.1", "MESSAGE_LEASE": "5"}

Deploy = Callable[..., AbstractAsyncContextManager[Deployment]]


@pytest.fixture
def ledger(migrated_database: Logins, postgres_server: PostgresTestServer) -> Ledger:
    """What the test's database holds."""
    return Ledger.of(postgres_server, migrated_database)


@pytest.fixture
def deploy(migrated_database: Logins) -> Deploy:
    """`async with deploy(VARIABLE=...) as deployment`, over the test's database."""

    @asynccontextmanager
    async def deploy(**environment: str) -> AsyncIterator[Deployment]:
        async with deployed(migrated_database, **environment) as deployment:
            yield deployment

    return deploy


@pytest.fixture(params=["postgres", "rabbitmq"])
async def transport(
    request: pytest.FixtureRequest, rabbitmq_server: RabbitMQTestServer
) -> AsyncIterator[WorkTransport]:
    """Each way that work travels; `deploy(**transport.environment)` uses it."""
    if request.param == "postgres":
        transport = WorkTransport.through_postgres(**IMPATIENT)
    else:
        transport = WorkTransport.through_rabbitmq(rabbitmq_server.url, **IMPATIENT)
    yield transport
    await transport.remove()
