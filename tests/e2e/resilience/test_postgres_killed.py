"""Postgres is killed and started again: everybody waits for it, and nobody has to be started again."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from adapters.postgres.provision import Logins
from tests.e2e.resilience.corpus import stream
from tests.e2e.resilience.deployment import Deployment, deployed
from tests.e2e.resilience.ingestion import Ingestion, has_refused, has_taken, ingest
from tests.e2e.resilience.ledger import Ledger
from tests.e2e.resilience.polling import eventually
from tests.e2e.resilience.transport import WorkTransport
from tests.servers.database import MigratedServer
from tests.servers.postgres import PrivatePostgres, private_postgres
from tests.servers.process import ServerUnavailable

OUTAGES = 2


@pytest.fixture(scope="module")
def killable_postgres() -> Iterator[PrivatePostgres]:
    """A server that is this module's alone."""
    try:
        with private_postgres() as server:
            yield server
    except ServerUnavailable as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def logins(killable_postgres: PrivatePostgres) -> Logins:
    """A fresh, migrated database on it; it goes with the server."""
    return MigratedServer(killable_postgres).create_database()


@pytest.fixture
def ledger(killable_postgres: PrivatePostgres, logins: Logins) -> Ledger:
    return Ledger.of(killable_postgres, logins)


@pytest.fixture
async def deployment(logins: Logins, transport: WorkTransport) -> AsyncIterator[Deployment]:
    # Its policy is through with a message long before the outage is over.
    async with deployed(logins, **transport.environment) as deployment:
        yield deployment


async def test_everything_acknowledged_is_processed_after_the_database_was_killed(
    deployment: Deployment, ledger: Ledger, killable_postgres: PrivatePostgres, transport: WorkTransport
) -> None:
    given = Ingestion()
    processes = [deployment.api, await deployment.consumer(), await deployment.consumer()]
    async with asyncio.TaskGroup() as group:
        group.create_task(ingest(deployment, stream(4), given, pause=0.05))
        for _ in range(OUTAGES):
            await eventually(has_taken(given, 60), "documents before the outage")
            await asyncio.to_thread(killable_postgres.kill)
            await eventually(has_refused(given, 40), "refusals meanwhile")
            await asyncio.to_thread(killable_postgres.start)
        given.enough = True
    await eventually(ledger.is_idle, f"every document to be processed:\n{deployment.logs()}", within=300)

    assert all(process.is_running() for process in processes), deployment.logs()
    assert set(given.statuses) <= {200, 201, 409, 503}
    assert (given.unexplained, given.cut) == ([], 0)
    assert given.slowest < 15
    stored = await ledger.rows("select title, id from backend_documents.documents")
    assert {(title, str(key)) for title, key in stored} == set(given.acknowledged.items())
    assert await ledger.unsound() == {}
    await transport.drained(deployment.logs)
    assert await ledger.has_gapless_positions()
