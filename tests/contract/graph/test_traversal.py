"""What walks and counts over a graph promise, in memory and in Postgres."""

import itertools
import random
from collections.abc import AsyncIterator

import pytest

from adapters.postgres.provision import Logins
from application.graph.traversal import Neighborhood, NeighborhoodRequest, Paths, PathsRequest, Steps
from domain.graph.entity import Entity
from domain.graph.errors import EntityNotFound
from domain.shared.ids import EntityId, UserId
from tests.contract.graph.stores import GraphStore, memory_store, postgres_store
from tests.contract.systems import IDS


async def line(store: GraphStore, user: UserId, letters: str) -> dict[str, Entity]:
    """Entities named by letters, each connected to the next one, alternately forward and backward."""
    made = {letter: await store.entity(user, letter) for letter in letters}
    for place, (here, there) in enumerate(itertools.pairwise(letters)):
        ends = (made[here], made[there]) if place % 2 else (made[there], made[here])
        await store.edge(*ends, "next")
    return made


def shape(found: Neighborhood) -> tuple[str, list[int], list[str], bool]:
    letters = {entity.id: entity.name for entity in found.entities}
    edges = [
        "".join(sorted(letters[i] for i in (e.source_entity_id, e.target_entity_id)))
        for e in found.relationships
    ]
    names = "".join(entity.name for entity in found.entities)
    return names, [entity.depth for entity in found.entities], sorted(edges), found.truncated


def routes(found: Paths) -> set[str]:
    for path in found.paths:
        for place, edge in enumerate(path.relationships):
            beside = {path.entities[place].id, path.entities[place + 1].id}
            assert {edge.source_entity_id, edge.target_entity_id} == beside
    return {"".join(entity.name for entity in path.entities) for path in found.paths}


class TraversalContract:
    async def test_walks_both_directions_to_the_depth_asked_for(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        made = await line(store, user, "abcde")
        expected = {
            1: ("bac", [0, 1, 1], ["ab", "bc"], False),
            2: ("bacd", [0, 1, 1, 2], ["ab", "bc", "cd"], False),
            5: ("bacde", [0, 1, 1, 2, 3], ["ab", "bc", "cd", "de"], False),
        }
        for depth, want in expected.items():
            request = NeighborhoodRequest(entity_id=made["b"].id, depth=depth)
            assert shape(await store.graph.neighborhood(user, request)) == want

    async def test_returns_the_start_alone_when_nothing_is_near(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        alone = await store.entity(user, "a", aliases=["x"], metadata={"m": 1})
        found = await store.graph.neighborhood(user, NeighborhoodRequest(entity_id=alone.id, depth=3))
        assert shape(found) == ("a", [0], [], False)
        assert (found.entities[0].metadata, [*found.entities[0].aliases]) == ({"m": 1}, ["x"])

    async def test_follows_only_the_types_and_confidence_asked_for(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        a, b, c, d = [await store.entity(user, name) for name in "abcd"]
        await store.edge(a, b, "x", confidence=0.9)
        await store.edge(b, a, "y", confidence=0.1)
        await store.edge(a, c, "y", confidence=0.5)
        await store.edge(b, d, "z", confidence=0.9)
        expected = [
            (NeighborhoodRequest(entity_id=a.id, steps=Steps(types=["x"])), ("ab", [0, 1], ["ab"], False)),
            (
                NeighborhoodRequest(entity_id=a.id, steps=Steps(types=["x", "z"]), depth=2),
                ("abd", [0, 1, 2], ["ab", "bd"], False),
            ),
            (
                NeighborhoodRequest(entity_id=a.id, steps=Steps(min_confidence=0.6)),
                ("ab", [0, 1], ["ab"], False),
            ),
            (NeighborhoodRequest(entity_id=a.id), ("abc", [0, 1, 1], ["ab", "ab", "ac"], False)),
            (NeighborhoodRequest(entity_id=a.id, steps=Steps(types=[])), ("a", [0], [], False)),
        ]
        for request, want in expected:
            assert shape(await store.graph.neighborhood(user, request)) == want

    async def test_keeps_the_nearest_and_most_confident_within_the_limit(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        hub, *leaves = [await store.entity(user, name) for name in "hvwxyz"]
        for place, leaf in enumerate(leaves):
            await store.edge(hub, leaf, confidence=place / 10)
        beyond = await store.entity(user, "k")
        await store.edge(leaves[-1], beyond)
        limits = {
            1: ("h", True),
            3: ("hzy", True),
            6: ("hzyxwv", True),  # the limit leaves out what is two steps away
            7: ("hzyxwvk", False),
        }
        for limit, (names, truncated) in limits.items():
            request = NeighborhoodRequest(entity_id=hub.id, depth=2, limit=limit)
            found = shape(await store.graph.neighborhood(user, request))
            assert (found[0], found[3]) == (names, truncated)

    async def test_bounds_the_relationships_and_says_so(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        a, b = await store.entity(user, "a"), await store.entity(user, "b")
        for number in range(21):
            await store.edge(a, b, f"type {number}", confidence=number / 100)
        found = await store.graph.neighborhood(user, NeighborhoodRequest(entity_id=a.id, limit=2))
        assert found.truncated
        assert [e.relationship_type for e in found.relationships] == [f"type {n}" for n in range(20, 0, -1)]

    async def test_sees_nothing_deleted_and_nobody_elses(self, store: GraphStore) -> None:
        mine, theirs = await store.system.new_user(), await store.system.new_user()
        made = await line(store, mine, "abc")
        other = await line(store, theirs, "xy")
        for start in (made["a"].id, EntityId(IDS.new())):
            with pytest.raises(EntityNotFound):
                await store.graph.neighborhood(theirs, NeighborhoodRequest(entity_id=start))
            for ends in ((start, other["x"].id), (other["x"].id, start)):
                with pytest.raises(EntityNotFound):
                    await store.graph.paths(theirs, PathsRequest(source=ends[0], target=ends[1]))
        await store.remove(made["b"])
        request = NeighborhoodRequest(entity_id=made["a"].id, depth=3)
        assert shape(await store.graph.neighborhood(mine, request)) == ("a", [0], [], False)
        with pytest.raises(EntityNotFound):
            await store.graph.neighborhood(mine, NeighborhoodRequest(entity_id=made["b"].id))
        cut = PathsRequest(source=made["a"].id, target=made["c"].id)
        assert await store.graph.paths(mine, cut) == Paths(length=None, paths=[])

    async def test_finds_every_shortest_path(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        made = await line(store, user, "abcde")
        for name, left, right in (("x", "a", "c"), ("y", "c", "e")):
            made[name] = await store.entity(user, name)
            await store.edge(made[left], made[name])
            await store.edge(made[right], made[name])
        found = await store.graph.paths(user, PathsRequest(source=made["a"].id, target=made["e"].id))
        assert found.length == 4
        assert routes(found) == {"abcde", "abcye", "axcde", "axcye"}
        back = await store.graph.paths(user, PathsRequest(source=made["e"].id, target=made["a"].id))
        assert routes(back) == {route[::-1] for route in routes(found)}
        few = await store.graph.paths(user, PathsRequest(source=made["a"].id, target=made["e"].id, limit=3))
        assert len(few.paths) == 3
        assert routes(few) < routes(found)

    async def test_counts_parallel_relationships_as_paths_of_their_own(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        a, b = await store.entity(user, "a"), await store.entity(user, "b")
        edges = {(await store.edge(a, b, "x")).id, (await store.edge(b, a, "y")).id}
        found = await store.graph.paths(user, PathsRequest(source=a.id, target=b.id))
        assert {path.relationships[0].id for path in found.paths} == edges

    async def test_stops_at_the_greatest_depth(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        made = await line(store, user, "abcdefg")
        for depth, length in {5: None, 6: 6, 10: 6}.items():
            request = PathsRequest(source=made["a"].id, target=made["g"].id, max_depth=depth)
            assert (await store.graph.paths(user, request)).length == length

    async def test_needs_no_step_from_an_entity_to_itself(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        a = await store.entity(user, "a")
        await store.edge(a, a)
        found = await store.graph.paths(user, PathsRequest(source=a.id, target=a.id))
        assert (found.length, routes(found)) == (0, {"a"})

    async def test_counts_what_is_active_by_type(self, store: GraphStore) -> None:
        mine, theirs = await store.system.new_user(), await store.system.new_user()
        made = await line(store, mine, "abcd")
        place = await store.entity(mine, "p", type_="place")
        await store.edge(made["a"], place, "near")
        await store.remove(made["d"])
        found = await store.graph.stats(mine)
        assert (found.entities, found.relationships) == (4, 3)
        assert list(found.entity_types.items()) == [("person", 3), ("place", 1)]
        assert list(found.relationship_types.items()) == [("next", 2), ("near", 1)]
        nothing = await store.graph.stats(theirs)
        assert (nothing.entities, nothing.relationships, nothing.entity_types) == (0, 0, {})
        assert (nothing.degrees, nothing.degrees_counted) == ([], 0)

    async def test_counts_degrees_in_bands_that_double(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        made = await line(store, user, "abcdef")
        await store.edge(made["c"], made["c"], "itself")  # at both of its ends
        found = await store.graph.stats(user)
        await store.entity(user, "alone")
        bands = [(band.minimum, band.maximum, band.entities) for band in found.degrees]
        assert bands == [(0, 0, 0), (1, 1, 2), (2, 3, 3), (4, 7, 1)]
        again = await store.graph.stats(user)
        assert (again.degrees[0].entities, again.degrees_counted) == (1, 7)


class TestInMemoryTraversal(TraversalContract):
    @pytest.fixture
    def store(self) -> GraphStore:
        return memory_store()


class TestPostgresTraversal(TraversalContract):
    @pytest.fixture
    async def store(self, migrated_database: Logins) -> AsyncIterator[GraphStore]:
        async with postgres_store(migrated_database) as store:
            yield store

    async def test_walks_random_graphs_as_memory_does(self, store: GraphStore) -> None:
        """One graph of 30 entities and 60 relationships in both stores, from one seed."""
        chance = random.Random(7)  # noqa: S311  # a test's graph, not a secret
        memory = memory_store()
        owners = await store.system.new_user(), await memory.system.new_user()
        both = [
            [await s.entity(o, f"n{n}") for n in range(30)]
            for s, o in zip((store, memory), owners, strict=True)
        ]
        for number in range(60):
            here, there = chance.sample(range(30), 2)
            # Distinct confidences: ties are broken by ids, which differ between the two stores.
            for s, nodes in zip((store, memory), both, strict=True):
                await s.edge(nodes[here], nodes[there], f"t{number}", confidence=1 - number / 100)
        for trial in range(40):
            start, goal = chance.sample(range(30), 2)
            depth, limit = chance.randint(1, 5), chance.choice((4, 9, 200))
            hoods, found = [], []
            for s, owner, nodes in zip((store, memory), owners, both, strict=True):
                request = NeighborhoodRequest(entity_id=nodes[start].id, depth=depth, limit=limit)
                hood = await s.graph.neighborhood(owner, request)
                types = [edge.relationship_type for edge in hood.relationships]
                hoods.append(([(e.name, e.depth) for e in hood.entities], types, hood.truncated))
                ends = PathsRequest(source=nodes[start].id, target=nodes[goal].id, limit=100, max_depth=depth)
                walks = await s.graph.paths(owner, ends)
                found.append((walks.length, routes(walks), len(walks.paths)))
            assert hoods[0] == hoods[1], (trial, start, depth, limit)
            assert found[0] == found[1], (trial, start, goal, depth)
