"""A deployment over the shared servers, with the ledger of its database."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from adapters.postgres.provision import Logins
from tests.e2e.resilience.deployment import Deployment, deployed
from tests.e2e.resilience.ledger import Ledger
from tests.servers.postgres import PostgresTestServer

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
