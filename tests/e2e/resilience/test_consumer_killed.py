"""Consumers are killed again and again while they work, and in the end nothing tells of it."""

import asyncio
import random
from collections.abc import Sequence

import pytest

from adapters.postgres.provision import Logins
from tests.e2e.resilience import corpus
from tests.e2e.resilience.conftest import Deploy
from tests.e2e.resilience.consumers import Consumers, consumers_of
from tests.e2e.resilience.corpus import Document
from tests.e2e.resilience.deployment import Deployment, deployed
from tests.e2e.resilience.ingestion import Ingestion, ingest
from tests.e2e.resilience.ledger import Graph, Ledger
from tests.e2e.resilience.polling import eventually
from tests.e2e.resilience.transport import WorkTransport
from tests.servers.database import MigratedServer

KILLS = 20


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


async def kill_again_and_again(
    deployment: Deployment, consumers: Consumers, ledger: Ledger, moments: random.Random
) -> None:
    """Kills a consumer at a random moment of its work, `KILLS` times; another one is always there."""
    consumers.start()
    consumers.start()
    for kill in range(1, KILLS + 1):
        goal = await ledger.handled() + moments.randint(1, 6)

        async def worked(goal: int = goal) -> bool:
            return consumers.that_said("consuming") is not None and await ledger.handled() >= goal

        await eventually(worked, f"work to go on before kill {kill}:\n{deployment.logs()}", poll=0.002)
        await asyncio.sleep(moments.uniform(0, 0.01))  # the moment itself, between two steps
        victim = consumers.that_said("consuming")
        assert victim is not None
        consumers.kill(victim)
        assert await ledger.pending() > 0, (
            f"the work was done before kill {kill}: the rest would prove nothing"
        )
        consumers.start()


@pytest.mark.parametrize("documents", [corpus.NAME])
async def test_a_consumer_killed_twenty_times_leaves_the_graph_of_an_undisturbed_run(
    deploy: Deploy, ledger: Ledger, undisturbed: Graph, transport: WorkTransport, documents: str
) -> None:
    seed = random.SystemRandom().randrange(1_000_000)
    print(f"seed {seed}")  # noqa: T201 - shown with a failure, to be tried again
    moments = random.Random(seed)  # noqa: S311 - the same moments for the same seed
    async with deploy(**transport.environment, CONSUMER_CONCURRENCY="2") as deployment:
        given = await ingest(deployment, corpus.mixed(), Ingestion())

        with consumers_of(deployment) as consumers:
            await kill_again_and_again(deployment, consumers, ledger, moments)
            await eventually(ledger.is_idle, f"every document to be processed:\n{deployment.logs()}")
            # While there is somebody to settle what comes twice.
            await transport.drained(deployment.logs)
            assert consumers.all_live()

        stored = await ledger.number("select count(*) from backend_documents.documents")
        assert stored == len(set(given.acknowledged.values()))
        assert await ledger.unsound() == {}
        assert await ledger.has_gapless_positions()
        assert await ledger.graph() == undisturbed
