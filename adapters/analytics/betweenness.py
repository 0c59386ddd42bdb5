"""How often an entity lies on shortest paths: exactly by rustworkx, or estimated from some of the sources.

U. Brandes and C. Pich, Centrality estimation in large networks, 2007: shortest paths from a random sample of
sources, scaled up, estimate the sum over all of them without bias.
"""

import time

import numpy as np
import rustworkx as rx

from adapters.analytics.components import directed_graph
from adapters.analytics.graph import Edges, Numbers, Places

# Steps of an exact computation (sources times edges) that take about half a minute on one core.
EXACT_STEPS = 2_000_000_000
DEFAULT_SAMPLES = 256
# Seconds after which an estimate is made of what was sampled by then.
BUDGET = 180.0


def betweenness(
    edges: Edges, *, directed: bool, samples: int | None, seed: int, budget: float = BUDGET
) -> tuple[Numbers, int]:
    """The share of all pairs' shortest paths that lead through each node, and from how many sources that
    was counted: all of them, when it is exact."""
    arcs = edges.without_loops()
    arcs = (arcs if directed else arcs.undirected()).merged()
    size = edges.size
    affordable = size * (size + len(arcs.sources)) <= EXACT_STEPS
    if affordable and (samples is None or samples >= size):
        found = rx.digraph_betweenness_centrality(directed_graph(arcs), normalized=True)
        return np.fromiter((found[node] for node in range(size)), dtype=np.float64, count=size), size
    order = np.random.default_rng(seed).permutation(size)[: samples or DEFAULT_SAMPLES]
    begins, targets = arcs.rows()
    scores, deadline, used = np.zeros(size), time.monotonic() + budget, 0
    for source in order.tolist():
        _add_paths_from(source, begins, targets, scores)
        used += 1
        if time.monotonic() > deadline:
            break
    pairs = max((size - 1) * (size - 2), 1)
    return scores * (size / max(used, 1)) / pairs, used


def _add_paths_from(source: int, begins: Places, targets: Places, scores: Numbers) -> None:
    """Adds what the shortest paths from one node contribute to every other one (Brandes 2001)."""
    size = len(begins) - 1
    depths = np.full(size, -1, dtype=np.int64)
    paths = np.zeros(size)
    depths[source], paths[source] = 0, 1.0
    steps: list[tuple[Places, Places]] = []
    frontier = np.array([source])
    while len(frontier):
        counts = begins[frontier + 1] - begins[frontier]
        starts = np.repeat(frontier, counts)
        offsets = np.arange(len(starts)) - np.repeat(np.cumsum(counts) - counts, counts)
        ends = targets[begins[starts] + offsets]
        onward = depths[ends] < 0
        starts, ends = starts[onward], ends[onward]
        frontier = np.unique(ends)
        depths[frontier] = len(steps) + 1
        np.add.at(paths, ends, paths[starts])
        steps.append((starts, ends))
    shares = np.zeros(size)
    for starts, ends in reversed(steps):
        np.add.at(shares, starts, paths[starts] / paths[ends] * (1 + shares[ends]))
    shares[source] = 0
    scores += shares
