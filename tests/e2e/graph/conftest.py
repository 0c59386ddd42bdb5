"""A deployment over a database of the test's own."""

from collections.abc import AsyncIterator

import pytest

from adapters.postgres.provision import Logins
from tests.e2e.resilience.deployment import Deployment, deployed
from tests.e2e.resilience.ledger import Ledger
from tests.servers.postgres import PostgresTestServer

# Leases that do not outlive their holders for long, but outlast the pauses of a busy machine.
IMPATIENT = {"MESSAGE_ATTEMPTS": "3", "MESSAGE_RETRY_DELAY": "0.1", "MESSAGE_LEASE": "5"}


@pytest.fixture
def ledger(migrated_database: Logins, postgres_server: PostgresTestServer) -> Ledger:
    """What the test's database holds."""
    return Ledger.of(postgres_server, migrated_database)


@pytest.fixture
async def deployment(migrated_database: Logins) -> AsyncIterator[Deployment]:
    """An API process and an account; consumers are the test's to start."""
    async with deployed(
        migrated_database, IMPORT_MAX_SIZE="8000000", MAX_BODY_SIZE="4000000", **IMPATIENT
    ) as made:
        yield made
