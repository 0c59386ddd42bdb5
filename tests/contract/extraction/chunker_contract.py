"""What every chunker promises, run against each one there is."""

import pytest

from application.extraction.ports import Chunker

TEXTS = [
    "",
    " \n\t ",
    "One sentence.",
    "First paragraph.\n\n" * 300,
    "h\u00e9llo w\u00f6rld \U0001f389\U0001f389 \u0915\u094d\u0937 e\u0301 " * 400,
    "x" * 40_000,
    "# Title\n\nText.\n\n## Part\n\n" + "More text. " * 2_000,
    "lone \ud800 surrogate " * 200,
]


class ChunkerContract:
    @pytest.fixture
    def chunker(self) -> Chunker:
        raise NotImplementedError

    @pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
    def test_a_chunk_is_what_stands_at_its_offsets(self, chunker: Chunker, text: str) -> None:
        chunks = chunker.split(text)
        assert all(text[chunk.start : chunk.end] == chunk.text for chunk in chunks)

    @pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
    def test_chunks_hold_everything_but_white_space_and_never_overlap(
        self, chunker: Chunker, text: str
    ) -> None:
        at = 0
        for chunk in chunker.split(text):
            assert chunk.start >= at
            assert not text[at : chunk.start].strip()
            assert chunk.text.strip()
            at = chunk.end
        assert not text[at:].strip()
