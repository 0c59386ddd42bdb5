"""Which entities hang together, by rustworkx."""

import numpy as np
import rustworkx as rx

from adapters.analytics.graph import Edges, Numbers, Places

# Edges handed over at a time: as Python tuples they take ten times the room.
BLOCK = 50_000


def directed_graph(edges: Edges, weights: Numbers | None = None) -> "rx.PyDiGraph[None, float]":
    """The graph as rustworkx keeps it."""
    graph: rx.PyDiGraph[None, float] = rx.PyDiGraph(
        multigraph=True, node_count_hint=edges.size, edge_count_hint=len(edges.sources)
    )
    graph.add_nodes_from([None] * edges.size)
    for first in range(0, len(edges.sources), BLOCK):
        block = slice(first, first + BLOCK)
        values = [1.0] * len(edges.sources[block]) if weights is None else weights[block].tolist()
        graph.add_edges_from(
            list(zip(edges.sources[block].tolist(), edges.targets[block].tolist(), values, strict=True))
        )
    return graph


def component_labels(edges: Edges, *, strong: bool = False) -> Places:
    """A label for each node: equal ones are connected, weakly (whatever the directions) or strongly."""
    graph = directed_graph(edges)
    found = rx.strongly_connected_components(graph) if strong else rx.weakly_connected_components(graph)
    labels = np.empty(edges.size, dtype=np.int64)
    for label, members in enumerate(found):
        labels[list(members)] = label
    return labels
