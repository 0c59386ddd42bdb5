"""The nearest passages to a question, or to a vector of the caller's own."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from application.documents.search import ChunkFilter, ChunkHit, ChunkRequest, QueryEmbedder, SearchQueries
from application.shared.principal import Principal
from domain.documents.document import TAG_LENGTH, TAGS
from domain.shared.checks import Checks

MAX_K = 200
MAX_QUERY = 10_000
MAX_DOCUMENTS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchChunksCommand:
    """Exactly one of `query` and `embedding` is given."""

    principal: Principal
    query: str | None = None
    embedding: Sequence[float] | None = None
    k: int = 10
    min_score: float = -1.0
    filters: ChunkFilter = field(default_factory=ChunkFilter)


def check(command: SearchChunksCommand, dimension: int) -> None:
    """Raises `InvalidInput` with every broken rule of a search."""
    checks = Checks()
    if (command.query is None) == (command.embedding is None):
        checks.refuse("", "one_of", "give either query or embedding")
    if command.query is not None:
        checks.text("/query", command.query, shortest=1, longest=MAX_QUERY)
    if command.embedding is not None:
        if len(command.embedding) != dimension:
            detail = f"must have {dimension} numbers, not {len(command.embedding)}"
            checks.refuse("/embedding", "wrong_dimension", detail)
        elif not all(abs(x) < 1e18 for x in command.embedding):  # NaN fails every comparison
            checks.refuse("/embedding", "out_of_range", "must hold finite numbers of less than 1e18")
        elif not any(abs(x) > 1e-18 for x in command.embedding):
            checks.refuse("/embedding", "zero", "the zero vector has no direction")
    if not 1 <= command.k <= MAX_K:
        checks.refuse("/k", "out_of_range", f"must be 1 to {MAX_K}")
    if not -1 <= command.min_score <= 1:
        checks.refuse("/min_score", "out_of_range", "must be -1 to 1")
    documents = command.filters.document_ids
    if documents is not None and len(documents) > MAX_DOCUMENTS:
        checks.refuse("/filter/document_ids", "too_many", f"at most {MAX_DOCUMENTS:,} documents")
    checks.texts("/filter/tags", command.filters.tags, most=TAGS, longest=TAG_LENGTH)
    checks.metadata("/filter/metadata", command.filters.metadata)
    checks.finish()


class SearchChunks:
    """Raises `InvalidInput`, and `Unavailable` when the embedder's service does not answer."""

    def __init__(self, queries: SearchQueries, embedder: QueryEmbedder) -> None:
        self._queries = queries
        self._embedder = embedder

    async def __call__(self, command: SearchChunksCommand) -> Sequence[ChunkHit]:
        check(command, self._embedder.dimension)
        vector = command.embedding
        if vector is None:
            [vector] = await self._embedder.embed([command.query or ""])
        if not any(vector):  # words the embedder knows nothing of: near to nothing
            return []
        return await self._queries.nearest_chunks(
            command.principal.user_id,
            ChunkRequest(
                vector=vector,
                embedder=self._embedder.name,
                filters=command.filters,
                k=command.k,
                min_score=command.min_score,
            ),
        )
