"""Search over HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from application.documents.search import ChunkFilter, ChunkHit, SearchResult
from application.documents.search_chunks import SearchChunks, SearchChunksCommand
from application.documents.search_everything import SearchEverything, SearchEverythingCommand
from application.shared.permissions import Permission
from domain.shared.errors import InvalidInput, Unavailable
from domain.shared.ids import DocumentId
from entrypoints.http.operation import Call, NoQuery, Operation, Reply

Limit = Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": 100})]
# What the use cases hold these values to, for the documentation alone: they name every broken rule.
Question = Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": 10_000, "pattern": r"\S"})]
Words = Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": 1000, "pattern": r"\S"})]
Vector = Annotated[list[float], Meta(extra_json_schema={"minItems": 1})]
Score = Annotated[float, Meta(extra_json_schema={"minimum": -1, "maximum": 1})]
DocumentIds = Annotated[list[UUID], Meta(extra_json_schema={"maxItems": 1000})]
Tags = Annotated[
    list[str], Meta(extra_json_schema={"maxItems": 50, "items": {"type": "string", "maxLength": 64}})
]
K = Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": 200})]


class ChunkFilterBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """All that are given must hold: one of the documents, every tag and pair of metadata of theirs."""

    document_ids: DocumentIds | None = None
    tags: Tags = []
    metadata: dict[str, Any] = {}


class SearchChunksBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A question, or a vector of the caller's own; `min_score` is a cosine, -1 to 1."""

    query: Question | None = None
    embedding: Vector | None = None
    k: K = 10
    min_score: Score = -1.0
    filter: ChunkFilterBody = msgspec.field(default_factory=ChunkFilterBody)


class SearchQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`q` is read like a web search: words, "phrases", or, -not. No `kinds` mean all.

    `facets` adds counts by kind, entity type and source type to `meta`; `explain` says of each result in
    which lists it was found, at which rank and score.
    """

    q: Words
    mode: Literal["hybrid", "text", "vector"] = "hybrid"
    kinds: list[Literal["entities", "documents"]] = []
    limit: Limit = 20
    facets: bool = False
    explain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOverHttp:
    """The use cases these operations call."""

    search_chunks: SearchChunks
    search_everything: SearchEverything

    async def chunks(self, call: Call[SearchChunksBody, NoQuery]) -> Reply:
        body = call.body
        documents = body.filter.document_ids
        hits = await self.search_chunks(
            SearchChunksCommand(
                principal=call.principal,
                query=body.query,
                embedding=body.embedding,
                k=body.k,
                min_score=body.min_score,
                filters=ChunkFilter(
                    document_ids=None if documents is None else [DocumentId(one) for one in documents],
                    tags=body.filter.tags,
                    metadata=body.filter.metadata,
                ),
            )
        )
        return Reply(data=hits)

    async def everything(self, call: Call[None, SearchQuery]) -> Reply:
        query = call.query
        found = await self.search_everything(
            SearchEverythingCommand(
                principal=call.principal,
                q=query.q,
                mode=query.mode,
                kinds=query.kinds,
                limit=query.limit,
                facets=query.facets,
                explain=query.explain,
            )
        )
        return Reply(data=found.results, meta={} if found.facets is None else {"facets": found.facets})


def operations(search: SearchOverHttp) -> Sequence[Operation[Any, Any]]:
    """Search passages by nearness, and everything by words and nearness."""
    return [
        Operation(
            method="POST",
            path="/vector-chunks/search",
            handler=search.chunks,
            summary="Find the passages nearest to a question or a vector",
            tag="search",
            permission=Permission.DOCUMENTS_READ,
            body=SearchChunksBody,
            reply=list[ChunkHit],
            raises=(InvalidInput, Unavailable),
        ),
        Operation(
            method="GET",
            path="/search",
            handler=search.everything,
            summary="Search entities and documents",
            tag="search",
            permission=Permission.DOCUMENTS_READ,
            query=SearchQuery,
            reply=list[SearchResult],
            raises=(InvalidInput, Unavailable),
            description="Full text in the language of each document, names despite typing errors, and "
            "nearness of meaning, fused by reciprocal rank. Snippets set matching words between `**`. "
            "With `facets=true`, `meta.facets` counts what was found by kind, entity type and source type, "
            "over at most 1,000 things of each list (`truncated` when there are more).",
        ),
    ]
