"""What every extractor promises, run against each one there is."""

import asyncio

import pytest

from application.extraction.ports import Extractor

TEXT = (
    "Ada Lovelace was born in London on 10 December 1815. \U0001f389 Lovelace met Charles Babbage. "
    "In 1842 she wrote to the Royal Society."
)


class ExtractorContract:
    @pytest.fixture
    def extractor(self) -> Extractor:
        raise NotImplementedError

    async def test_mentions_are_what_stands_at_their_offsets(self, extractor: Extractor) -> None:
        extraction = await extractor.extract(TEXT, title="Ada Lovelace")
        mentions = [mention for entity in extraction.entities for mention in entity.mentions]
        assert mentions
        assert all(TEXT[mention.start : mention.end] == mention.text for mention in mentions)
        assert all(
            TEXT[edge.evidence.start : edge.evidence.end] == edge.evidence.text
            for edge in extraction.relationships
        )

    async def test_every_entity_is_mentioned(self, extractor: Extractor) -> None:
        extraction = await extractor.extract(TEXT, title="")
        assert all(entity.mentions for entity in extraction.entities)

    @pytest.mark.parametrize(
        "text",
        ["", " ", "\ud800\x00", "((((", "\u0639\u0628\u0648\u062f \u0642\u0646\u0628\u0631", "\n" * 50],
    )
    async def test_text_without_names_gives_nothing_and_never_fails(
        self, extractor: Extractor, text: str
    ) -> None:
        extraction = await extractor.extract(text, title=text)
        assert extraction.relationships == ()

    async def test_the_same_text_gives_the_same_result(self, extractor: Extractor) -> None:
        first = await extractor.extract(TEXT, title="Ada Lovelace")
        assert await extractor.extract(TEXT, title="Ada Lovelace") == first

    async def test_reads_the_same_once_it_is_prepared(self, extractor: Extractor) -> None:
        unprepared = await extractor.extract(TEXT, title="")
        await extractor.prepare()
        await extractor.prepare()
        assert await extractor.extract(TEXT, title="") == unprepared

    async def test_the_loop_stays_responsive_and_a_cancelled_call_ends(self, extractor: Extractor) -> None:
        await extractor.extract("", title="")
        task = asyncio.create_task(extractor.extract(TEXT * 4_000, title=""))
        for _ in range(20):
            await asyncio.sleep(0)  # gives the task its turns; a blocking extractor would be done by now
        assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
