"""Sending documents and following them: counted once, refused by name, patient with a busy server."""

import httpx
import pytest

from entrypoints.cli.client import Refused
from entrypoints.cli.documents import Draft, Failure
from entrypoints.cli.errors import CommandError
from entrypoints.cli.ingestion import Ingestion, Progress, Summary
from entrypoints.cli.target import Target
from tests.unit.entrypoints.cli.api import Api, problem


def draft(content: str) -> Draft:
    return Draft(origin=f"{content}.txt", title=content, content=content, source="folder")


async def ingest(api: Api, *drafts: Draft | Failure, wait: bool = True, stall: float = 60.0) -> Summary:
    async with api.client() as client:
        return await Ingestion(client, poll=0.001, stall=stall).run(drafts, wait=wait)


async def test_returns_when_every_document_is_in_the_graph() -> None:
    summary = await ingest(Api(), *(draft(f"text {number}") for number in range(9)))
    assert (summary.documents, summary.created, summary.processed) == (9, 9, 9)
    assert (summary.entities, summary.relationships, summary.failures) == (27, 18, [])


async def test_counts_what_was_known_before_as_a_duplicate() -> None:
    api = Api()
    await ingest(api, draft("one"), draft("two"))
    summary = await ingest(api, draft("two"), draft("three"))
    assert (summary.documents, summary.created, summary.duplicates, summary.processed) == (2, 1, 1, 2)
    assert summary.entities == 3


async def test_names_what_the_server_refuses_and_goes_on() -> None:
    summary = await ingest(
        Api(), draft("odd\x00"), draft("fine"), Failure(origin="a#2", reason="has no text")
    )
    assert summary.processed == 1
    reasons = {failure.origin: failure.reason for failure in summary.failures}
    assert reasons == {
        "odd\x00.txt": "the document is refused; /content is odd (422)",
        "a#2": "has no text",
    }


async def test_names_documents_whose_extraction_fails() -> None:
    api = Api(fails=lambda document: document["title"] == "bad")
    summary = await ingest(api, draft("good"), draft("bad"))
    assert summary.processed == 1
    assert summary.failures == [Failure(origin="bad.txt", reason="its extraction failed")]


async def test_sends_again_while_the_server_is_busy_or_away() -> None:
    busy: list[httpx.Response | Exception] = [
        httpx.Response(503, headers={"Retry-After": "0"}),
        httpx.ReadError("reset"),
        httpx.Response(429),
        httpx.ConnectError("refused"),
    ]
    summary = await ingest(Api(interruptions=busy), draft("one"))
    assert (summary.created, summary.processed, summary.failures) == (1, 1, [])


async def test_waits_as_long_as_a_limit_lasts_but_not_for_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("entrypoints.cli.client.asyncio.sleep", sleep)
    limited: list[httpx.Response | Exception] = [httpx.Response(429, headers={"Retry-After": "45"})]
    summary = await ingest(Api(interruptions=limited), draft("one"))
    assert (summary.created, summary.failures) == (1, [])
    assert 45.0 in slept
    slept.clear()
    api = Api(interruptions=[httpx.Response(429, headers={"Retry-After": "3600"})])
    async with api.client(Target(url="http://kgl", token="token")) as client:
        with pytest.raises(Refused, match="429"):
            await client.get("/graph/stats")
    assert slept == []


async def test_gives_up_on_a_server_that_is_not_there() -> None:
    api = Api(interruptions=[httpx.ConnectError("refused")] * 2)
    async with api.client(Target(url="http://kgl", token="token")) as client:
        with pytest.raises(CommandError, match="http://kgl does not answer: refused"):
            await Ingestion(client).run([draft("one")])
    assert len(api.requests) == 2


async def test_tells_when_nobody_works_on_the_documents() -> None:
    with pytest.raises(CommandError, match="1 documents wait for their extraction"):
        await ingest(Api(stuck=True), draft("one"), stall=0.05)


async def test_does_not_wait_when_told_so() -> None:
    summary = await ingest(Api(stuck=True), draft("one"), wait=False)
    assert (summary.created, summary.processed) == (1, 0)


async def test_logs_in_again_when_its_token_has_expired() -> None:
    api = Api(expired={"token-1"})
    summary = await ingest(api, *(draft(f"text {number}") for number in range(6)))
    assert summary.processed == 6
    assert api.tokens == 2


async def test_ends_at_once_when_the_account_may_not_write() -> None:
    api = Api(interruptions=[])
    async with api.client() as client:
        await client.get("/graph/stats")
        api.resource = lambda request, path: problem(403, "not permitted")  # type: ignore[method-assign]  # this test's server
        with pytest.raises(CommandError, match="not permitted"):
            await Ingestion(client, poll=0.001).run([draft("one"), draft("two")])


async def test_reports_how_far_it_is() -> None:
    seen: list[tuple[int, int]] = []

    def note(progress: Progress) -> None:
        seen.append((progress.sent, progress.ended))

    async with Api().client() as client:
        await Ingestion(client, poll=0.001, on_progress=note).run([draft("one"), draft("two")])
    assert seen[-1] == (2, 2)
    assert seen == sorted(seen)
