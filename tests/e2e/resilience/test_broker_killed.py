"""The broker is killed in the middle of an ingestion: the API goes on, and the work is done afterwards."""

import asyncio

from tests.e2e.resilience.conftest import Deploy
from tests.e2e.resilience.corpus import stream
from tests.e2e.resilience.ingestion import Ingestion, has_taken, ingest
from tests.e2e.resilience.ledger import Ledger
from tests.e2e.resilience.polling import eventually
from tests.servers.rabbitmq import PrivateRabbitMQ

OUTAGES = 1


async def test_a_broker_killed_and_started_again_loses_no_document_and_the_api_never_notices(
    deploy: Deploy, ledger: Ledger, killable_rabbitmq: PrivateRabbitMQ
) -> None:
    given = Ingestion()
    async with deploy(RABBITMQ_URL=killable_rabbitmq.url) as deployment:
        consumers = [deployment.consume() for _ in range(2)]
        await eventually(
            lambda: all(deployment.has_said(each, "broker_connected") for each in consumers),
            lambda: f"every queue to be declared:\n{deployment.logs()}",
        )
        await eventually(killable_rabbitmq.has_saved_queues, "queues that survive a kill", poll=0.1)
        async with asyncio.TaskGroup() as group:
            group.create_task(ingest(deployment, stream(2), given, senders=2, pause=0.02))
            for _ in range(OUTAGES):
                await eventually(has_taken(given, 60), "documents before the outage")
                killable_rabbitmq.kill()
                # As many as it takes to know that nobody waits for the broker.
                await eventually(has_taken(given, 60), "documents during the outage")
                assert await ledger.pending() > 0
                await asyncio.to_thread(killable_rabbitmq.start)
            given.enough = True
        await eventually(ledger.is_idle, f"every document to be processed:\n{deployment.logs()}", within=300)

        assert set(given.statuses) == {201}
        assert given.cut == 0
        stored = await ledger.number("select count(*) from backend_documents.documents")
        assert stored == len(given.acknowledged)
        assert await ledger.unsound() == {}
        assert await ledger.has_gapless_positions()
