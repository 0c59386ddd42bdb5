"""What searching promises of names with typing errors, languages, facets and explanations."""

from datetime import UTC, datetime

import pytest

from adapters.system.clock import SystemClock
from application.documents.add_document import AddDocument, AddDocumentCommand
from application.documents.search import FacetCount, SearchFindings
from application.documents.search_everything import SearchEverything, SearchEverythingCommand
from domain.documents.document import DocumentDraft, DocumentLimits
from domain.graph.entity import EntityContent, new_entity
from domain.shared.errors import InvalidInput
from domain.shared.ids import EntityId
from tests.contract.extraction.library import IDS, Library

NAMES = [
    "Ada Lovelace", "Adam Smith", "Cambridge", "Charles Babbage", "Bank of England", "Dana Scully",
    "Grace Hopper", "University of Cambridge", "Zürich", "Ørsted", "中华人民共和国", "北京", "O'Brien",
    "International Business Machines",
]  # fmt: skip


async def know(library: Library, *names: str, aliases: tuple[str, ...] = ()) -> None:
    async with library.system.start_work(library.who) as work:
        for name in names:
            entity = new_entity(
                library.user,
                EntityId(IDS.new()),
                EntityContent(name=name, type="thing", confidence=0.9, aliases=aliases),
                datetime.now(UTC),
            )
            await work.entities.add(entity, [])  # type: ignore[attr-defined]  # the stores' units of work have the graph too
        await work.commit()


async def find(library: Library, q: str, **more: object) -> SearchFindings:
    search = SearchEverything(library.search, library.embedder)
    return await search(SearchEverythingCommand(principal=library.who, q=q, **more))  # type: ignore[arg-type]  # named by each test


async def names(library: Library, q: str) -> list[str]:
    return [result.title for result in (await find(library, q, kinds=["entities"])).results]


async def add(library: Library, content: str, language: str | None = None) -> str:
    add = AddDocument(library.start_work, SystemClock(), IDS, DocumentLimits())
    draft = DocumentDraft(content=content, language=language)
    stored = await add(AddDocumentCommand(principal=library.who, draft=draft))
    await library.run(await library.request(stored.document.id))
    return stored.document.language


@pytest.mark.parametrize(
    ("q", "name"),
    [
        ("ada lovelace", "Ada Lovelace"),
        ("Ada Lovlace", "Ada Lovelace"),
        ("Ada Lovellace", "Ada Lovelace"),
        ("Ada Lovelaec", "Ada Lovelace"),
        ("Lovelace Ada", "Ada Lovelace"),
        ("Aad Lovelace", "Ada Lovelace"),
        ("Lovalace", "Ada Lovelace"),
        ("Countess Ada Lovelace", "Ada Lovelace"),
        ("charles babage", "Charles Babbage"),
        ("camrbidge", "Cambridge"),
        ("bank of englnd", "Bank of England"),
        ("zurich", "Zürich"),
        ("zuirch", "Zürich"),
        ("orsted", "Ørsted"),
        ("北京", "北京"),
        ("中华人民和国", "中华人民共和国"),
        ("obrien", "O'Brien"),
        ("internatoinal busines machines", "International Business Machines"),
    ],
)
async def test_finds_names_despite_typing_errors(library: Library, q: str, name: str) -> None:
    await know(library, *NAMES)
    assert (await names(library, q))[0] == name


async def test_finds_no_name_where_none_is_meant(library: Library) -> None:
    await know(library, *NAMES)
    for q in ("xylophone", "quantum", "who wrote the very first program for that analytical engine there"):
        assert await names(library, q) == []


async def test_finds_entities_by_their_aliases_despite_errors(library: Library) -> None:
    await know(library, "Augusta King", aliases=("Countess of Lovelace", "AAL"))
    assert await names(library, "lovelcae") == ["Augusta King"]
    library.user = await library.system.new_user()
    assert await names(library, "lovelcae") == []


async def test_explains_where_a_result_was_found(library: Library) -> None:
    await know(library, *NAMES)
    await library.read("Ada wrote the first program")
    assert all(result.explanation is None for result in (await find(library, "ada")).results)
    found = await find(library, "ada program", explain=True)
    [document] = [result for result in found.results if result.kind == "document"]
    assert document.explanation is not None
    assert [(one.list, one.rank) for one in document.explanation] == [("text", 1), ("vector", 1)]
    found = await find(library, "lovelace", explain=True, kinds=["entities"])
    explanation = found.results[0].explanation
    assert explanation is not None
    assert [(one.list, one.rank, one.weight) for one in explanation] == [("text", 1, 1.0), ("fuzzy", 1, 1.0)]
    for result in found.results:
        assert result.explanation
        assert result.score == pytest.approx(sum(one.contribution for one in result.explanation))
        assert all(one.contribution == pytest.approx(1 / (60 + one.rank)) for one in result.explanation)
    [typo] = (await find(library, "lovelcae", explain=True, kinds=["entities"])).results
    assert [one.list for one in typo.explanation or ()] == ["fuzzy"]


async def test_likeness_is_the_same_everywhere(library: Library) -> None:
    await know(library, *NAMES)
    found = await find(library, "cambrige", explain=True, kinds=["entities"])
    scores = [(one.title, [round(rank.score, 6) for rank in one.explanation or ()]) for one in found.results]
    assert scores == [("Cambridge", [0.727941]), ("University of Cambridge", [0.589286])]


async def test_counts_what_was_found(library: Library) -> None:
    assert (await find(library, "ada")).facets is None
    await know(library, "Ada Lovelace", "Ada Yonath")
    await library.read("Ada wrote the first program\nAda wrote more")
    facets = (await find(library, "ada", facets=True, limit=1)).facets
    assert facets is not None
    assert facets.kinds == [FacetCount(value="entity", count=3), FacetCount(value="document", count=1)]
    assert facets.entity_types == [
        FacetCount(value="thing", count=2),
        FacetCount(value="person", count=1),
    ]
    assert facets.source_types == [FacetCount(value=None, count=1)]
    assert not facets.truncated
    library.user = await library.system.new_user()
    facets = (await find(library, "ada", facets=True)).facets
    assert facets is not None
    assert (facets.kinds, facets.entity_types, facets.source_types, facets.truncated) == ([], [], [], False)


async def test_finds_passages_with_any_word_the_fullest_first(library: Library) -> None:
    await library.read("wet stones lie here")
    await library.read("wet grass lies there")
    found = await find(library, "wet stones", mode="text", kinds=["documents"])
    assert [result.title for result in found.results] == ["wet stones lie here", "wet grass lies there"]


async def test_takes_the_language_it_is_told_or_guesses_it(library: Library) -> None:
    assert await add(library, "Der Hund und die Katze sind nicht im Haus und das ist gut") == "german"
    assert await add(library, "hunde katzen", "german") == "german"
    assert await add(library, "1234 5678") == "english"
    with pytest.raises(InvalidInput, match="/language"):
        await add(library, "nuqneH", "klingon")
    found = await find(library, "hund", mode="text", kinds=["documents"])
    assert "Der Hund und die Katze sind nicht im Haus und das ist gut" in [r.title for r in found.results]
