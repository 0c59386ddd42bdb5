"""Runs the text contracts against the adapters that are always there."""

import pytest

from adapters.embeddings.hashing import HashingEmbedder
from adapters.extractors.builtin import BuiltinExtractor
from adapters.text.splitter import SemanticChunker
from application.extraction.ports import Chunker, Embedder, Extractor
from tests.contract.extraction.chunker_contract import ChunkerContract
from tests.contract.extraction.embedder_contract import EmbedderContract
from tests.contract.extraction.extractor_contract import ExtractorContract


class TestPlainChunker(ChunkerContract):
    @pytest.fixture
    def chunker(self) -> Chunker:
        return SemanticChunker()


class TestMarkdownChunker(ChunkerContract):
    @pytest.fixture
    def chunker(self) -> Chunker:
        return SemanticChunker(markdown=True)


class TestHashingEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> Embedder:
        return HashingEmbedder()


class TestBuiltinExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> Extractor:
        return BuiltinExtractor()
