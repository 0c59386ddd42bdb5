"""Reads one document outside any transaction: passages, their vectors, and what the extractor finds."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from application.extraction.ports import Chunk, Chunker, Embedder, Extractor
from application.shared.messages import Rejected
from domain.documents.document import Document
from domain.extraction.candidates import Extraction
from domain.extraction.job import ExtractionOptions

# As many passages as are embedded in one call: bounds what a service is sent, and what memory holds twice.
BATCH = 64
# Shorter texts are cut faster than a thread is woken.
SHORT = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingTools:
    """What documents are read with. `chunkers` by media type, `extractors` by name."""

    chunkers: Mapping[str, Chunker]
    embedder: Embedder
    extractors: Mapping[str, Extractor]
    default_extractor: str

    def extractor(self, options: ExtractionOptions) -> Extractor:
        """The extractor a job asks for. Raises `Rejected` for one that is no longer configured."""
        name = options.extractor or self.default_extractor
        if name not in self.extractors:
            raise Rejected(f"the extractor {name} is not configured")
        return self.extractors[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDocument:
    """A document's passages with their vectors, and what was found in it by whom."""

    chunks: Sequence[Chunk]
    vectors: Sequence[Sequence[float]]
    extraction: Extraction
    extractor: str


async def read(document: Document, options: ExtractionOptions, tools: ReadingTools) -> ReadDocument:
    """Raises `Unavailable` when a service does not answer, `Rejected` when no retry can help."""
    extractor = tools.extractor(options)
    chunker = tools.chunkers[document.media_type]
    if len(document.content) <= SHORT:
        chunks = chunker.split(document.content)
    else:
        chunks = await asyncio.to_thread(chunker.split, document.content)
    vectors: list[Sequence[float]] = []
    for start in range(0, len(chunks), BATCH):
        vectors += await tools.embedder.embed([chunk.text for chunk in chunks[start : start + BATCH]])
    extraction = await extractor.extract(document.content, title=document.title)
    return ReadDocument(chunks=chunks, vectors=vectors, extraction=extraction, extractor=extractor.name)
