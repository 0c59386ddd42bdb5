"""Reads one document from front to back: names, then who is who, then what is said of whom."""

from collections.abc import Callable

from adapters.extractors.builtin.coreference import Cluster, candidate, cluster
from adapters.extractors.builtin.finder import BlockReader
from adapters.extractors.builtin.gazetteer import Gazetteer
from adapters.extractors.builtin.relations import RelationReader
from adapters.extractors.builtin.spans import Found
from adapters.extractors.builtin.tokens import blocks
from domain.extraction.candidates import Extraction


class Stopped(Exception):
    """The caller no longer wants the result."""


def read_document(
    text: str, *, title: str, known: Gazetteer, threshold: float, stopped: Callable[[], bool]
) -> Extraction:
    """Everything at or above the threshold; raises `Stopped` soon after `stopped()` turns true."""
    reader = BlockReader(text, known)
    found: list[Found] = []
    for start, end in blocks(text):
        if stopped():
            raise Stopped
        found += reader.read(start, end)
    clusters = cluster(found, text, reader.common)
    _trust_title(clusters, title)
    relations = RelationReader(text, reader.sentences, clusters, known)
    statements = relations.read(stopped=stopped)
    named = {id(end) for one in statements for end in (one.source, one.target)}
    kept = [each for each in relations.clusters if each.confidence >= threshold or id(each) in named]
    for number, each in enumerate(kept, 1):
        each.key = f"e{number}"
    return Extraction(
        entities=tuple(candidate(each, text) for each in kept),
        relationships=tuple(one.candidate(text) for one in statements),
    )


def _trust_title(clusters: list[Cluster], title: str) -> None:
    """A document is about what its title names: that the title is a name is evidence for the name."""
    subject = title.strip().casefold()
    for each in clusters:
        if subject and subject in {name.casefold() for name in each.names}:
            each.confidence = max(each.confidence, 0.6)
