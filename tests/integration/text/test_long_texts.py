"""Checks that long texts are cut in a time that grows no faster than they do."""

import time

import pytest

from adapters.text.splitter import SemanticChunker


@pytest.mark.parametrize("text", ["a" * 1_000_000, "A " * 500_000, "(" * 1_000_000, "# x\n" * 250_000])
@pytest.mark.parametrize("markdown", [False, True])
def test_a_megabyte_without_structure_is_cut_in_linear_time(text: str, markdown: bool) -> None:
    started = time.process_time()
    assert len(SemanticChunker(markdown=markdown).split(text)) > 1_000
    assert time.process_time() - started < 5
