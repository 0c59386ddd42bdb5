"""Consumers are killed again and again while they work, and in the end nothing tells of it."""

import asyncio
import random
from collections.abc import Sequence

import pytest

from adapters.postgres.provision import Logins
from tests.e2e.resilience import corpus
from tests.e2e.resilience.conftest import Deploy
from tests.e2e.resilience.consumers import Consumers
from tests.e2e.resilience.corpus import Document
from tests.e2e.resilience.deployment import Deployment, deployed
from tests.e2e.resilience.ingestion import Ingestion, ingest
from tests.e2e.resilience.ledger import Graph, Ledger
from tests.e2e.resilience.polling import eventually
from tests.servers.database import MigratedServer
from tests.servers.rabbitmq import RabbitMQTestServer

KILLS = 20
SHORT_LEASE = "1"


@pytest.fixture(scope="module")
def undisturbed(migrated_server: MigratedServer) -> Graph:
    """The graph of the same documents where nobody is killed."""
    logins = migrated_server.create_database()
    try:
        return asyncio.run(graph_of(logins, migrated_server, corpus.mixed()))
    finally:
        migrated_server.drop_database(logins)


async def graph_of(logins: Logins, server: MigratedServer, documents: Sequence[Document]) -> Graph:
    ledger = Ledger.of(server.server, logins)
    async with deployed(logins) as deployment:
        await ingest(deployment, documents, Ingestion())
        deployment.consume()
        await eventually(ledger.is_idle, f"every document to be processed:\n{deployment.logs()}")
    return await ledger.graph()


async def kill_again_and_again(deployment: Deployment, ledger: Ledger, seed: int) -> None:
    """Kills a consumer at a random moment of its work, `KILLS` times; another one is always on its way."""
    moments = random.Random(seed)  # noqa: S311 - the same moments for the same seed
    consumers = Consumers(deployment)
    consumers.start(2)
    for kill in range(KILLS):
        before, steps = await ledger.handled(), moments.randint(1, 4)

        async def worked(goal: int = before + steps) -> bool:
            return consumers.working() is not None and await ledger.handled() >= goal

        await eventually(worked, f"work to go on before kill {kill + 1}:\n{deployment.logs()}", poll=0.002)
        await asyncio.sleep(moments.uniform(0, 0.01))  # the moment itself, between two steps
        consumers.kill_one()
        assert await ledger.pending() > 0, f"the work was done before kill {kill + 1}: kills prove nothing"
        consumers.start(1)


@pytest.mark.parametrize("seed", [random.SystemRandom().randrange(1_000_000)], ids=["random-seed"])
@pytest.mark.parametrize("transport", ["postgres", "rabbitmq"])
@pytest.mark.parametrize("documents", [corpus.NAME])
async def test_a_consumer_killed_twenty_times_leaves_the_graph_of_an_undisturbed_run(
    deploy: Deploy,
    ledger: Ledger,
    undisturbed: Graph,
    rabbitmq_server: RabbitMQTestServer,
    request: pytest.FixtureRequest,
    transport: str,
    documents: str,
    seed: int,
) -> None:
    print(f"seed {seed}")  # noqa: T201 - shown with a failure, to be tried again
    broker = {"RABBITMQ_URL": rabbitmq_server.url, "MESSAGE_PREFIX": f"kills{seed}"}
    environment = {"MESSAGE_LEASE": SHORT_LEASE, "CONSUMER_CONCURRENCY": "2"}
    async with deploy(**environment, **(broker if transport == "rabbitmq" else {})) as deployment:
        given = await ingest(deployment, corpus.mixed(), Ingestion())

        await kill_again_and_again(deployment, ledger, seed)

        await eventually(ledger.is_idle, f"every document to be processed:\n{deployment.logs()}")
        assert await ledger.number("select count(*) from backend_documents.documents") == len(
            set(given.acknowledged.values())
        )
        assert await ledger.unsound() == {}
        assert await ledger.has_gapless_positions()
        assert await ledger.graph() == undisturbed
