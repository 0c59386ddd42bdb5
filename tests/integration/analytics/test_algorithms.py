"""What is computed about a graph, against networkx on random graphs."""

import networkx as nx
import numpy as np
import pytest
from networkx.algorithms.link_analysis.pagerank_alg import _pagerank_python

from adapters.analytics.algorithms import Unsettled, compute
from adapters.analytics.graph import Edges, Numbers
from domain.graph.analytics import AnalyticsKind, AnalyticsParameters, Connection, Direction

SEEDS = range(5)
DEFAULT = AnalyticsParameters()


def random_edges(seed: int, nodes: int = 120, edges: int = 400) -> Edges:
    """With parallel edges, loops, edges that weigh nothing, and nodes without any."""
    random = np.random.default_rng(seed)
    weights = random.random(edges)
    weights[:10] = 0
    return Edges(
        size=nodes,
        sources=(nodes * random.random(edges) ** 2).astype(np.int64),
        targets=random.integers(0, nodes - 10, edges),
        weights=weights,
    )


def as_networkx(edges: Edges, *, weighted: bool = True, directed: bool = True) -> "nx.Graph":
    """The same graph, parallel edges as one that weighs as much as all of them."""
    graph = nx.DiGraph() if directed else nx.Graph()
    graph.add_nodes_from(range(edges.size))
    for source, target, weight in zip(
        edges.sources.tolist(), edges.targets.tolist(), edges.weights.tolist(), strict=True
    ):
        weighs = weight if weighted else 1.0
        if weighs:
            before = graph.get_edge_data(source, target, {"weight": 0.0})["weight"]
            graph.add_edge(source, target, weight=before + weighs)
    return graph


def scores(edges: Edges, kind: AnalyticsKind, parameters: AnalyticsParameters = DEFAULT) -> Numbers:
    return compute(edges, kind, parameters)[0]


def groups(numbers: Numbers) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(numbers == number).tolist()) for number in np.unique(numbers)}


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("seed", SEEDS)
def test_pagerank_is_that_of_networkx(seed: int, weighted: bool) -> None:
    edges = random_edges(seed)
    found = scores(edges, AnalyticsKind.PAGERANK, AnalyticsParameters(weighted=weighted, damping=0.9))
    expected = _pagerank_python(
        as_networkx(edges, weighted=weighted), alpha=0.9, tol=1e-12, max_iter=1000, weight="weight"
    )
    assert found == pytest.approx([expected[node] for node in range(edges.size)], abs=1e-7)
    assert found.sum() == pytest.approx(1, abs=1e-6)


def test_pagerank_that_does_not_settle_says_what_to_do() -> None:
    with pytest.raises(Unsettled, match="did not settle in 1 iterations"):
        scores(random_edges(1), AnalyticsKind.PAGERANK, AnalyticsParameters(max_iterations=1))


@pytest.mark.parametrize("seed", SEEDS)
def test_components_are_those_of_networkx_and_numbered_by_size(seed: int) -> None:
    edges = random_edges(seed, edges=110)
    graph = as_networkx(edges, weighted=False)
    weak = scores(edges, AnalyticsKind.COMPONENTS)
    assert groups(weak) == {frozenset(each) for each in nx.weakly_connected_components(graph)}
    strong = scores(edges, AnalyticsKind.COMPONENTS, AnalyticsParameters(connection=Connection.STRONG))
    assert groups(strong) == {frozenset(each) for each in nx.strongly_connected_components(graph)}
    for found in (weak, strong):
        sizes = np.bincount(found.astype(np.int64))[1:].tolist()
        assert sizes == sorted(sizes, reverse=True)
        firsts = [int(np.flatnonzero(found == number)[0]) for number in range(1, len(sizes) + 1)]
        assert sorted(zip([-size for size in sizes], firsts, strict=True)) == list(
            zip([-size for size in sizes], firsts, strict=True)
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_degrees_are_those_of_networkx(seed: int) -> None:
    edges = random_edges(seed)
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(edges.size))
    graph.add_weighted_edges_from(
        zip(edges.sources.tolist(), edges.targets.tolist(), edges.weights.tolist(), strict=True)
    )
    for direction, view in (
        (Direction.BOTH, graph.degree),
        (Direction.IN, graph.in_degree),
        (Direction.OUT, graph.out_degree),
    ):
        for weighted in (True, False):
            parameters = AnalyticsParameters(direction=direction, weighted=weighted)
            expected = dict(view(weight="weight" if weighted else None))
            found = scores(edges, AnalyticsKind.DEGREE, parameters)
            assert found == pytest.approx([expected[node] for node in range(edges.size)])


@pytest.mark.parametrize("directed", [True, False])
@pytest.mark.parametrize("seed", SEEDS)
def test_betweenness_is_that_of_networkx(seed: int, directed: bool) -> None:
    edges = random_edges(seed)
    graph = as_networkx(edges, weighted=False, directed=directed)
    graph.remove_edges_from(list(nx.selfloop_edges(graph)))
    expected = nx.betweenness_centrality(graph)
    found, facts = compute(edges, AnalyticsKind.BETWEENNESS, AnalyticsParameters(directed=directed))
    assert facts == {"exact": True, "sources": edges.size}
    assert found == pytest.approx([expected[node] for node in range(edges.size)], abs=1e-9)


@pytest.mark.parametrize("directed", [True, False])
def test_sampled_betweenness_of_every_source_is_the_exact_one(
    directed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    edges = random_edges(3)
    exact = scores(edges, AnalyticsKind.BETWEENNESS, AnalyticsParameters(directed=directed))
    monkeypatch.setattr("adapters.analytics.betweenness.EXACT_STEPS", 0)
    every = AnalyticsParameters(directed=directed, samples=edges.size)
    assert scores(edges, AnalyticsKind.BETWEENNESS, every) == pytest.approx(exact, abs=1e-9)


def test_sampled_betweenness_says_so_and_comes_close() -> None:
    edges = random_edges(4, nodes=600, edges=3000)
    exact = scores(edges, AnalyticsKind.BETWEENNESS)
    found, facts = compute(edges, AnalyticsKind.BETWEENNESS, AnalyticsParameters(samples=300, seed=1))
    assert facts == {"exact": False, "sources": 300}
    top = set(np.argsort(exact)[-20:].tolist())
    assert len(top & set(np.argsort(found)[-20:].tolist())) >= 15
    assert np.abs(found - exact).max() < 0.25 * exact.max()


@pytest.mark.parametrize("seed", SEEDS)
def test_communities_are_as_good_as_those_of_networkx(seed: int) -> None:
    edges = random_edges(seed, nodes=400, edges=1600)
    graph = as_networkx(edges, directed=False)
    numbers, facts = compute(edges, AnalyticsKind.COMMUNITIES, AnalyticsParameters(weighted=True, seed=seed))
    found = groups(numbers)
    mine = nx.community.modularity(graph, found)
    theirs = nx.community.modularity(graph, nx.community.louvain_communities(graph, seed=seed))
    assert facts["modularity"] == pytest.approx(mine, abs=1e-5)
    assert mine >= 0.97 * theirs
    assert all(nx.is_connected(graph.subgraph(members)) for members in found)


def test_planted_communities_are_found_again() -> None:
    graph = nx.planted_partition_graph(8, 25, 0.5, 0.01, seed=2)
    sources, targets = np.array(graph.edges, dtype=np.int64).T
    edges = Edges(size=200, sources=sources, targets=targets, weights=np.ones(len(sources)))
    found = scores(edges, AnalyticsKind.COMMUNITIES)
    assert groups(found) == {frozenset(range(first, first + 25)) for first in range(0, 200, 25)}


def test_the_same_seed_finds_the_same_communities() -> None:
    edges = random_edges(2, nodes=400, edges=1600)
    parameters = AnalyticsParameters(seed=7)
    first, second = (scores(edges, AnalyticsKind.COMMUNITIES, parameters) for _ in range(2))
    assert (first == second).all()


def test_a_higher_resolution_finds_smaller_communities() -> None:
    edges = random_edges(2, nodes=400, edges=1600)
    coarse, fine = (
        scores(edges, AnalyticsKind.COMMUNITIES, AnalyticsParameters(resolution=resolution)).max()
        for resolution in (0.5, 4.0)
    )
    assert fine > coarse


@pytest.mark.parametrize("kind", AnalyticsKind)
@pytest.mark.parametrize("nodes", [0, 1, 3])
def test_a_graph_without_relationships_has_results_too(kind: AnalyticsKind, nodes: int) -> None:
    nothing = np.zeros(0, dtype=np.int64)
    edges = Edges(size=nodes, sources=nothing, targets=nothing, weights=np.zeros(0))
    found = scores(edges, kind)
    expected = {
        AnalyticsKind.PAGERANK: [1 / nodes] * nodes if nodes else [],
        AnalyticsKind.COMMUNITIES: list(range(1, nodes + 1)),
        AnalyticsKind.COMPONENTS: list(range(1, nodes + 1)),
        AnalyticsKind.DEGREE: [0.0] * nodes,
        AnalyticsKind.BETWEENNESS: [0.0] * nodes,
    }
    assert found.tolist() == pytest.approx(expected[kind])


def test_relationships_that_weigh_nothing_leave_pagerank_even() -> None:
    edges = Edges(
        size=2,
        sources=np.zeros(1, dtype=np.int64),
        targets=np.ones(1, dtype=np.int64),
        weights=np.zeros(1),
    )
    found = scores(edges, AnalyticsKind.PAGERANK, AnalyticsParameters(weighted=True))
    assert found.tolist() == pytest.approx([0.5, 0.5])
