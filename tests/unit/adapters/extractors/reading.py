"""Shorthand for the extractor's tests: what a text gives, as sets that read like the text."""

from adapters.extractors.builtin.gazetteer import LazyGazetteer
from adapters.extractors.builtin.reading import read_document
from domain.extraction.candidates import CandidateEntity, Extraction


def read(text: str, *, title: str = "", threshold: float = 0.4) -> Extraction:
    return read_document(
        text, title=title, known=LazyGazetteer().get(), threshold=threshold, stopped=lambda: False
    )


def names(text: str) -> set[tuple[str, str]]:
    """(type, name) of everything found."""
    return {(entity.type, entity.name) for entity in read(text).entities}


def statements(text: str) -> set[tuple[str, str, str]]:
    """(source, relationship, target) of everything said."""
    extraction = read(text)
    called = {entity.key: entity.name for entity in extraction.entities}
    return {(called[edge.source], edge.type, called[edge.target]) for edge in extraction.relationships}


def entity(text: str, name: str) -> CandidateEntity:
    return next(each for each in read(text).entities if each.name == name)
