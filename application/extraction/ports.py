"""What turning text into knowledge needs from outside: an extractor, an embedder and a chunker."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.extraction.candidates import Extraction


class Extractor(Protocol):
    """Reads entities and relationships out of a text."""

    @property
    def name(self) -> str:
        """A stable word that tells which extractor found something."""
        ...

    async def extract(self, text: str, *, title: str) -> Extraction:
        """What the text says; offsets are code points into `text`.

        The same text and title give the same result from a built-in extractor. Text of any content is
        accepted, and text without anything to find gives an empty extraction. The event loop stays
        responsive meanwhile; a cancelled call stops its work soon after. An extractor that needs a
        service raises `Unavailable` when the service does not answer.
        """
        ...

    async def prepare(self) -> None:
        """Loads what it reads with, which the first text would wait for otherwise. Calls no service."""
        ...


class Embedder(Protocol):
    """Turns texts into vectors whose cosine says how alike they are."""

    @property
    def name(self) -> str:
        """A stable word; vectors of embedders with different names are never compared."""
        ...

    @property
    def dimension(self) -> int:
        """The length of every vector."""
        ...

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """One vector of length one (Euclidean) per text, in the order of the texts.

        Any text is accepted, the empty one too. Raises `Unavailable` when a service this needs does not
        answer.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A passage: `text` is exactly `document[start:end]`, offsets are code points."""

    start: int
    end: int
    text: str


class Chunker(Protocol):
    """Cuts a document into passages small enough to embed and to show."""

    def split(self, text: str) -> Sequence[Chunk]:
        """Passages in reading order that do not overlap and hold every character but white space.

        Text of white space alone gives none.
        """
        ...
