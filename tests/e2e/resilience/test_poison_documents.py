"""A document that cannot be read, or is gone, ends in plain sight and holds up no other."""

import asyncio

import httpx

from tests.e2e.resilience.conftest import IMPATIENT, Deploy
from tests.e2e.resilience.corpus import Document, generated
from tests.e2e.resilience.ingestion import Ingestion, ingest
from tests.e2e.resilience.ledger import Ledger
from tests.e2e.resilience.poisonable import POISON
from tests.e2e.resilience.polling import eventually
from tests.e2e.resilience.transport import WorkTransport


async def test_a_document_that_always_fails_ends_failed_after_its_attempts_and_blocks_nobody(
    deploy: Deploy, ledger: Ledger, transport: WorkTransport
) -> None:
    others = generated(20, seed=6)
    poison: Document = {"title": "Poison", "content": f"{others[0]['content']} {POISON}"}
    async with deploy(**transport.environment, CONSUMER_CONCURRENCY="1") as deployment:
        given = await ingest(deployment, [poison, *others], Ingestion(), senders=1)
        deployment.start("tests.e2e.resilience.poisonable")
        await eventually(ledger.is_idle, f"every document to end:\n{deployment.logs()}")

        async with deployment.client() as client:
            documents = {row["title"]: row["status"] for row in await pages(client, "/documents")}
            assert documents == {row["title"]: "processed" for row in others} | {"Poison": "failed"}
            [job] = [row for row in await pages(client, "/ai/jobs") if row["status"] != "succeeded"]
            assert (job["status"], job["failed"], job["total"]) == ("failed", 1, 1)
            [item] = await pages(client, f"/ai/jobs/{job['id']}/items")
            assert item["document_id"] == given.acknowledged["Poison"]
            assert (item["status"], item["attempts"]) == ("failed", int(IMPATIENT["MESSAGE_ATTEMPTS"]))
            assert item["error"] == "the extraction failed unexpectedly (ZeroDivisionError)"
        # The failure is the job's to show; as a message it has been dealt with.
        assert await ledger.rows("select queue, error from backend_operations.messages") == []
        await transport.drained(deployment.logs)
        assert (
            await ledger.number(
                "select count(*) from backend_operations.events where type = 'document.failed'"
            )
            == 1
        )
        assert await ledger.has_gapless_positions()


async def test_documents_deleted_while_queued_or_being_read_leave_nothing_behind(
    deploy: Deploy, ledger: Ledger, transport: WorkTransport
) -> None:
    documents = generated(60, seed=7)
    async with deploy(**transport.environment, CONSUMER_CONCURRENCY="2") as deployment:
        given = await ingest(deployment, documents, Ingestion())
        early, late = documents[:10], documents[40:]
        async with deployment.client() as client:
            for document in early:
                await delete(client, given.acknowledged[document["title"]])
            deployment.consume()
            # From now on, while others and perhaps these are being worked on.
            await eventually(lambda: is_working(ledger), "work to begin", poll=0.002)
            await asyncio.gather(*(delete(client, given.acknowledged[row["title"]]) for row in late))
        await eventually(ledger.is_idle, f"every document to end:\n{deployment.logs()}")

        left = await ledger.rows("select title, status from backend_documents.documents")
        assert set(left) == {(row["title"], "processed") for row in documents[10:40]}
        open_jobs = "select id, status from backend_extraction.jobs where finished_at is null"
        assert await ledger.rows(open_jobs) == []
        await transport.drained(deployment.logs)
        assert set(await ledger.unsound()) <= TELLS_OF_DELETIONS
        assert await ledger.has_gapless_positions()


# Jobs of deleted documents end cancelled, and their entities were created and deleted again.
TELLS_OF_DELETIONS = {"jobs that have not ended well", "creations told of twice, or not at all"}


async def is_working(ledger: Ledger) -> bool:
    return await ledger.handled() > 5


async def delete(client: httpx.AsyncClient, document_id: str) -> None:
    reply = await client.delete(f"/documents/{document_id}")
    assert reply.status_code == 204, reply.text


async def pages(client: httpx.AsyncClient, path: str) -> list[dict[str, object]]:
    """The whole of a list that is not long."""
    reply = await client.get(path, params={"limit": "200"})
    rows: list[dict[str, object]] = reply.raise_for_status().json()["data"]
    return rows
