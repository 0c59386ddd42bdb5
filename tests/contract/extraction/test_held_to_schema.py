"""What extraction promises where a schema is declared: what breaks it is left out, the rest is written."""

import asyncio
from collections.abc import Sequence

import pytest

from application.extraction.queries import JobItemView
from domain.extraction.left_out import NOTHING, LeftOut
from domain.graph.schema import Cardinality, Enforcement, EntityType, RelationshipType, UndeclaredTypes
from domain.shared.ids import DocumentId, EntityId, JobId
from tests.contract.extraction.library import ALL, Library
from tests.contract.graph.declaring import AGED, Declaring
from tests.contract.systems import PostgresSystem

ONE_TARGET = RelationshipType(cardinality=Cardinality.MANY_TO_ONE)
FRIENDS = RelationshipType(symmetric=True)


@pytest.fixture
def owner(library: Library) -> Declaring:
    return Declaring(library.system, library.user)


async def extracted(library: Library, document_id: DocumentId) -> JobItemView:
    """What became of the latest extraction of a document."""
    jobs = (await library.jobs.list(library.user, None, ALL)).rows
    for job in sorted(jobs, key=lambda job: job.id, reverse=True):
        page = await library.jobs.items(library.user, JobId(job.id), None, ALL)
        assert page is not None
        for item in page.rows:
            if item.document_id == document_id:
                assert item.status == "succeeded", item.error
                return item
    raise AssertionError("nobody extracted it")


async def left_out(library: Library, document_id: DocumentId) -> LeftOut:
    return (await extracted(library, document_id)).left_out


def told(found: LeftOut) -> list[tuple[str, str, str, int]]:
    return sorted((reason.kind, reason.type, reason.code, reason.count) for reason in found.reasons)


async def pairs(library: Library) -> Sequence[tuple[str, str]]:
    names = {entity.id: entity.name for entity in (await library.entities()).values()}
    edges = await library.relationships()
    return sorted((names[e.source_entity_id], names[e.target_entity_id]) for e in edges)


async def test_leaves_out_entities_of_types_nobody_declared(library: Library, owner: Declaring) -> None:
    await owner.declare("person", EntityType())
    await owner.declare("knows", RelationshipType())
    await owner.choose(Enforcement.ENFORCE, UndeclaredTypes.REFUSE)
    document_id = await library.read("Ada knows Bob. Ada knows Austria. Austria knows India. Austria again.")
    assert sorted(await library.entities()) == ["Ada", "Bob"]
    assert await pairs(library) == [("Ada", "Bob")]
    found = await left_out(library, document_id)
    assert (found.entities, found.relationships) == (2, 2)
    assert told(found) == [
        ("entity", "place", "undeclared_type", 2),
        ("relationship", "knows", "end_left_out", 1),
        ("relationship", "knows", "end_left_out", 2),
    ]
    assert found.reasons[0].detail
    page = await library.documents.entities(library.user, document_id, ALL)
    assert page is not None
    assert [(e.name, e.mentions) for e in page.rows] == [("Ada", 2), ("Bob", 1)]
    item = await extracted(library, document_id)
    assert (item.entities, item.relationships) == (2, 1)
    assert (await library.event_types()).count("entity.created") == 2


async def test_leaves_out_entities_whose_metadata_break_their_schema(
    library: Library, owner: Declaring
) -> None:
    await owner.declare("person", AGED)
    await owner.choose(Enforcement.ENFORCE)
    document_id = await library.read("Ada knows Austria. India.")
    assert sorted(await library.entities()) == ["Austria", "India"]
    assert told(await left_out(library, document_id)) == [
        ("entity", "person", "schema_required", 1),
        ("relationship", "knows", "end_left_out", 1),
    ]


async def test_leaves_out_relationships_that_stand_where_they_may_not(
    library: Library, owner: Declaring
) -> None:
    await owner.declare("knows", RelationshipType(target_types=["person"]))
    await owner.choose(Enforcement.ENFORCE)
    document_id = await library.read("Ada knows Bob. Ada knows Austria. Bob knows Austria.")
    assert sorted(await library.entities()) == ["Ada", "Austria", "Bob"]
    assert await pairs(library) == [("Ada", "Bob")]
    found = await left_out(library, document_id)
    assert (found.entities, found.relationships) == (0, 2)
    assert told(found) == [("relationship", "knows", "end_type", 2)]


async def test_holds_relationships_to_the_graph_and_to_each_other(library: Library, owner: Declaring) -> None:
    await owner.declare("knows", ONE_TARGET)
    await owner.choose(Enforcement.ENFORCE)
    first = await library.read("Ada knows Bob. Ada knows Carl. Carl knows Bob.")
    assert told(await left_out(library, first)) == [("relationship", "knows", "cardinality", 1)]
    assert [source for source, _ in await pairs(library)] == ["Ada", "Carl"]
    known = await pairs(library)
    second = await library.read("Ada knows Dora. Dora knows Ada. Carl knows Bob.")
    assert told(await left_out(library, second)) == [("relationship", "knows", "cardinality", 1)]
    assert await pairs(library) == sorted([*known, ("Dora", "Ada")])


async def test_leaves_out_the_mirror_image_of_a_symmetric_relationship(
    library: Library, owner: Declaring
) -> None:
    await owner.declare("knows", FRIENDS)
    await owner.choose(Enforcement.ENFORCE)
    document_id = await library.read("Ada knows Bob.")
    again = await library.read("Bob knows Ada. Ada knows Bob.")
    assert await pairs(library) == [("Ada", "Bob")]
    assert told(await left_out(library, document_id)) == []
    assert told(await left_out(library, again)) == [("relationship", "knows", "mirrored", 1)]


async def test_leaves_out_relationships_whose_metadata_break_their_schema(
    library: Library, owner: Declaring
) -> None:
    await owner.declare("knows", RelationshipType(metadata_schema={"required": ["since"]}))
    await owner.choose(Enforcement.ENFORCE)
    document_id = await library.read("Ada knows Bob.")
    assert await pairs(library) == []
    assert told(await left_out(library, document_id)) == [("relationship", "knows", "schema_required", 1)]


async def test_what_is_there_already_is_not_judged_again(library: Library, owner: Declaring) -> None:
    document_id = await library.read("Ada knows Bob. Ada knows Austria.")
    before, edges = await library.entities(), await pairs(library)
    await owner.declare(
        "knows", RelationshipType(target_types=["person"], cardinality=Cardinality.ONE_TO_ONE)
    )
    await owner.declare("person", AGED)
    await owner.choose(Enforcement.ENFORCE, UndeclaredTypes.REFUSE)
    await library.run(await library.request(document_id))
    other = await library.read("Ada knows Austria. Ada knows Bob. Carl knows Ada. Bob knows Austria.")
    assert await library.entities() == before
    assert await pairs(library) == edges
    assert await left_out(library, document_id) == NOTHING
    found = await left_out(library, other)
    assert (found.entities, found.relationships) == (1, 2)
    mentions = await library.documents.mentions(library.user, EntityId(before["Austria"].id), ALL)
    assert mentions is not None
    assert len(mentions.rows) == 3


async def test_what_a_document_no_longer_says_is_in_nobodys_way(library: Library, owner: Declaring) -> None:
    await owner.declare("knows", ONE_TARGET)
    await owner.choose(Enforcement.ENFORCE)
    document_id = await library.read("Ada knows Bob. Ada knows Carl. Dora.")
    [(_, known)] = await pairs(library)
    library.toy.blind_to = {known}
    await library.run(await library.request(document_id))
    (other,) = {"Bob", "Carl"} - {known}
    assert await pairs(library) == [("Ada", other)]
    assert sorted(await library.entities()) == sorted(["Ada", "Dora", other])
    item = await extracted(library, document_id)
    assert (item.entities, item.relationships, item.left_out) == (3, 1, NOTHING)
    types = await library.event_types()
    assert (types.count("relationship.created"), types.count("relationship.deleted")) == (2, 1)
    assert (types.count("entity.created"), types.count("entity.updated")) == (4, 0)


async def test_a_known_relationship_still_grows_surer(library: Library, owner: Declaring) -> None:
    await owner.declare("knows", ONE_TARGET)
    await owner.choose(Enforcement.ENFORCE)
    await library.read("Ada knows Bob.")
    library.toy.confidences = {"knows": 0.95}
    again = await library.read("Ada knows Bob, they say.")
    [edge] = await library.relationships()
    assert (edge.confidence, edge.version) == (0.95, 2)
    assert await left_out(library, again) == NOTHING


@pytest.mark.parametrize("enforcement", [Enforcement.WARN, Enforcement.OFF])
async def test_writes_everything_where_nothing_is_enforced(
    library: Library, owner: Declaring, enforcement: Enforcement
) -> None:
    await owner.declare("person", AGED)
    await owner.declare("knows", ONE_TARGET)
    await owner.choose(enforcement, UndeclaredTypes.REFUSE)
    document_id = await library.read("Ada knows Bob. Ada knows Austria.")
    assert sorted(await library.entities()) == ["Ada", "Austria", "Bob"]
    assert await pairs(library) == [("Ada", "Austria"), ("Ada", "Bob")]
    assert await left_out(library, document_id) == NOTHING


async def test_what_another_process_declared_meanwhile_counts(library: Library, owner: Declaring) -> None:
    await library.read("Ada writes.")
    system = library.system
    elsewhere = PostgresSystem(system.database) if isinstance(system, PostgresSystem) else system
    other = Declaring(elsewhere, library.user)
    await other.declare("person", EntityType())
    await other.choose(Enforcement.ENFORCE, UndeclaredTypes.REFUSE)
    document_id = await library.read("Ada knows Austria.")
    assert sorted(await library.entities()) == ["Ada"]
    assert (await left_out(library, document_id)).entities == 1
    types = await library.event_types()
    assert types.count("document.processed") == 2
    assert "document.failed" not in types


async def test_documents_read_at_once_are_held_to_each_other(library: Library, owner: Declaring) -> None:
    await owner.declare("knows", ONE_TARGET)
    await owner.choose(Enforcement.ENFORCE)
    texts = [f"Ada knows {'Bob' if n % 2 else 'Carl'}, says {n}." for n in range(8)]
    documents = [(await library.add(text)).document.id for text in texts]
    jobs = [await library.request(document_id) for document_id in documents]
    await asyncio.gather(*(library.run(job) for job in jobs))
    assert len(await pairs(library)) == 1
    found = [await left_out(library, document_id) for document_id in documents]
    assert sorted(one.relationships for one in found) == [0] * 4 + [1] * 4


async def test_a_job_tells_the_commonest_reasons(library: Library, owner: Declaring) -> None:
    await owner.choose(Enforcement.ENFORCE, UndeclaredTypes.REFUSE)
    document_id = await library.read("Ada knows Bob. Carl. Austria.")
    found = await left_out(library, document_id)
    assert (found.entities, found.relationships) == (4, 1)
    assert (found.reasons[0].type, found.reasons[0].count) == ("person", 3)
    assert await library.entities() == {}
    page = await library.documents.chunks(library.user, document_id, ALL)
    assert page is not None
    assert len(page.rows) == 1
