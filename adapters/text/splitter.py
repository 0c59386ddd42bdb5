"""Cuts documents at the largest boundary of meaning that fits: heading, paragraph, sentence, word."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from adapters.on_demand import on_demand
from application.extraction.ports import Chunk, Chunker

if TYPE_CHECKING:
    import semantic_text_splitter
else:
    semantic_text_splitter = on_demand("semantic_text_splitter")

# The splitter's cost grows faster than the text where no boundary is found (seconds for a megabyte
# without a space), so it sees one block at a time, each cut at the best boundary near its end.
_BLOCK = 16_000
_CUTS = (re.compile(r"\n(?=#{1,6} )"), re.compile(r"\n\s*\n"), re.compile(r"[.!?]\s"), re.compile(r"\s"))

_SURROGATES = re.compile(r"[\ud800-\udfff]")


class SemanticChunker(Chunker):
    """Chunks of at most `maximum` characters, full once they hold `minimum`."""

    def __init__(self, *, minimum: int = 700, maximum: int = 1000, markdown: bool = False) -> None:
        if not 0 < minimum <= maximum:
            raise ValueError(f"chunk sizes need 0 < minimum <= maximum, not {minimum} and {maximum}")
        capacity = (minimum, maximum)
        kinds = semantic_text_splitter
        self._splitter = kinds.MarkdownSplitter(capacity) if markdown else kinds.TextSplitter(capacity)
        self._block = max(_BLOCK, 4 * maximum)

    def split(self, text: str) -> Sequence[Chunk]:
        # The splitter takes UTF-8; a lone surrogate has none. One stand-in each keeps the offsets.
        encodable = _SURROGATES.sub("\ufffd", text)
        return [
            Chunk(start=start, end=start + len(piece), text=text[start : start + len(piece)])
            for offset, block in _blocks(encodable, self._block)
            for start, piece in ((offset + at, piece) for at, piece in self._splitter.chunk_indices(block))
            if piece.strip()
        ]


def _blocks(text: str, size: int) -> Iterator[tuple[int, str]]:
    start = 0
    while len(text) - start > size:
        end = _cut(text, start + size * 3 // 4, start + size)
        yield start, text[start:end]
        start = end
    yield start, text[start:]


def _cut(text: str, lower: int, upper: int) -> int:
    """The end of the last, largest boundary in the window; its upper edge when there is none."""
    for boundary in _CUTS:
        found = [match.end() for match in boundary.finditer(text, lower, upper)]
        if found:
            return found[-1]
    return upper
