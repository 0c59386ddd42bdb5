"""The machine that draws sequences of changes, carries each out in every world, and compares the worlds."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, RuleBasedStateMachine, initialize, multiple, rule

from application.graph.create_entity import CreateEntityCommand
from application.graph.create_relationship import CreateRelationshipCommand
from application.graph.delete_entity import DeleteEntityCommand
from application.graph.delete_relationship import DeleteRelationshipCommand
from application.graph.restore_entity import RestoreEntityCommand
from application.graph.restore_relationship import RestoreRelationshipCommand
from application.graph.update_entity import UpdateEntityCommand
from application.graph.update_relationship import UpdateRelationshipCommand
from application.shared.pages import PageRequest
from domain.graph.entity import EntityContent
from domain.graph.relationship import RelationshipContent
from domain.shared.ids import EntityId, RelationshipId, UserId
from domain.shared.json import JsonObject
from tests.contract.graph.sequences.checks import check_events, check_graph, check_order
from tests.contract.graph.sequences.contents import (
    entity_contents,
    entity_patches,
    relationship_patches,
    relationship_plain,
    seen_versions,
)
from tests.contract.graph.sequences.snapshots import Snapshot, by_subject
from tests.contract.graph.sequences.worlds import (
    MakeWorlds,
    Outcome,
    Step,
    SteppingClock,
    World,
    outcome,
    plain,
)
from tests.contract.systems import principal

ALL_VERSIONS = PageRequest(sort="version", limit=1000)
NOTHING = Snapshot(entities={}, relationships={}, followed=frozenset(), keys={}, events=())
UNKNOWN = UUID(int=(7 << 76) | (2 << 62))


class GraphSequences(RuleBasedStateMachine):
    """One user's graph. The first world is the model; ids and moments are the same in all of them."""

    entities: Bundle[UUID] = Bundle("entities")
    edges: Bundle[UUID] = Bundle("edges")

    def __init__(
        self, runner: asyncio.Runner, new_user: Callable[[], UserId], make_worlds: MakeWorlds
    ) -> None:
        super().__init__()
        self._runner = runner
        self._clock = SteppingClock()
        self._stopped = False
        self._failed = False  # what comes after a failure would only hide it
        self.new_user = new_user
        self.user = new_user()
        self.who = principal(self.user)
        self.worlds: list[World] = make_worlds(self._clock)
        self.now = NOTHING

    # The things there are: some to begin with, so that sequences need not find out how to make them.

    @initialize(target=entities)
    def begin(self) -> MultipleResults[UUID]:
        contents = [EntityContent(name=name, type="person") for name in ("Ada", "Bob", "Cleo")]
        return multiple(*(self._made(self._create(content))[0] for content in contents))

    @initialize(target=entities)
    def nobody_knows(self) -> UUID:
        return UNKNOWN

    @rule(target=entities, content=entity_contents)
    def create_entity(self, content: EntityContent) -> MultipleResults[UUID]:
        return multiple(*self._made(self._create(content)))

    @rule(target=edges, source=entities, far=entities, said=relationship_plain)
    def create_relationship(self, source: UUID, far: UUID, said: JsonObject) -> MultipleResults[UUID]:
        command = CreateRelationshipCommand(principal=self.who, content=_edge(source, far, said))
        return multiple(*self._made(self.do(lambda world: world.create_relationship(command))))

    # Changes.

    @rule(entity=entities, patch=entity_patches, seen=seen_versions)
    def patch_entity(self, entity: UUID, patch: JsonObject, seen: int | None) -> None:
        self._update_entity(entity, patch, seen)

    @rule(entity=entities, content=entity_contents, seen=seen_versions)
    def replace_entity(self, entity: UUID, content: EntityContent, seen: int | None) -> None:
        self._update_entity(entity, content, seen)

    @rule(edge=edges, patch=relationship_patches, ends=st.data(), seen=seen_versions)
    def patch_relationship(
        self, edge: UUID, patch: JsonObject, ends: st.DataObject, seen: int | None
    ) -> None:
        known = st.sampled_from([None, None, *map(str, sorted(map(UUID, self.now.entities))), str(UNKNOWN)])
        moved = {name: ends.draw(known, label=name) for name in ("source_entity_id", "target_entity_id")}
        self._update_edge(edge, {**patch, **{n: end for n, end in moved.items() if end is not None}}, seen)

    @rule(edge=edges, source=entities, far=entities, said=relationship_plain, seen=seen_versions)
    def replace_relationship(
        self, edge: UUID, source: UUID, far: UUID, said: JsonObject, seen: int | None
    ) -> None:
        self._update_edge(edge, _edge(source, far, said), seen)

    # Deletions and what brings things back.

    @rule(entity=entities, seen=seen_versions)
    def delete_entity(self, entity: UUID, seen: int | None) -> None:
        command = DeleteEntityCommand(
            principal=self.who, entity_id=EntityId(entity), expected_version=self._version(entity, seen)
        )
        self.do(lambda world: world.delete_entity(command))

    @rule(entity=entities, seen=seen_versions)
    def restore_entity(self, entity: UUID, seen: int | None) -> None:
        command = RestoreEntityCommand(
            principal=self.who, entity_id=EntityId(entity), expected_version=self._version(entity, seen)
        )
        self.do(lambda world: world.restore_entity(command))

    @rule(edge=edges, seen=seen_versions)
    def delete_relationship(self, edge: UUID, seen: int | None) -> None:
        command = DeleteRelationshipCommand(
            principal=self.who,
            relationship_id=RelationshipId(edge),
            expected_version=self._version(edge, seen),
        )
        self.do(lambda world: world.delete_relationship(command))

    @rule(edge=edges, seen=seen_versions)
    def restore_relationship(self, edge: UUID, seen: int | None) -> None:
        command = RestoreRelationshipCommand(
            principal=self.who,
            relationship_id=RelationshipId(edge),
            expected_version=self._version(edge, seen),
        )
        self.do(lambda world: world.restore_relationship(command))

    @rule()
    def do_the_next_at_the_same_moment(self) -> None:
        self._stopped = True

    # What every step goes through.

    def do(self, step: Step, *, many: bool = False) -> Outcome:
        """Carries a step out in every world; what came of it, and the graphs, must be the same. A step of
        `many` parts may change one thing more than once."""
        if not self._stopped:
            self._clock.step()
        self._stopped, self._failed = False, True
        told = self._runner.run(self._do(step, many))
        self._failed = False
        return told

    async def _do(self, step: Step, many: bool) -> Outcome:
        model, *others = self.worlds
        told, graph = await outcome(step, model), await model.snapshot(self.user)
        check_graph(graph)
        check_events(self.now, graph, many=many)
        if told.refusal is not None:
            assert graph == self.now, "what is refused changes nothing"
        for world in others:
            answered = await outcome(step, world)
            assert answered == told, f"{world.name} answers {answered}, the model {told}"
            other = await world.snapshot(self.user)
            assert other.without_events() == graph.without_events(), f"{world.name}: {graph.unlike(other)}"
            # In which order different things are told of is nobody's to rely on.
            said, wanted = by_subject(other.events), by_subject(graph.events)
            odd = {one: (said.get(one), wanted.get(one)) for one in {*said, *wanted}}
            assert said == wanted, (
                f"{world.name} announces {[pair for pair in odd.values() if pair[0] != pair[1]]}"
            )
        was, rows = self.now.rows(), graph.rows()
        self.now = graph
        for changed in [one for one, row in rows.items() if was.get(one) != row]:
            await self._compare_history(changed)
        return told

    async def _compare_history(self, thing: str) -> None:
        told = [await self._history(world, thing) for world in self.worlds]
        for world, history in zip(self.worlds[1:], told[1:], strict=True):
            assert history == told[0], f"{world.name} remembers something else of {thing}"

    async def _history(self, world: World, thing: str) -> list[str]:
        if thing in self.now.entities:
            page = await world.history.of_entity(self.user, EntityId(UUID(thing)), ALL_VERSIONS)
        else:
            page = await world.history.of_relationship(self.user, RelationshipId(UUID(thing)), ALL_VERSIONS)
        return [plain(version) for version in page.rows]

    def teardown(self) -> None:
        if self._failed:
            return
        check_order(self.now)
        for thing in self.now.rows():
            self._runner.run(self._compare_history(thing))

    # Short forms.

    def _create(self, content: EntityContent) -> Outcome:
        command = CreateEntityCommand(principal=self.who, content=content)
        return self.do(lambda world: world.create_entity(command))

    def _update_entity(self, entity: UUID, change: Any, seen: int | None) -> None:
        command = UpdateEntityCommand(
            principal=self.who,
            entity_id=EntityId(entity),
            change=change,
            expected_version=self._version(entity, seen),
        )
        self.do(lambda world: world.update_entity(command))

    def _update_edge(self, edge: UUID, change: Any, seen: int | None) -> None:
        command = UpdateRelationshipCommand(
            principal=self.who,
            relationship_id=RelationshipId(edge),
            change=change,
            expected_version=self._version(edge, seen),
        )
        self.do(lambda world: world.update_relationship(command))

    def _made(self, told: Outcome) -> list[UUID]:
        """The id of what a step has made, if it was not refused."""
        if told.answer is None:
            return []
        return [UUID(json.loads(told.answer)["id"])]

    def _version(self, thing: UUID, seen: int | None) -> int | None:
        """The version a caller says it has seen, who is so many behind the present one."""
        row = self.now.rows().get(str(thing))
        if seen is None:
            return None
        return 1 if row is None else int(json.loads(row)["version"]) + seen


def _edge(source: UUID, target: UUID, said: Any) -> RelationshipContent:
    return RelationshipContent(source_entity_id=EntityId(source), target_entity_id=EntityId(target), **said)
