"""Communities by the Louvain method, over arrays: rustworkx has none, and networkx takes a minute a million.

A round lets a random half of the nodes move at once; all of them together would swap places for ever. The
best of all rounds counts, and some without a gain end the level.
V. Blondel et al., Fast unfolding of communities in large networks, 2008, https://arxiv.org/abs/0803.0476
"""

import numpy as np
from numpy.typing import NDArray

from adapters.analytics.components import component_labels
from adapters.analytics.graph import Edges, Numbers, Places, summed

LEVELS = 30
ROUNDS = 60
# Rounds in a row without a gain before a level is done: an unlucky half may lose what the next one gains,
# and where few nodes are left it takes luck to draw one of the two that want to join, not both or neither.
PATIENCE = 3
PATIENCE_OF_FEW = 15
FEW = 5_000
LEAST_GAIN = 2e-4


def communities(edges: Edges, resolution: float, seed: int) -> tuple[Places, float]:
    """A label for each node, and the modularity. The direction of edges does not count; every community is
    connected. The same seed gives the same labels."""
    random = np.random.default_rng(seed)
    arcs = edges.undirected().merged()
    labels = np.arange(edges.size)
    if not len(arcs.weights):
        return labels, 0.0
    level = arcs
    for _ in range(LEVELS):
        found = _one_level(level, resolution, random)
        names, found = np.unique(found, return_inverse=True)
        labels = found[labels]
        if len(names) == level.size:
            break
        level = Edges(
            size=len(names),
            sources=found[level.sources],
            targets=found[level.targets],
            weights=level.weights,
        ).merged()
    # The method can leave a community in pieces (arXiv 1810.08473); as pieces they are better communities.
    labels = component_labels(_within(arcs, labels))
    return labels, modularity(arcs, labels, resolution)


def modularity(arcs: Edges, labels: Places, resolution: float = 1.0) -> float:
    """Of a partition, over the arcs of both directions."""
    total = float(arcs.weights.sum())
    if total == 0:
        return 0.0
    inside = float(arcs.weights[labels[arcs.sources] == labels[arcs.targets]].sum())
    ends = np.bincount(labels[arcs.sources], weights=arcs.weights)
    return inside / total - resolution * float((ends / total) @ (ends / total))


def _within(arcs: Edges, labels: Places) -> Edges:
    kept = labels[arcs.sources] == labels[arcs.targets]
    return Edges(
        size=arcs.size,
        sources=arcs.sources[kept],
        targets=arcs.targets[kept],
        weights=arcs.weights[kept],
    )


def _one_level(arcs: Edges, resolution: float, random: np.random.Generator) -> Places:
    """Moves nodes between communities, each its own at first, as long as that gains."""
    degrees = summed(arcs.sources, arcs.weights, arcs.size)
    between = arcs.without_loops()
    labels = np.arange(arcs.size)
    best, reached, idle = labels, modularity(arcs, labels, resolution), 0
    patience = PATIENCE_OF_FEW if arcs.size <= FEW else PATIENCE
    for _ in range(ROUNDS):
        asked = random.random(arcs.size) < 0.5
        labels = _moved(between, asked, labels, degrees, resolution)
        now = modularity(arcs, labels, resolution)
        idle = 0 if now > reached + LEAST_GAIN else idle + 1
        if now > reached:
            best, reached = labels, now
        if idle >= patience:
            break
    return best


def _moved(
    between: Edges, asked: NDArray[np.bool_], labels: Places, degrees: Numbers, resolution: float
) -> Places:
    """The labels with each node that is asked in the neighbouring community it gains most by."""
    size, total = len(labels), float(degrees.sum())
    chosen = np.flatnonzero(asked[between.sources])
    keys = between.sources[chosen] * size + labels[between.targets[chosen]]
    order = np.argsort(keys)
    keys = keys[order]
    firsts = np.flatnonzero(np.diff(keys, prepend=-1))
    if not len(firsts):
        return labels
    ties = np.add.reduceat(between.weights[chosen[order]], firsts)
    nodes, offered = np.divmod(keys[firsts], size)
    weights_of = np.bincount(labels, weights=degrees, minlength=size)
    stays = offered == labels[nodes]
    # What a node adds to a community it is not in, and to its own without itself.
    others = weights_of[offered] - np.where(stays, degrees[nodes], 0.0)
    worth = ties - resolution * degrees[nodes] * others / total
    at_home = -resolution * degrees * (weights_of[labels] - degrees) / total
    at_home[nodes[stays]] = worth[stays]
    # Keys are in order, so each node's offers stand together: the best of each run of them.
    begins = np.flatnonzero(np.diff(nodes, prepend=-1))
    most = np.maximum.reduceat(worth, begins)
    is_best = worth == np.repeat(most, np.diff(np.append(begins, len(nodes))))
    gains = is_best & (worth > at_home[nodes])
    moved = labels.copy()
    moved[nodes[gains]] = offered[gains]
    return moved
