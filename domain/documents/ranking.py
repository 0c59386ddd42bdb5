"""Fuses ranked lists into one order: reciprocal rank fusion, which needs no comparable scores."""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

Item = TypeVar("Item", bound=Hashable)

# The constant of Cormack, Clarke and Büttcher (SIGIR 2009): it keeps one list's first from deciding alone.
K = 60


def fused(rankings: Sequence[Sequence[Item]]) -> Mapping[Item, float]:
    """The score of every item, best first; equal scores keep the order in which items were first seen."""
    scores: dict[Item, float] = {}
    for ranking in rankings:
        for rank, item in enumerate(ranking, start=1):
            scores[item] = scores.get(item, 0.0) + 1 / (K + rank)
    return dict(sorted(scores.items(), key=lambda pair: -pair[1]))
