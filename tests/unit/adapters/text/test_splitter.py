"""Checks where documents are cut."""

import pytest

from adapters.text.splitter import SemanticChunker


def test_chunks_stay_below_the_maximum() -> None:
    chunks = SemanticChunker(minimum=70, maximum=100).split("Some words of a sentence. " * 200)
    assert max(len(chunk.text) for chunk in chunks) <= 100
    assert min(len(chunk.text) for chunk in chunks[:-1]) >= 60


def test_cuts_markdown_at_its_headings() -> None:
    text = "# One\n\n" + "Short text. " * 8 + "\n\n# Two\n\n" + "Other text. " * 8
    chunks = SemanticChunker(minimum=80, maximum=150, markdown=True).split(text)
    assert [chunk.text[:5] for chunk in chunks] == ["# One", "# Two"]


@pytest.mark.parametrize(("minimum", "maximum"), [(0, 10), (20, 10), (-1, 5)])
def test_refuses_sizes_that_fit_nothing(minimum: int, maximum: int) -> None:
    with pytest.raises(ValueError, match="minimum"):
        SemanticChunker(minimum=minimum, maximum=maximum)
