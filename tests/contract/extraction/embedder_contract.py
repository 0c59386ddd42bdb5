"""What every embedder promises, run against each one there is."""

from math import sqrt

import pytest

from application.extraction.ports import Embedder

TEXTS = ["", "word", "\ud800\x00", "\u0639\u0628\u0648\u062f", "a longer text about heat and wings " * 50]


class EmbedderContract:
    @pytest.fixture
    def embedder(self) -> Embedder:
        raise NotImplementedError

    async def test_every_text_gets_a_vector_of_length_one(self, embedder: Embedder) -> None:
        vectors = await embedder.embed(TEXTS)
        assert [len(vector) for vector in vectors] == [embedder.dimension] * len(TEXTS)
        assert all(sqrt(sum(x * x for x in vector)) == pytest.approx(1.0) for vector in vectors)

    async def test_vectors_come_in_the_order_of_the_texts(self, embedder: Embedder) -> None:
        texts = [f"text number {number}" for number in range(40)]
        together = await embedder.embed(texts)
        alone = [(await embedder.embed([text]))[0] for text in texts]
        assert [tuple(vector) for vector in together] == [tuple(vector) for vector in alone]

    async def test_no_texts_give_no_vectors(self, embedder: Embedder) -> None:
        assert list(await embedder.embed([])) == []

    def test_has_a_name_and_384_dimensions(self, embedder: Embedder) -> None:
        assert embedder.name
        assert embedder.dimension == 384
