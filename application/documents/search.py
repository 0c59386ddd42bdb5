"""Finds passages and entities: full text, vectors, or both fused, in one round trip to the database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol
from uuid import UUID

from domain.shared.ids import DocumentId, UserId
from domain.shared.json import JsonObject

Mode = Literal["hybrid", "text", "vector"]
Kind = Literal["entities", "documents"]
MODES: tuple[Mode, ...] = ("hybrid", "text", "vector")
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
class SearchResult:
    """One thing found. For a document, the chunk and offsets name its best passage."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """`text` searches by words when given, `vector` by nearness; `depth` rows of each list are fused."""

    text: str
    by_text: bool
    vector: Sequence[float] | None
    embedder: str
    kinds: Sequence[Kind]
    limit: int


class SearchQueries(Protocol):
    """Searches one user's passages and entities; exact, never approximate."""

    async def nearest_chunks(self, user_id: UserId, request: ChunkRequest) -> Sequence[ChunkHit]:
        """The passages with the greatest cosine, greatest first."""
        ...

    async def search(self, user_id: UserId, request: SearchRequest) -> Sequence[SearchResult]:
        """Results by fused rank, best first, at most `limit`; a document appears once.

        Words are matched as `websearch_to_tsquery` reads them; text without any searchable word finds
        nothing by words. Inactive entities are not found.
        """
        ...
