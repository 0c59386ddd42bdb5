"""What extraction promises of the graph it writes, in memory and in Postgres."""

import asyncio
import itertools

from domain.extraction.job import ExtractionOptions
from domain.shared.ids import EntityId, JobId
from tests.contract.extraction.library import ALL, Library


async def mentions_of(library: Library, name: str) -> list[tuple[int, int, str]]:
    entity = (await library.entities())[name]
    page = await library.documents.mentions(library.user, EntityId(entity.id), ALL)
    assert page is not None
    return sorted((m.start_offset, m.end_offset, m.text) for m in page.rows)


async def test_writes_entities_relationships_mentions_and_says_so(library: Library) -> None:
    document_id = await library.read("Ada knows Bob.\nBob lives in Austria.")
    entities = await library.entities()
    assert {(e.name, e.type, e.confidence) for e in entities.values()} == {
        ("Ada", "person", 0.9),
        ("Bob", "person", 0.9),
        ("Austria", "place", 0.9),
    }
    assert {(e.source, e.source_type) for e in entities.values()} == {(str(document_id), "extraction")}
    [edge] = await library.relationships()
    assert (edge.source_entity_id, edge.target_entity_id) == (entities["Ada"].id, entities["Bob"].id)
    assert (edge.relationship_type, edge.confidence, edge.source_type) == ("knows", 0.8, "extraction")
    assert await mentions_of(library, "Bob") == [(10, 13, "Bob"), (15, 18, "Bob")]

    document = await library.documents.get(library.user, document_id)
    assert document is not None
    assert document.status == "processed"
    assert document.processed_at is not None
    chunks = await library.documents.chunks(library.user, document_id, ALL)
    assert chunks is not None
    assert [c.content for c in chunks.rows] == ["Ada knows Bob.", "Bob lives in Austria."]
    mentions = await library.documents.mentions(library.user, EntityId(entities["Bob"].id), ALL)
    assert mentions is not None
    assert [m.chunk_id for m in sorted(mentions.rows, key=lambda m: m.start_offset)] == [
        chunk.id for chunk in chunks.rows
    ]
    found = await library.documents.entities(library.user, document_id, ALL)
    assert found is not None
    assert [(e.name, e.mentions) for e in found.rows] == [("Ada", 1), ("Austria", 1), ("Bob", 2)]
    assert sorted(await library.event_types()) == sorted(
        ["document.added", "job.queued", "extraction.requested"]
        + ["entity.created"] * 3
        + ["relationship.created", "document.processed", "job.progressed", "job.finished"]
    )


async def test_reading_a_document_again_changes_nothing(library: Library) -> None:
    document_id = await library.read("Ada knows Bob.")
    before, edges = await library.entities(), await library.relationships()
    places = await mentions_of(library, "Ada")
    count = len(await library.events())
    await library.run(await library.request(document_id))
    assert await library.entities() == before
    assert await library.relationships() == edges
    assert await mentions_of(library, "Ada") == places
    types = (await library.event_types())[count:]
    assert not [t for t in types if t.startswith(("entity.", "relationship."))]


async def test_what_an_extractor_no_longer_finds_goes(library: Library) -> None:
    document_id = await library.read("Ada knows Bob. Carl knows Ada.")
    library.toy.blind_to = {"Bob"}
    await library.run(await library.request(document_id))
    assert sorted(await library.entities()) == ["Ada", "Carl"]
    assert len(await library.relationships()) == 1
    assert {"entity.deleted", "relationship.deleted"} <= set(await library.event_types())


async def test_another_extractors_findings_stay(library: Library) -> None:
    document_id = await library.read("Ada knows Bob.")
    library.other.blind_to = {"Bob"}
    await library.run(await library.request(document_id, options=ExtractionOptions(extractor="other")))
    assert sorted(await library.entities()) == ["Ada", "Bob"]


async def test_names_meet_across_documents_and_raise_confidence(library: Library) -> None:
    await library.read("Ada knows Bob.")
    library.toy.confidences = {"Ada": 0.95, "Bob": 0.5, "knows": 0.85}
    await library.read("ADA and Ada knows Bob too.")
    entities = await library.entities()
    assert sorted(entities) == ["Ada", "Bob"]
    assert entities["Ada"].confidence == 0.95
    assert entities["Bob"].confidence == 0.9
    assert entities["Ada"].version == 2
    [edge] = await library.relationships()
    assert (edge.confidence, edge.version) == (0.85, 2)


async def test_an_alias_leads_to_the_same_entity(library: Library) -> None:
    await library.read("Robert aka Bob.")
    await library.read("Bob is here. Robert aka Bert.")
    entities = await library.entities()
    assert sorted(entities) == ["Robert"]
    assert sorted(entities["Robert"].aliases) == ["Bert", "Bob"]


async def test_options_are_honoured(library: Library) -> None:
    library.toy.confidences = {"Bob": 0.3}
    document_id = (await library.add("Ada knows Bob in Austria.")).document.id
    options = ExtractionOptions(types=("person",), min_confidence=0.5)
    await library.run(await library.request(document_id, options=options))
    assert sorted(await library.entities()) == ["Ada"]
    assert await library.relationships() == []


async def test_the_same_names_from_ten_documents_at_once_give_each_entity_once(library: Library) -> None:
    names = [f"N{n}" for n in range(12)]
    contents = [
        f"Document {n}: "
        + ". ".join(f"{a} knows {b}" for a, b in itertools.pairwise(turned))
        + f". N{n} aka Alias{n % 3}."
        for n in range(10)
        if (turned := names[n:] + names[:n] if n % 2 else list(reversed(names)))
    ]
    jobs = [await library.request((await library.add(content)).document.id) for content in contents]
    items = [item for job in jobs for item in await library.items(job)]
    await asyncio.gather(*(library.run_item(item) for item in items))
    entities = await library.entities()
    assert set(names) - set(entities) <= {"N3", "N4", "N5", "N6", "N7", "N8", "N9"}
    for job in jobs:
        view = await library.jobs.get(library.user, job.id)
        assert view is not None
        assert (view.status, view.succeeded) == ("succeeded", 1)
    edges = await library.relationships()
    assert len({(e.source_entity_id, e.target_entity_id) for e in edges}) == len(edges)
    created = [e.subject for e in await library.events() if e.type == "entity.created"]
    assert sorted(created) == sorted(entity.id for entity in entities.values())


async def test_items_of_one_job_run_at_once_are_counted_exactly(library: Library) -> None:
    ids = [(await library.add(f"Ada knows Bob {n}.")).document.id for n in range(10)]
    job = await library.request(*ids)
    await asyncio.gather(*(library.run_item(item) for item in await library.items(job)))
    view = await library.jobs.get(library.user, job.id)
    assert view is not None
    assert (view.status, view.total, view.succeeded) == ("succeeded", 10, 10)
    types = await library.event_types()
    assert (types.count("job.progressed"), types.count("job.finished")) == (10, 1)
    assert types.count("entity.created") == 2


async def test_two_runs_of_one_document_at_once_leave_one_result(library: Library) -> None:
    document_id = (await library.add("Ada knows Bob.")).document.id
    jobs = [await library.request(document_id) for _ in range(4)]
    await asyncio.gather(*(library.run(job) for job in jobs))
    assert sorted(await library.entities()) == ["Ada", "Bob"]
    assert await mentions_of(library, "Ada") == [(0, 3, "Ada")]


async def test_another_users_documents_and_jobs_are_not_there(library: Library) -> None:
    document_id = await library.read("Ada knows Bob.")
    [job] = (await library.jobs.list(library.user, None, ALL)).rows
    entity = (await library.entities())["Ada"]
    stranger = await library.system.new_user()
    assert await library.documents.get(stranger, document_id) is None
    assert await library.documents.chunks(stranger, document_id, ALL) is None
    assert await library.documents.entities(stranger, document_id, ALL) is None
    assert await library.documents.mentions(stranger, EntityId(entity.id), ALL) is None
    assert await library.jobs.get(stranger, JobId(job.id)) is None
    assert await library.jobs.items(stranger, JobId(job.id), None, ALL) is None
    assert (await library.jobs.list(stranger, None, ALL)).rows == []
