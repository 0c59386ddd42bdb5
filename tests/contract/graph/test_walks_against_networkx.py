"""Walks on random graphs: both stores and an independent library find the same."""

import math
import random
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

import msgspec
import networkx
import pytest

from adapters.postgres.provision import Logins
from application.graph.traversal import (
    CommonNeighborsRequest,
    Direction,
    NeighborhoodRequest,
    PathsRequest,
    Steps,
    Weight,
)
from domain.graph.entity import Entity, EntityContent, new_entity, resolution_keys
from domain.graph.relationship import Relationship
from domain.shared.ids import EntityId, UserId
from tests.contract.graph.stores import START, GraphStore, memory_store, postgres_store
from tests.contract.graph.test_walks import edge
from tests.contract.systems import IDS

OUT, IN = Direction.OUT, Direction.IN


@dataclass(frozen=True)
class Twin:
    """One random graph with the same ids in a store and in networkx."""

    nodes: Sequence[Entity]
    edges: Sequence[Relationship]

    async def stored_in(self, store: GraphStore) -> UserId:
        user = await store.system.new_user()
        async with store.work(user) as work:
            for node in self.nodes:
                entity = replace(node, user_id=user)
                await work.entities.add(entity, resolution_keys(entity.content))
            for one in self.edges:
                await work.relationships.add(replace(one, user_id=user))
            await work.commit()
        return user

    def allowed(self, steps: Steps, *ends: EntityId) -> networkx.MultiDiGraph:
        """What a walk may step on, as a directed graph; the ends belong to it whatever their types."""
        graph = networkx.MultiDiGraph()
        for node in self.nodes:
            if steps.entity_types is None or node.content.type in steps.entity_types or node.id in ends:
                graph.add_node(node.id)
        for one in self.edges:
            c = one.content
            source, target = c.source_entity_id, c.target_entity_id
            if source not in graph or target not in graph or c.confidence < steps.min_confidence:
                continue
            if steps.types is not None and c.relationship_type not in steps.types:
                continue
            if steps.direction is not IN:
                graph.add_edge(source, target, key=one.id, cost=-math.log(c.confidence))
            if steps.direction is not OUT:
                graph.add_edge(target, source, key=one.id, cost=-math.log(c.confidence))
        return graph


def random_graph(chance: random.Random) -> Twin:
    """Every kind of thing: loops, parallel relationships, equal confidences, a hub."""
    anyone = UserId(IDS.new())
    nodes = [
        new_entity(anyone, EntityId(IDS.new()), EntityContent(name=f"n{n}", type=chance.choice("xyz")), START)
        for n in range(chance.randint(2, 40))
    ]
    edges = {}
    for _ in range(chance.randint(0, 120)):
        source, target, type_ = (
            chance.choice(nodes[:3] * 5 + nodes),
            chance.choice(nodes),
            chance.choice("pq"),
        )
        confidence = chance.choice((1.0, 0.5, round(chance.uniform(0.1, 1), 3)))
        edges[source.id, target.id, type_] = edge(anyone, source, target, type_, confidence)
    return Twin(nodes, [*edges.values()])


def random_steps(chance: random.Random) -> Steps:
    return Steps(
        direction=chance.choice([*Direction]),
        types=chance.choice((None, None, ["p"])),
        entity_types=chance.choice((None, None, ["x", "y"])),
        min_confidence=chance.choice((0.0, 0.0, 0.4)),
    )


def same(replies: Sequence[object]) -> bool:
    """Whether the API would show them alike."""
    return len({msgspec.json.encode(reply) for reply in replies}) == 1


@pytest.mark.parametrize("seed", range(8))
async def test_both_stores_and_networkx_agree(seed: int, migrated_database: Logins) -> None:
    chance = random.Random(seed)  # noqa: S311  # a test's graph, not a secret
    twin = random_graph(chance)
    async with AsyncExitStack() as stack:
        stores = [memory_store(), await stack.enter_async_context(postgres_store(migrated_database))]
        owned = [(store, await twin.stored_in(store)) for store in stores]
        for trial in range(12):
            source, target = chance.choice(twin.nodes).id, chance.choice(twin.nodes).id
            steps, depth = random_steps(chance), chance.randint(1, 5)
            where = (seed, trial, source, target, steps, depth)
            hood = NeighborhoodRequest(
                entity_id=source,
                depth=depth,
                steps=steps,
                limit=chance.choice((3, 10, 5000)),
                fan_out=chance.choice((None, None, 2)),
                max_relationships=chance.choice((None, None, 5)),
            )
            near = [await store.graph.neighborhood(user, hood) for store, user in owned]
            assert same(near), where
            whole = replace(hood, limit=5000, fan_out=None, max_relationships=None)
            near = [await store.graph.neighborhood(user, whole) for store, user in owned]
            assert same(near), where
            reachable = networkx.single_source_shortest_path_length(
                twin.allowed(steps, source), source, cutoff=depth
            )
            assert {e.id: e.depth for e in near[0].entities} == dict(reachable), where

            ask = PathsRequest(source=source, target=target, max_depth=depth, steps=steps, limit=100)
            short = [await store.graph.paths(user, ask) for store, user in owned]
            allowed = twin.allowed(steps, source, target)
            expected: set[tuple[EntityId, ...]] = set()
            if networkx.has_path(allowed, source, target):
                walks = networkx.all_shortest_paths(networkx.DiGraph(allowed), source, target)
                expected = {tuple(walk) for walk in walks if len(walk) <= depth + 1}
            for found in short:
                assert {tuple(e.id for e in path.entities) for path in found.paths} == expected, where
            assert len(short[0].paths) == len(short[1].paths), where

            ask = replace(ask, weight=Weight.CONFIDENCE)
            strong = [await store.graph.paths(user, ask) for store, user in owned]
            best = bounded_dijkstra(allowed, source, target, depth)
            for found in strong:
                assert [path.confidence for path in found.paths] == (
                    [] if best is None else [pytest.approx(best)]
                ), where
            assert strong[0].length == strong[1].length, where

            if source != target:
                both = CommonNeighborsRequest(source=source, target=target, steps=steps, limit=5)
                common = [await store.graph.common_neighbors(user, both) for store, user in owned]
                assert same(common), where
                beside = {*allowed.successors(source)} & {*allowed.successors(target)} - {source, target}
                wanted = {node.id for node in twin.nodes if node.id in beside}
                assert {n.entity.id for n in common[0].neighbors} <= wanted, where
                assert common[0].truncated is (len(wanted) > 5), where


def bounded_dijkstra(
    graph: networkx.MultiDiGraph, source: EntityId, target: EntityId, depth: int
) -> float | None:
    """The greatest product by networkx, which knows no bound on steps: each step leads to another layer."""
    layered = networkx.DiGraph()
    layered.add_node((source, 0))
    for here, there, data in graph.edges(data=True):
        for step in range(depth):
            cost = min(
                data["cost"],
                layered.get_edge_data((here, step), (there, step + 1), {"cost": math.inf})["cost"],
            )
            layered.add_edge((here, step), (there, step + 1), cost=cost)
    costs = networkx.single_source_dijkstra_path_length(layered, (source, 0), weight="cost")
    ends = [cost for (node, _), cost in costs.items() if node == target]
    return math.exp(-min(ends)) if ends else None
