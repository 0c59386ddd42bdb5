"""Checks that the sample corpus makes a graph worth looking at, and that confidence means something there."""

from collections import defaultdict
from pathlib import Path

import entrypoints.cli
from domain.graph.resolution import resolution_key
from tests.unit.adapters.extractors.reading import read

SAMPLES = sorted((Path(entrypoints.cli.__file__).parent / "samples").glob("*.md"))

Node = tuple[str, str]


def _graph() -> dict[Node, set[Node]]:
    neighbours: dict[Node, set[Node]] = defaultdict(set)
    for path in SAMPLES:
        text = path.read_text("utf-8")
        extraction = read(text, title=text.partition("\n")[0].removeprefix("# "))
        nodes = {each.key: (each.type, resolution_key(each.name, each.type)) for each in extraction.entities}
        for edge in extraction.relationships:
            neighbours[nodes[edge.source]].add(nodes[edge.target])
            neighbours[nodes[edge.target]].add(nodes[edge.source])
    return neighbours


def test_every_sample_has_a_title_and_a_short_text() -> None:
    assert 8 <= len(SAMPLES) <= 12
    for path in SAMPLES:
        text = path.read_text("utf-8")
        assert text.startswith("# ")
        assert 100 <= len(text.split()) <= 250


def test_the_samples_make_one_graph() -> None:
    neighbours = _graph()
    reached: set[Node] = set()
    waiting = [("person", "ada lovelace")]
    while waiting:
        node = waiting.pop()
        if node not in reached:
            reached.add(node)
            waiting += neighbours[node]
    assert len(reached) > 0.75 * len(neighbours)
    assert {("person", "grace hopper"), ("person", "marie curie"), ("person", "robert noyce")} <= reached


def test_surer_names_are_more_often_real() -> None:
    """What is known by a list, a title or a head word is what a reader would confirm."""
    expected = {("person", "Alan Turing"), ("place", "London"), ("organisation", "University of Manchester")}
    text = next(path for path in SAMPLES if path.name == "alan-turing.md").read_text("utf-8")
    sure = {(each.type, each.name) for each in read(text, threshold=0.75).entities}
    assert expected <= sure
