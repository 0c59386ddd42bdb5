"""A graph as arrays, made of a snapshot's: what every algorithm here begins with."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Places: TypeAlias = NDArray[np.int64]
Numbers: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """`size` nodes, and edges from `sources` to `targets` that weigh `weights`."""

    size: int
    sources: Places
    targets: Places
    weights: Numbers

    def merged(self) -> "Edges":
        """Parallel edges as one that weighs as much as all of them; those that weigh nothing left out."""
        weighing = self.weights > 0
        keys = self.sources[weighing] * self.size + self.targets[weighing]
        distinct, which = np.unique(keys, return_inverse=True)
        weights = summed(which, self.weights[weighing], len(distinct))
        sources, targets = np.divmod(distinct, max(self.size, 1))
        return Edges(size=self.size, sources=sources, targets=targets, weights=weights)

    def undirected(self) -> "Edges":
        """Every edge both ways; a loop, which has both its ends at one node, weighs double."""
        straight = self.sources != self.targets
        return Edges(
            size=self.size,
            sources=np.concatenate([self.sources, self.targets[straight]]),
            targets=np.concatenate([self.targets, self.sources[straight]]),
            weights=np.concatenate([np.where(straight, 1.0, 2.0) * self.weights, self.weights[straight]]),
        )

    def without_loops(self) -> "Edges":
        """The edges between different nodes."""
        straight = self.sources != self.targets
        return Edges(
            size=self.size,
            sources=self.sources[straight],
            targets=self.targets[straight],
            weights=self.weights[straight],
        )

    def rows(self) -> tuple[Places, Places]:
        """The same in compressed rows: where each node's edges begin, and their targets."""
        order = np.argsort(self.sources, kind="stable")
        begins = np.zeros(self.size + 1, dtype=np.int64)
        np.cumsum(np.bincount(self.sources, minlength=self.size), out=begins[1:])
        return begins, self.targets[order]


def summed(places: Places, weights: Numbers, size: int) -> Numbers:
    """The sum of the weights at each place."""
    return np.bincount(places, weights=weights, minlength=size).astype(np.float64, copy=False)


def numbered_by_size(labels: NDArray[Any]) -> Places:
    """Groups numbered from 1 by size, equal ones by their first node; any labels will do."""
    _, firsts, which, sizes = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    order = np.lexsort((firsts, -sizes))
    numbers = np.empty(len(order), dtype=np.int64)
    numbers[order] = np.arange(1, len(order) + 1)
    return numbers[which]
