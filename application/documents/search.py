"""Finds passages and entities: full text, vectors, or both fused, in one round trip to the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol
from uuid import UUID

from domain.shared.ids import DocumentId, UserId
from domain.shared.json import JsonObject

Mode = Literal["hybrid", "text", "vector"]
Kind = Literal["entities", "documents"]
MODES: tuple[Mode, ...] = ("hybrid", "text", "vector")
# How many things of each list facets count at most.
COUNTED = 1000
ListName = Literal["text", "vector", "fuzzy"]
KINDS: tuple[Kind, ...] = ("entities", "documents")


class QueryEmbedder(Protocol):
    """Makes a question comparable with passages; satisfied by the extraction's embedder."""

    @property
    def name(self) -> str:
        """Only passages of the embedder with this name are comparable."""
        ...

    @property
    def dimension(self) -> int:
        """The length of its vectors."""
        ...

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """One vector of length one per text."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkFilter:
    """All that are given must hold: one of the documents, every tag, the metadata's every pair.

    Tags and metadata are the document's.
    """

    document_ids: Sequence[DocumentId] | None = None
    tags: Sequence[str] = ()
    metadata: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkRequest:
    """The `k` passages nearest to `vector`, of at least `min_score`, among the vectors of `embedder`."""

    vector: Sequence[float]
    embedder: str
    filters: ChunkFilter
    k: int
    min_score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkHit:
    """A passage and how near it is: `score` is the cosine, -1 to 1."""

    id: UUID
    document_id: UUID | None
    document_title: str | None
    ordinal: int
    start_offset: int
    end_offset: int
    content: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRank:
    """Why a result is where it is: its `rank` in one of the fused lists, 1 first, by the list's own `score`.

    `text` holds passages, and entities, by their words; `vector` passages by their cosine; `fuzzy` entities
    by the likeness of their names. `contribution` is `weight` / (60 + `rank`); a result's score is the sum.
    """

    list: ListName
    rank: int
    score: float
    weight: float
    contribution: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetCount:
    """How many of the things found have this value; null for those without one."""

    value: str | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """What there is to be found, most frequent first, counted over at most 1,000 things of each list.

    `truncated` when a list was longer, so that the counts are lower bounds.
    """

    kinds: Sequence[FacetCount]
    entity_types: Sequence[FacetCount]
    source_types: Sequence[FacetCount]
    truncated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """One thing found. For a document, the chunk and offsets name its best passage.

    `explanation` is null unless asked for.
    """

    kind: Literal["entity", "document"]
    id: UUID
    title: str
    type: str | None
    snippet: str
    score: float
    document_id: UUID | None = None
    chunk_id: UUID | None = None
    start_offset: int | None = None
    end_offset: int | None = None
    explanation: Sequence[ListRank] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFindings:
    """Results, best first; facets when they were asked for."""

    results: Sequence[SearchResult]
    facets: Facets | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """`by_text` searches by words and names, `vector` by nearness."""

    text: str
    by_text: bool
    vector: Sequence[float] | None
    embedder: str
    kinds: Sequence[Kind]
    limit: int
    facets: bool = False
    explain: bool = False


class SearchQueries(Protocol):
    """Searches one user's passages and entities; compares with all of them, never with a sample."""

    async def nearest_chunks(self, user_id: UserId, request: ChunkRequest) -> Sequence[ChunkHit]:
        """The passages with the greatest cosine, greatest first; cosines that differ by less than 0.001 may
        be told apart only among the first 100 more than were asked for."""
        ...

    async def search(self, user_id: UserId, request: SearchRequest) -> SearchFindings:
        """Results by fused rank, best first, at most `limit`; a document appears once.

        Passages are found with any word of plain questions, rare words first, in the language of their
        document; with operators ("phrases", or, -not) as `websearch_to_tsquery` reads them. Entities are
        found by all words, and by names like the question despite typing errors. Text without any
        searchable word finds nothing by words. Inactive entities are not found.
        """
        ...


def facet(counts: Mapping[str | None, int]) -> Sequence[FacetCount]:
    """Counts of values, most frequent first, then by value, those without one last."""
    order = sorted(counts, key=lambda value: (-counts[value], value is None, value or ""))
    return [FacetCount(value=value, count=counts[value]) for value in order]
