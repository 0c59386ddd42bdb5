"""What steers a walk, which limits it reports, and what it finds."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from adapters.postgres.provision import Logins
from application.graph.traversal import (
    CommonNeighborsRequest,
    Direction,
    NeighborhoodRequest,
    Paths,
    PathsRequest,
    Steps,
    Weight,
)
from domain.graph.entity import Entity
from domain.graph.errors import EntityNotFound
from domain.graph.relationship import Relationship, RelationshipContent, new_relationship
from domain.shared.ids import EntityId, RelationshipId, UserId
from tests.contract.graph.stores import START, GraphStore, memory_store, postgres_store
from tests.contract.systems import IDS

OUT, IN, BOTH = Direction.OUT, Direction.IN, Direction.BOTH


async def names_near(store: GraphStore, user: UserId, request: NeighborhoodRequest) -> tuple[str, list[str]]:
    found = await store.graph.neighborhood(user, request)
    assert found.truncated is bool(found.limits_reached)
    return "".join(entity.name for entity in found.entities), [*found.limits_reached]


def routes(found: Paths) -> list[str]:
    return ["".join(entity.name for entity in path.entities) for path in found.paths]


class WalksContract:
    async def test_follows_one_direction_when_asked(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        a, b, c, d = [await store.entity(user, name) for name in "abcd"]
        await store.edge(a, b, confidence=0.9)
        await store.edge(b, c, confidence=0.8)
        await store.edge(d, a, confidence=0.7)
        for direction, names, edges in ((OUT, "abc", 2), (IN, "ad", 1), (BOTH, "abdc", 3)):
            request = NeighborhoodRequest(entity_id=a.id, depth=3, steps=Steps(direction=direction))
            assert await names_near(store, user, request) == (names, [])
            assert len((await store.graph.neighborhood(user, request)).relationships) == edges
        for direction, length in ((OUT, None), (IN, 3), (BOTH, 3)):
            ask = PathsRequest(source=c.id, target=d.id, steps=Steps(direction=direction))
            for weight in Weight:
                assert (await store.graph.paths(user, replace(ask, weight=weight))).length == length

    async def test_steps_only_on_entities_of_the_types_asked_for(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        a, b, c = [await store.entity(user, name, type_=type_) for name, type_ in ("ax", "by", "cx")]
        await store.edge(a, b)
        await store.edge(b, c)
        steps = Steps(entity_types=["x"])
        assert await names_near(store, user, NeighborhoodRequest(entity_id=a.id, steps=steps)) == ("a", [])
        only = NeighborhoodRequest(entity_id=b.id, depth=2, steps=steps)  # where it begins may be of any type
        assert (await names_near(store, user, only))[0] in ("bac", "bca")
        for weight in Weight:
            far = PathsRequest(source=a.id, target=c.id, steps=steps, weight=weight)
            assert (await store.graph.paths(user, far)).length is None
            near = replace(far, target=b.id)
            assert (await store.graph.paths(user, near)).length == 1

    async def test_follows_the_most_confident_of_each_entity_and_says_so(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        hub, *leaves = [await store.entity(user, name) for name in "hwxyz"]
        for place, leaf in enumerate(leaves):
            await store.edge(hub, leaf, confidence=0.5 + place / 10)
        ask = NeighborhoodRequest(entity_id=hub.id, depth=2)
        for fan_out, want in ((1, ("hz", ["fan_out"])), (3, ("hzyx", ["fan_out"])), (4, ("hzyxw", []))):
            assert await names_near(store, user, replace(ask, fan_out=fan_out)) == want
        both = replace(ask, fan_out=3, limit=2)
        assert await names_near(store, user, both) == ("hz", ["fan_out", "limit"])
        few = replace(ask, max_relationships=2)
        assert await names_near(store, user, few) == ("hzyxw", ["max_relationships"])
        assert [e.confidence for e in (await store.graph.neighborhood(user, few)).relationships] == [0.8, 0.7]

    async def test_finds_the_path_with_the_greatest_product(self, store: GraphStore) -> None:
        user = await store.system.new_user()
        a, b, c, d, e = [await store.entity(user, name) for name in "abcde"]
        await store.edge(a, e, confidence=0.5)
        for here, there in ((a, b), (b, c), (c, e)):
            await store.edge(here, there, confidence=0.9)
        await store.edge(a, d, confidence=0.7)
        await store.edge(d, e, confidence=0.9)
        ask = PathsRequest(source=a.id, target=e.id, weight=Weight.CONFIDENCE)
        found = await store.graph.paths(user, ask)
        assert (found.length, routes(found), found.truncated) == (3, ["abce"], False)
        assert found.paths[0].confidence == pytest.approx(0.729)
        for most, route in ((2, ["ade"]), (1, ["ae"])):
            assert routes(await store.graph.paths(user, replace(ask, max_depth=most))) == route
        steps = await store.graph.paths(user, replace(ask, weight=Weight.STEPS))
        assert (routes(steps), steps.paths[0].confidence) == (["ae"], 0.5)

    async def test_prefers_fewer_steps_among_equals_and_finds_what_is_worth_nothing(
        self, store: GraphStore
    ) -> None:
        user = await store.system.new_user()
        a, b, c, d = [await store.entity(user, name) for name in "abcd"]
        await store.edge(a, b)
        await store.edge(b, c)
        await store.edge(a, c)
        await store.edge(c, d, confidence=0.0)
        ask = PathsRequest(source=a.id, target=c.id, weight=Weight.CONFIDENCE)
        assert routes(await store.graph.paths(user, ask)) == ["ac"]
        nothing = await store.graph.paths(user, replace(ask, target=d.id))
        assert (routes(nothing), nothing.paths[0].confidence) == (["acd"], 0.0)
        itself = await store.graph.paths(user, replace(ask, target=a.id))
        assert (itself.length, routes(itself), itself.paths[0].confidence) == (0, ["a"], 1.0)

    @pytest.mark.parametrize("weight", Weight)
    async def test_reports_a_search_that_was_given_up(self, store: GraphStore, weight: Weight) -> None:
        user = await store.system.new_user()
        a, b, c = [await store.entity(user, name) for name in "abc"]
        await store.edge(a, b)
        await store.edge(b, c)
        ask = PathsRequest(source=a.id, target=c.id, weight=weight, max_visited=1)
        assert await store.graph.paths(user, ask) == Paths(length=None, paths=[], truncated=True)
        assert not (await store.graph.paths(user, replace(ask, max_visited=3))).truncated

    async def test_finds_common_neighbors_and_what_connects_them(self, store: GraphStore) -> None:
        user, other = await store.system.new_user(), await store.system.new_user()
        a, b, x, y, z = [await store.entity(user, name) for name in "abxyz"]
        strong = [await store.edge(a, x, "s", confidence=0.9), await store.edge(a, x, "t", confidence=0.8)]
        strong.append(await store.edge(x, b, confidence=0.6))
        weak = [await store.edge(a, y, confidence=1.0), await store.edge(b, y, confidence=0.5)]
        await store.edge(a, z)
        await store.edge(a, b)
        await store.edge(a, a, "itself")
        ask = CommonNeighborsRequest(source=a.id, target=b.id)
        found = await store.graph.common_neighbors(user, ask)
        shown = [(n.entity.name, [edge.id for edge in n.relationships]) for n in found.neighbors]
        assert shown == [("x", [edge.id for edge in strong]), ("y", [edge.id for edge in weak])]
        assert not found.truncated
        one = await store.graph.common_neighbors(user, replace(ask, limit=1))
        assert ([n.entity.name for n in one.neighbors], one.truncated) == (["x"], True)
        for steps, names in (
            (Steps(direction=OUT), ["y"]),
            (Steps(min_confidence=0.6), ["x"]),
            (Steps(types=["knows"]), ["y"]),
            (Steps(entity_types=["place"]), []),
        ):
            some = await store.graph.common_neighbors(user, replace(ask, steps=steps))
            assert [n.entity.name for n in some.neighbors] == names
        stranger = await store.entity(other, "s")
        for ends in ((a.id, stranger.id), (stranger.id, b.id), (a.id, EntityId(IDS.new()))):
            request = CommonNeighborsRequest(source=ends[0], target=ends[1])
            with pytest.raises(EntityNotFound):
                await store.graph.common_neighbors(user, request)
        await store.remove(x)
        left = await store.graph.common_neighbors(user, ask)
        assert [n.entity.name for n in left.neighbors] == ["y"]

    async def test_is_exact_where_many_are_equally_confident(self, store: GraphStore) -> None:
        """More than a first look takes in, parallel relationships among them."""
        user = await store.system.new_user()
        a, b = await store.entity(user, "a"), await store.entity(user, "b")
        leaves = [await store.entity(user, f"leaf {number}") for number in range(5)]
        async with store.work(user) as work:
            for number in range(90):
                await work.relationships.add(edge(user, a, leaves[0], f"t{number}", 1.0))
            for leaf in leaves[1:]:
                await work.relationships.add(edge(user, a, leaf, "t", 0.5))
            await work.relationships.add(edge(user, a, b, "t", 0.7))
            await work.commit()
        request = NeighborhoodRequest(entity_id=a.id, limit=3)
        found = await store.graph.neighborhood(user, request)
        assert [entity.name for entity in found.entities] == ["a", "leaf 0", "b"]
        assert [*found.limits_reached] == ["limit", "max_relationships"]


class TestInMemoryWalks(WalksContract):
    @pytest.fixture
    def store(self) -> GraphStore:
        return memory_store()


class TestPostgresWalks(WalksContract):
    @pytest.fixture
    async def store(self, migrated_database: Logins) -> AsyncIterator[GraphStore]:
        async with postgres_store(migrated_database) as store:
            yield store


def edge(user: UserId, source: Entity, target: Entity, type_: str, confidence: float) -> Relationship:
    content = RelationshipContent(
        source_entity_id=source.id,
        target_entity_id=target.id,
        relationship_type=type_,
        confidence=confidence,
    )
    return new_relationship(user, RelationshipId(IDS.new()), content, START)
