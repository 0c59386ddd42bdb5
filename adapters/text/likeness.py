"""Compares spellings with rapidfuzz: by what it takes to make one of the other."""

from typing import TYPE_CHECKING

from adapters.on_demand import on_demand
from application.graph.duplicates import TextLikeness

if TYPE_CHECKING:
    from rapidfuzz import distance
else:
    distance = on_demand("rapidfuzz.distance")


class RapidfuzzLikeness(TextLikeness):
    """Optimal string alignment: a letter too many, too few, wrong, or two letters swapped."""

    def ratio(self, one: str, other: str) -> float:
        return distance.OSA.normalized_similarity(one, other)
