"""The extractor's own vocabulary: a stretch of text with what it seems to be, before coreference."""

from dataclasses import dataclass

from adapters.extractors.builtin.confidence import BASE, Evidence


@dataclass(frozen=True, slots=True)
class Token:
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """Offsets of one sentence, and whether it is set like a headline, where capitals mean nothing."""

    start: int
    end: int
    headline: bool


@dataclass(slots=True)
class Found:
    """One name in the text; `type` and `evidence` are what the place itself tells."""

    start: int
    end: int
    text: str
    type: str
    evidence: Evidence
    sentence: int = -1
    key: str = ""

    @property
    def weight(self) -> float:
        return BASE[self.evidence]
