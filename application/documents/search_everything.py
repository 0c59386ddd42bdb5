"""One question to entities and documents at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.documents.search import (
    KINDS,
    MODES,
    Kind,
    Mode,
    QueryEmbedder,
    SearchFindings,
    SearchQueries,
    SearchRequest,
)
from application.shared.principal import Principal
from domain.shared.checks import Checks

MAX_LIMIT = 100
MAX_QUERY = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchEverythingCommand:
    """`mode` and `kinds` are words of `MODES` and `KINDS`; no kinds mean all."""

    principal: Principal
    q: str
    mode: str = "hybrid"
    kinds: Sequence[str] = ()
    limit: int = 20
    facets: bool = False
    explain: bool = False


def mode_of(word: str) -> Mode | None:
    """The mode a caller names."""
    return next((mode for mode in MODES if mode == word), None)


def kinds_of(words: Sequence[str]) -> Sequence[Kind]:
    """The kinds a caller names, all when none are."""
    return [kind for kind in KINDS if not words or kind in words]


class SearchEverything:
    """Raises `InvalidInput`, and `Unavailable` when the embedder's service does not answer."""

    def __init__(self, queries: SearchQueries, embedder: QueryEmbedder) -> None:
        self._queries = queries
        self._embedder = embedder

    async def __call__(self, command: SearchEverythingCommand) -> SearchFindings:
        checks = Checks()
        text = checks.text("/q", command.q, shortest=1, longest=MAX_QUERY)
        mode = mode_of(command.mode)
        if mode is None:
            checks.refuse("/mode", "unknown", f"must be one of {', '.join(MODES)}")
        if any(word not in KINDS for word in command.kinds):
            checks.refuse("/kinds", "unknown", f"must be among {', '.join(KINDS)}")
        if not 1 <= command.limit <= MAX_LIMIT:
            checks.refuse("/limit", "out_of_range", f"must be 1 to {MAX_LIMIT}")
        checks.finish()
        kinds = kinds_of(command.kinds)
        vector = None
        if mode != "text" and "documents" in kinds:
            [embedded] = await self._embedder.embed([text])
            vector = embedded if any(embedded) else None
        return await self._queries.search(
            command.principal.user_id,
            SearchRequest(
                text=text,
                by_text=mode != "vector",
                vector=vector,
                embedder=self._embedder.name,
                kinds=kinds,
                limit=command.limit,
                facets=command.facets,
                explain=command.explain,
            ),
        )
