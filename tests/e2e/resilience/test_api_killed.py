"""The API process is killed under a client that repeats what was not answered."""

import asyncio
import random

from tests.e2e.resilience.conftest import Deploy
from tests.e2e.resilience.corpus import stream
from tests.e2e.resilience.ingestion import Ingestion, has_taken, ingest
from tests.e2e.resilience.ledger import Ledger
from tests.e2e.resilience.polling import eventually

KILLS = 5


async def test_a_killed_api_takes_no_document_twice_and_loses_none_it_acknowledged(
    deploy: Deploy, ledger: Ledger
) -> None:
    seed = random.SystemRandom().randrange(1_000_000)
    print(f"seed {seed}")  # noqa: T201 - shown with a failure, to be tried again
    moments = random.Random(seed)  # noqa: S311 - the same moments for the same seed
    given = Ingestion()
    async with deploy() as deployment:
        deployment.consume()
        async with asyncio.TaskGroup() as group:
            group.create_task(ingest(deployment, stream(3), given, pause=0.02))
            for kill in range(KILLS):
                some = has_taken(given, moments.randint(10, 40))
                await eventually(some, f"documents before kill {kill + 1}", poll=0.002)
                await asyncio.to_thread(deployment.api.kill)
                await deployment.serve()
            given.enough = True
        await eventually(ledger.is_idle, f"every document to be processed:\n{deployment.logs()}")

        assert given.cut >= KILLS
        assert set(given.statuses) <= {201, 409}
        assert given.unexplained == []
        stored = {
            (title, str(key))
            for title, key in await ledger.rows("select title, id from backend_documents.documents")
        }
        assert stored == set(given.acknowledged.items())
        assert await ledger.unsound() == {}
        assert await ledger.has_gapless_positions()
