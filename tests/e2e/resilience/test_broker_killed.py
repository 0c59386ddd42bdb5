"""The broker is killed in the middle of an ingestion: the API goes on, and the work is done afterwards."""

import asyncio

from tests.e2e.resilience.conftest import Deploy
from tests.e2e.resilience.corpus import generated
from tests.e2e.resilience.ingestion import Ingestion, ingest
from tests.e2e.resilience.ledger import Ledger
from tests.e2e.resilience.polling import eventually
from tests.servers.rabbitmq import PrivateRabbitMQ


async def test_a_broker_killed_twice_loses_no_document_and_the_api_never_notices(
    deploy: Deploy, ledger: Ledger, killable_rabbitmq: PrivateRabbitMQ
) -> None:
    documents, given = generated(400, seed=2), Ingestion()
    async with deploy(RABBITMQ_URL=killable_rabbitmq.url) as deployment:
        for _ in range(2):
            deployment.consume()
        await eventually(killable_rabbitmq.has_saved_queues, "queues that survive a kill", poll=0.1)
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(ingest(deployment, documents, given, senders=2))
            for rest in (300, 150):
                await eventually(
                    lambda rest=rest: len(given.acknowledged) >= len(documents) - rest, "some of the stream"
                )
                killable_rabbitmq.kill()
                during = len(given.acknowledged)
                # As many as it takes to know that nobody waits for the broker.
                await eventually(
                    lambda during=during: len(given.acknowledged) >= during + 60, "documents during the outage"
                )
                assert await ledger.pending() > 0
                await asyncio.to_thread(killable_rabbitmq.start)
        await sending
        await eventually(ledger.is_idle, f"every document to be processed:\n{deployment.logs()}", within=90)

        assert set(given.statuses) == {201}
        assert given.cut == 0
        assert await ledger.number("select count(*) from backend_documents.documents") == len(documents)
        assert await ledger.unsound() == {}
        assert await ledger.has_gapless_positions()
