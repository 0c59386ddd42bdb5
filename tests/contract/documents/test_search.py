"""What searching promises, in memory and in Postgres."""

from collections.abc import Sequence

import pytest

from application.documents.search import ChunkFilter, ChunkHit, SearchResult
from application.documents.search_chunks import SearchChunks, SearchChunksCommand
from application.documents.search_everything import SearchEverything, SearchEverythingCommand
from domain.shared.errors import InvalidInput
from tests.contract.extraction.library import Library


async def near(library: Library, query: str, **more: object) -> Sequence[ChunkHit]:
    search = SearchChunks(library.search, library.embedder)
    command = SearchChunksCommand(principal=library.who, query=query, **more)  # type: ignore[arg-type]  # named by each test
    return await search(command)


async def everything(library: Library, q: str, **more: object) -> Sequence[SearchResult]:
    search = SearchEverything(library.search, library.embedder)
    command = SearchEverythingCommand(principal=library.who, q=q, **more)  # type: ignore[arg-type]  # named by each test
    return (await search(command)).results


async def test_finds_the_nearest_passages_with_their_cosine(library: Library) -> None:
    document_id = await library.read("green apples taste sour\nred cherries taste sweet\nwet stones")
    hits = await near(library, "red cherries taste sweet", k=2)
    assert [hit.content for hit in hits] == ["red cherries taste sweet", "green apples taste sour"]
    assert hits[0].score == pytest.approx(1.0, abs=1e-5)
    assert hits[1].score == pytest.approx(0.25, abs=1e-5)
    assert (hits[0].document_id, hits[0].start_offset, hits[0].end_offset) == (document_id, 24, 48)
    assert [h.content for h in await near(library, "wet stones", min_score=0.5)] == ["wet stones"]


async def test_filters_passages_by_document(library: Library) -> None:
    one, two = await library.read("wet stones"), await library.read("dry stones")
    assert len(await near(library, "stones")) == 2
    [hit] = await near(library, "stones", filters=ChunkFilter(document_ids=[one]))
    assert hit.document_id == one
    assert await near(library, "stones", filters=ChunkFilter(document_ids=[])) == []
    assert await near(library, "stones", filters=ChunkFilter(tags=["x"])) == []
    assert await near(library, "stones", filters=ChunkFilter(metadata={"a": 1})) == []
    assert two != one


async def test_takes_a_vector_of_the_callers_own(library: Library) -> None:
    await library.read("wet stones")
    [vector] = await library.embedder.embed(["stones wet"])
    search = SearchChunks(library.search, library.embedder)
    [hit] = await search(SearchChunksCommand(principal=library.who, embedding=vector))
    assert hit.score == pytest.approx(1.0, abs=1e-5)
    for wrong in ([1.0], [0.0] * 384, [float("nan")] * 384, [float("inf")] * 384):
        with pytest.raises(InvalidInput, match="/embedding"):
            await search(SearchChunksCommand(principal=library.who, embedding=wrong))


async def test_finds_entities_by_name_and_documents_by_words_and_nearness(library: Library) -> None:
    document_id = await library.read("Ada wrote the first program")
    await library.read("unrelated words about nothing")
    results = await everything(library, "ada")
    assert [(r.kind, r.title) for r in results[:2]] == [
        ("document", "Ada wrote the first program"),
        ("entity", "Ada"),
    ]
    assert results[0].document_id == document_id
    assert results[0].score == results[1].score > 0  # each is the first of two lists
    only = await everything(library, "ada", kinds=["entities"])
    assert [(r.kind, r.type) for r in only] == [("entity", "person")]
    text = await everything(library, "first program", mode="text", kinds=["documents"])
    assert [(r.start_offset, r.end_offset) for r in text] == [(0, 27)]
    vector = await everything(library, "first program", mode="vector")
    assert [r.kind for r in vector] == ["document", "document"]


async def test_a_document_is_found_once(library: Library) -> None:
    await library.read("wet stones\ndry stones\nhot stones")
    results = await everything(library, "hot stones")
    assert len(results) == 1
    assert results[0].start_offset == 22


async def test_survives_any_words(library: Library) -> None:
    await library.read("Ada wrote")
    for q in ("'", '"', "a & | !", ":*", "-", "<->", "\\", "%", "the", "🜨", "(" * 100):
        await everything(library, q)
        await near(library, q)
    for wrong in ("", " ", "a\x00", "x" * 1001):
        with pytest.raises(InvalidInput, match="/q"):
            await everything(library, wrong)
    with pytest.raises(InvalidInput, match="/mode"):
        await everything(library, "a", mode="psychic")
    with pytest.raises(InvalidInput, match="/limit"):
        await everything(library, "a", limit=0)


async def test_another_user_finds_nothing(library: Library) -> None:
    await library.read("Ada wrote the first program")
    library.user = await library.system.new_user()
    assert await everything(library, "Ada") == []
    assert await near(library, "Ada") == []
