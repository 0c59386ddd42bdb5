"""What an extractor says it read, before anything of it is resolved against the graph."""

from dataclasses import dataclass


def _check_confidence(value: float) -> None:
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"confidence must lie between 0 and 1, not {value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A stretch of the document: code point offsets, half open, and the text that stands there."""

    start: int
    end: int
    text: str

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"a mention needs 0 <= start < end, not {self.start}..{self.end}")
        if len(self.text) != self.end - self.start:
            raise ValueError("a mention's text must be as long as its span")


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateEntity:
    """One thing a document speaks of.

    `key` names it within one `Extraction` only; `mentions` are in reading order; `aliases` are the other
    names the document gives it, without `name` itself.
    """

    key: str
    name: str
    type: str
    confidence: float
    mentions: tuple[Mention, ...]
    aliases: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("a candidate entity needs a name")
        _check_confidence(self.confidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateRelationship:
    """One statement of a document about two of its candidates, with the words that make it."""

    source: str
    target: str
    type: str
    confidence: float
    evidence: Mention

    def __post_init__(self) -> None:
        _check_confidence(self.confidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """Everything one extractor read in one document; relationships name only entities that are here."""

    entities: tuple[CandidateEntity, ...] = ()
    relationships: tuple[CandidateRelationship, ...] = ()

    def __post_init__(self) -> None:
        keys = [entity.key for entity in self.entities]
        known = set(keys)
        if len(known) != len(keys):
            raise ValueError("two candidate entities share a key")
        if any(edge.source not in known or edge.target not in known for edge in self.relationships):
            raise ValueError("a candidate relationship names an entity that is not there")
