"""Each kind of computation by its parameters: arrays in, one number an entity out."""

from collections.abc import Callable, Mapping

import numpy as np
import rustworkx as rx

from adapters.analytics.betweenness import betweenness
from adapters.analytics.communities import communities
from adapters.analytics.components import component_labels, directed_graph
from adapters.analytics.graph import Edges, Numbers, numbered_by_size
from domain.graph.analytics import AnalyticsKind, AnalyticsParameters, Connection, Direction
from domain.shared.json import JsonObject

Result = tuple[Numbers, JsonObject]


class Unsettled(Exception):
    """The scores did not settle in as many iterations as were allowed."""


def compute(edges: Edges, kind: AnalyticsKind, parameters: AnalyticsParameters) -> Result:
    """The scores, and how they were computed. `edges` weigh their confidence. Raises `Unsettled`."""
    if not parameters.weighted:
        edges = Edges(
            size=edges.size,
            sources=edges.sources,
            targets=edges.targets,
            weights=np.ones(len(edges.sources)),
        )
    if edges.size == 0:
        return np.zeros(0), {}
    return _ALGORITHMS[kind](edges, parameters)


def _pagerank(edges: Edges, parameters: AnalyticsParameters) -> Result:
    merged = edges.merged()
    graph = directed_graph(merged, merged.weights)
    try:
        found = rx.pagerank(
            graph,
            alpha=parameters.damping,
            weight_fn=float,
            tol=parameters.tolerance,
            max_iter=parameters.max_iterations,
        )
    except rx.FailedToConverge as error:
        raise Unsettled(
            f"the scores did not settle in {parameters.max_iterations} iterations: allow more of them, or a "
            "larger tolerance"
        ) from error
    return np.fromiter((found[node] for node in range(edges.size)), dtype=np.float64, count=edges.size), {}


def _communities(edges: Edges, parameters: AnalyticsParameters) -> Result:
    labels, modularity = communities(edges, parameters.resolution, parameters.seed)
    facts = {"method": "louvain", "modularity": round(modularity, 6)}
    return numbered_by_size(labels).astype(np.float64), facts


def _components(edges: Edges, parameters: AnalyticsParameters) -> Result:
    labels = component_labels(edges, strong=parameters.connection is Connection.STRONG)
    return numbered_by_size(labels).astype(np.float64), {}


def _degree(edges: Edges, parameters: AnalyticsParameters) -> Result:
    scores = np.zeros(edges.size)
    if parameters.direction is not Direction.IN:
        scores += np.bincount(edges.sources, weights=edges.weights, minlength=edges.size)
    if parameters.direction is not Direction.OUT:
        scores += np.bincount(edges.targets, weights=edges.weights, minlength=edges.size)
    return scores, {}


def _betweenness(edges: Edges, parameters: AnalyticsParameters) -> Result:
    scores, sources = betweenness(
        edges, directed=parameters.directed, samples=parameters.samples, seed=parameters.seed
    )
    return scores, {"exact": sources == edges.size, "sources": sources}


_ALGORITHMS: Mapping[AnalyticsKind, Callable[[Edges, AnalyticsParameters], Result]] = {
    AnalyticsKind.PAGERANK: _pagerank,
    AnalyticsKind.COMMUNITIES: _communities,
    AnalyticsKind.COMPONENTS: _components,
    AnalyticsKind.DEGREE: _degree,
    AnalyticsKind.BETWEENNESS: _betweenness,
}
