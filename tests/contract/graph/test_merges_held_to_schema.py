"""What merging and its undoing promise where a schema is declared."""

from collections.abc import Sequence

import pytest

from application.graph.merge_entities import MergeEntities, MergeEntitiesCommand
from application.graph.merges import MergeView
from application.graph.undo_merge import UndoMerge, UndoMergeCommand
from domain.graph.schema import Cardinality, Enforcement, EntityType, RelationshipType
from domain.shared.errors import InvalidInput, Violation
from domain.shared.ids import EntityId, MergeId
from tests.contract.graph.declaring import AGED, Owner
from tests.contract.graph.importing import Importing, edges_of, entities_of
from tests.contract.graph.stores import GraphStore
from tests.contract.systems import IDS

HEADS = RelationshipType(cardinality=Cardinality.ONE_TO_ONE)
EMPLOYED = RelationshipType(source_types=["person"], target_types=["company"])


class Merger(Owner):
    """An owner who makes one of several."""

    async def merge(self, target: EntityId, *sources: EntityId) -> MergeView:
        command = MergeEntitiesCommand(
            principal=self.me, target_id=target, source_ids=sources, warn=self.warned.extend
        )
        return await MergeEntities(self.work, self.clock, IDS)(command)

    async def undo(self, merge: MergeView) -> None:
        command = UndoMergeCommand(principal=self.me, merge_id=MergeId(merge.id), warn=self.warned.extend)
        await UndoMerge(self.work, self.clock)(command)

    async def graph(self) -> tuple[object, object]:
        importing = Importing(self.store, self.user)
        return await entities_of(importing, deleted=True), await edges_of(importing, deleted=True)


@pytest.fixture
async def owner(store: GraphStore) -> Merger:
    return Merger(store, await store.system.new_user())


def told(violations: Sequence[Violation]) -> set[tuple[str, str]]:
    return {(v.pointer, v.code) for v in violations}


async def test_refuses_merged_metadata_that_breaks_an_enforced_schema(owner: Merger) -> None:
    await owner.declare("person", EntityType(metadata_schema={"maxProperties": 1}))
    ada, countess = await owner.entity(a=1), await owner.entity(b=2)
    await owner.choose(Enforcement.ENFORCE)
    before = await owner.graph()
    with pytest.raises(InvalidInput) as refusal:
        await owner.merge(ada, countess)
    assert told(refusal.value.violations) == {(f"/entities/{ada}/metadata", "schema_maxProperties")}
    assert await owner.graph() == before
    await owner.choose(Enforcement.WARN)
    await owner.merge(ada, countess)
    assert told(owner.warned) == told(refusal.value.violations)


async def test_refuses_relationships_that_may_not_begin_or_end_at_the_target(owner: Merger) -> None:
    await owner.declare("works for", EMPLOYED)
    ada, robot, firm = await owner.entity(), await owner.entity("robot"), await owner.entity("company")
    works = await owner.edge(ada, firm, "works for")
    await owner.choose(Enforcement.ENFORCE)
    with pytest.raises(InvalidInput) as refusal:
        await owner.merge(robot, ada)
    place = f"/relationships/{works}/source_entity_id"
    assert told(refusal.value.violations) == {(place, "end_type")}
    other = await owner.entity("company")
    await owner.merge(other, firm)
    assert owner.warned == []


async def test_refuses_more_relationships_than_a_type_allows(owner: Merger) -> None:
    await owner.declare("heads", HEADS)
    await owner.declare("married", RelationshipType(symmetric=True, cardinality=Cardinality.ONE_TO_ONE))
    ada, countess, b, c = [await owner.entity() for _ in range(4)]
    await owner.edge(ada, b, "heads")
    second = await owner.edge(countess, c, "heads")
    third = await owner.edge(b, countess, "married")
    await owner.edge(c, ada, "married")
    await owner.choose(Enforcement.ENFORCE)
    before = await owner.graph()
    with pytest.raises(InvalidInput) as refusal:
        await owner.merge(ada, countess)
    assert told(refusal.value.violations) == {
        (f"/relationships/{second}/source_entity_id", "cardinality"),
        (f"/relationships/{third}/target_entity_id", "cardinality"),
    }
    assert await owner.graph() == before
    await owner.choose(Enforcement.WARN)
    merge = await owner.merge(ada, countess)
    assert told(owner.warned) == told(refusal.value.violations)
    await owner.choose(Enforcement.ENFORCE)
    await owner.undo(merge)


async def test_relationships_that_become_one_are_not_too_many(owner: Merger) -> None:
    await owner.declare("heads", HEADS)
    ada, countess, b = [await owner.entity() for _ in range(3)]
    await owner.edge(ada, b, "heads")
    await owner.edge(countess, b, "heads")
    await owner.choose(Enforcement.ENFORCE)
    await owner.merge(ada, countess)
    assert owner.warned == []


async def test_a_mirror_image_that_a_merge_makes_is_refused(owner: Merger) -> None:
    await owner.declare("knows", RelationshipType(symmetric=True))
    ada, countess, b = [await owner.entity() for _ in range(3)]
    await owner.edge(ada, b)
    mirrored = await owner.edge(b, countess)
    await owner.choose(Enforcement.ENFORCE)
    with pytest.raises(InvalidInput) as refusal:
        await owner.merge(ada, countess)
    assert told(refusal.value.violations) == {(f"/relationships/{mirrored}/relationship_type", "mirrored")}


async def test_an_undoing_brings_nothing_back_that_an_enforced_schema_refuses(owner: Merger) -> None:
    ada, countess, b = await owner.entity(age=1), await owner.entity(), await owner.entity(age=2)
    works = await owner.edge(countess, b, "works for")
    merge = await owner.merge(ada, countess)
    await owner.declare("person", AGED)
    await owner.choose(Enforcement.ENFORCE)
    await owner.declare("works for", EMPLOYED, force=True)
    before = await owner.graph()
    with pytest.raises(InvalidInput) as refusal:
        await owner.undo(merge)
    assert told(refusal.value.violations) == {
        (f"/entities/{countess}/metadata", "schema_required"),
        (f"/relationships/{works}/target_entity_id", "end_type"),
    }
    assert await owner.graph() == before
    await owner.choose(Enforcement.WARN)
    await owner.undo(merge)
    assert told(owner.warned) == told(refusal.value.violations)
