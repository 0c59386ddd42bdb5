"""What adding, listing and deleting documents promises, in memory and in Postgres."""

import asyncio

import pytest

from adapters.system.clock import SystemClock
from application.documents.queries import DocumentFilter, DocumentView
from application.graph.create_entity import CreateEntity, CreateEntityCommand
from application.shared.pages import PageRequest
from domain.documents.errors import ContentTooLarge, DocumentNotFound
from domain.graph.entity import EntityContent
from domain.shared.errors import InvalidInput
from domain.shared.ids import DocumentId
from tests.contract.extraction.library import ALL, IDS, Library


async def test_the_same_content_twice_is_the_first_document(library: Library) -> None:
    first = await library.add("Ada.", title="One")
    again = await library.add("Ada.", title="Two")
    assert (first.created, again.created) == (True, False)
    assert again.document == first.document
    assert await library.event_types() == ["document.added"]


async def test_of_concurrent_additions_one_creates(library: Library) -> None:
    stored = await asyncio.gather(*(library.add("Ada.") for _ in range(8)))
    assert sorted(s.created for s in stored) == [False] * 7 + [True]
    assert len({s.document.id for s in stored}) == 1
    assert await library.event_types() == ["document.added"]


async def test_two_users_may_have_the_same_content(library: Library) -> None:
    await library.add("Ada.")
    library.user = await library.system.new_user()
    assert (await library.add("Ada.")).created


async def test_refuses_content_that_is_empty_unstorable_or_too_large(library: Library) -> None:
    for content in ("", " \n", "a\x00b", "a\ud800b"):
        with pytest.raises(InvalidInput):
            await library.add(content)
    with pytest.raises(ContentTooLarge):
        await library.add("a" * 100_001)
    assert await library.event_types() == []


async def test_shows_a_document_as_it_was_added(library: Library) -> None:
    stored = await library.add("# Ada's life\n\nShe wrote: 🜨 Unicode, \t tabs and\r\nline ends. ")
    view = await library.documents.get(library.user, stored.document.id)
    assert view is not None
    assert (view.title, view.status, view.version) == ("Ada's life", "pending", 1)
    assert view.content == stored.document.content
    assert view.size == len(stored.document.content)
    assert view.created_at == stored.document.created_at


async def test_lists_documents_page_by_page_in_either_order(library: Library) -> None:
    for n in range(5):
        await library.add(f"Text {n}.", title=f"Title {n % 3}")
    for sort in ("created_at", "title"):
        for descending in (False, True):
            page = PageRequest(sort=sort, descending=descending, limit=2)
            seen: list[DocumentView] = []
            while True:
                answer = await library.documents.list(library.user, DocumentFilter(), page)
                seen += answer.rows
                if answer.next is None:
                    break
                page = PageRequest(sort=sort, descending=descending, limit=2, after=answer.next)
            everything = sorted(seen, key=lambda v: (getattr(v, sort), v.id), reverse=descending)
            assert len({v.id for v in seen}) == 5
            assert seen == everything


async def test_lists_by_filter(library: Library) -> None:
    await library.read("Ada.")
    await library.add("Bob.", title="On 100% Percent")

    async def titles(**filters: str) -> list[str]:
        answer = await library.documents.list(library.user, DocumentFilter(**filters), ALL)
        return [view.title for view in answer.rows]

    assert await titles(status="processed") == ["Ada."]
    assert await titles(q="100% p") == ["On 100% Percent"]
    assert await titles(q="_") == []
    assert await titles(tag="x") == []
    assert await titles(source="x") == []


async def test_passages_come_page_by_page(library: Library) -> None:
    document_id = await library.read("\n".join(f"Line {n}" for n in range(5)))
    first = await library.documents.chunks(library.user, document_id, PageRequest(sort="", limit=3))
    assert first is not None
    assert first.next is not None
    rest = await library.documents.chunks(
        library.user, document_id, PageRequest(sort="", limit=3, after=first.next)
    )
    assert rest is not None
    assert rest.next is None
    assert [chunk.ordinal for chunk in [*first.rows, *rest.rows]] == [0, 1, 2, 3, 4]


async def test_deleting_takes_what_nothing_else_supports(library: Library) -> None:
    one = await library.read("Ada knows Bob. Bob knows Carl.")
    two = await library.read("Bob knows Carl again.")
    await library.delete(one)
    assert sorted(await library.entities()) == ["Bob", "Carl"]
    assert len(await library.relationships()) == 1
    assert await library.documents.get(library.user, one) is None
    assert await library.documents.chunks(library.user, one, ALL) is None
    types = await library.event_types()
    assert types[-3:] == ["relationship.deleted", "entity.deleted", "document.deleted"]
    await library.delete(two)
    assert await library.entities() == {}
    assert await library.relationships() == []
    with pytest.raises(DocumentNotFound):
        await library.delete(two)


async def test_deleting_leaves_what_the_user_made(library: Library) -> None:
    create = CreateEntity(library.start_work, SystemClock(), IDS)  # type: ignore[arg-type]  # the library's unit of work has the graph too
    await create(CreateEntityCommand(principal=library.who, content=EntityContent(name="Ada", type="person")))
    document_id = await library.read("Ada knows Bob.")
    entities = await library.entities()
    assert sorted(entities) == ["Ada", "Bob"]
    assert entities["Ada"].confidence == 1.0
    await library.delete(document_id)
    assert sorted(await library.entities()) == ["Ada"]


async def test_deletes_and_extractions_at_once_leave_nothing_dangling(library: Library) -> None:
    old = [await library.read(f"Ada knows Bob {n}. Bob knows N{n}.") for n in range(4)]
    new = [await library.request((await library.add(f"Ada knows Bob {n}!")).document.id) for n in range(4)]
    await asyncio.gather(
        *(library.delete(document_id) for document_id in old), *(library.run(job) for job in new)
    )
    entities = await library.entities()
    assert sorted(entities) == ["Ada", "Bob"]
    assert len(await library.relationships()) == 1
    for job in new:
        view = await library.jobs.get(library.user, job.id)
        assert view is not None
        assert view.status == "succeeded"


async def test_another_user_cannot_delete(library: Library) -> None:
    owner, document_id = library.user, (await library.add("Ada.")).document.id
    library.user = await library.system.new_user()
    with pytest.raises(DocumentNotFound):
        await library.delete(document_id)
    assert await library.documents.get(owner, DocumentId(document_id)) is not None
