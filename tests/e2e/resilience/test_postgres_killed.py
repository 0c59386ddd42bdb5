"""Postgres is killed and started again: everybody waits for it, and nobody has to be started again."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from adapters.postgres.provision import Logins
from tests.e2e.resilience.corpus import generated
from tests.e2e.resilience.deployment import Deployment, deployed
from tests.e2e.resilience.ingestion import Ingestion, ingest
from tests.e2e.resilience.ledger import Ledger
from tests.e2e.resilience.polling import eventually
from tests.servers.database import MigratedServer
from tests.servers.postgres import PrivatePostgres, private_postgres
from tests.servers.process import ServerUnavailable
from tests.servers.rabbitmq import RabbitMQTestServer

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


@pytest.fixture(params=["postgres", "rabbitmq"])
async def deployment(
    logins: Logins, rabbitmq_server: RabbitMQTestServer, request: pytest.FixtureRequest
) -> AsyncIterator[Deployment]:
    broker = {"RABBITMQ_URL": rabbitmq_server.url, "MESSAGE_PREFIX": "outage"}
    # A policy that is through with a message long before the outage is over.
    impatient = {"MESSAGE_ATTEMPTS": "2", "MESSAGE_RETRY_DELAY": "0.05", "MESSAGE_LEASE": "1"}
    variables = {**impatient, **(broker if request.param == "rabbitmq" else {})}
    async with deployed(logins, **variables) as deployment:
        yield deployment


async def test_everything_acknowledged_is_processed_after_the_database_was_killed(
    deployment: Deployment, ledger: Ledger, killable_postgres: PrivatePostgres
) -> None:
    documents, given = generated(300, seed=4), Ingestion()
    processes = [deployment.api, deployment.consume(), deployment.consume()]
    async with asyncio.TaskGroup() as group:
        sending = group.create_task(ingest(deployment, documents, given))
        for outage in range(OUTAGES):
            goal = (outage + 1) * len(documents) // (OUTAGES + 1)
            await eventually(lambda goal=goal: len(given.acknowledged) >= goal, "some of the stream")
            await asyncio.to_thread(killable_postgres.kill)
            refused = given.statuses[503]
            await eventually(lambda refused=refused: given.statuses[503] >= refused + 40, "refusals meanwhile")
            assert not sending.done()
            await asyncio.to_thread(killable_postgres.start)
    await eventually(ledger.is_idle, f"every document to be processed:\n{deployment.logs()}", within=90)

    assert all(process.is_running() for process in processes)
    assert set(given.statuses) <= {200, 201, 409, 503}
    assert (given.unexplained, given.cut) == ([], 0)
    assert given.slowest < 15
    stored = await ledger.rows("select title, id from backend_documents.documents")
    assert {(title, str(key)) for title, key in stored} == set(given.acknowledged.items())
    assert await ledger.unsound() == {}
    assert await ledger.has_gapless_positions()
