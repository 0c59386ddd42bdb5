"""Compares spellings with rapidfuzz: by what it takes to make one of the other."""

from rapidfuzz.distance import OSA

from application.graph.duplicates import TextLikeness


class RapidfuzzLikeness(TextLikeness):
    """Optimal string alignment: a letter too many, too few, wrong, or two letters swapped."""

    def ratio(self, one: str, other: str) -> float:
        return OSA.normalized_similarity(one, other)
