"""The rule-based extractor, in parts: forms, names, coreference, relations."""

from adapters.extractors.builtin.extractor import BuiltinExtractor

__all__ = ["BuiltinExtractor"]
