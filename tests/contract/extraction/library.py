"""Documents and extraction as a whole over one store, with an extractor that reads a toy language."""

import re
import zlib
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from adapters.memory.document_queries import InMemoryDocumentQueries
from adapters.memory.extraction_queries import InMemoryJobQueries
from adapters.memory.graph_queries import InMemoryEntityQueries, InMemoryRelationshipQueries
from adapters.memory.search import InMemorySearchQueries
from adapters.postgres.document_queries import PostgresDocumentQueries
from adapters.postgres.extraction_queries import PostgresJobQueries
from adapters.postgres.graph_queries import PostgresEntityQueries, PostgresRelationshipQueries
from adapters.postgres.provision import Logins
from adapters.postgres.search import PostgresSearchQueries
from adapters.system.clock import SystemClock
from adapters.system.ids import Uuid7Generator
from application.documents.add_document import AddDocument, AddDocumentCommand
from application.documents.delete_document import DeleteDocument, DeleteDocumentCommand
from application.documents.ports import DocumentsUnitOfWork, StoredDocument
from application.documents.queries import DocumentQueries
from application.documents.search import SearchQueries
from application.extraction.cancel_job import CancelJob
from application.extraction.extract_document import ExtractDocument, ExtractDocumentCommand
from application.extraction.ports import Chunk, Chunker, Embedder, Extractor
from application.extraction.queries import JobQueries
from application.extraction.read_document import ReadingTools
from application.extraction.request_extraction import RequestExtraction, RequestExtractionCommand
from application.extraction.retry_job import RetryJob
from application.extraction.when_document_added_request_extraction import (
    WhenDocumentAddedRequestExtraction,
)
from application.extraction.work import ExtractionUnitOfWork
from application.graph.delete_entity import DeleteEntity, DeleteEntityCommand
from application.graph.queries import EntityFilter, EntityQueries, RelationshipFilter, RelationshipQueries
from application.graph.views import EntityView, RelationshipView
from application.shared.messages import Message, RetryPolicy
from application.shared.pages import PageRequest
from application.shared.principal import Principal
from domain.documents.document import DocumentDraft, DocumentLimits
from domain.extraction.candidates import CandidateEntity, CandidateRelationship, Extraction, Mention
from domain.extraction.job import ExtractionOptions, Job
from domain.shared.ids import DocumentId, EntityId, EventId, JobItemId, UserId
from tests.contract.systems import MemorySystem, PostgresSystem, System, postgres_system, principal

IDS = Uuid7Generator()
ALL = PageRequest(sort="created_at", limit=200)


class ToyExtractor(Extractor):
    """Names are capitalised words, `A knows B` a relationship; `A aka B` gives A the alias B.

    `failures` are raised first, one a call; confidence is 0.9 unless `confidences` says otherwise.
    """

    def __init__(self, name: str = "toy") -> None:
        self._name = name
        self.failures: list[Exception] = []
        self.confidences: dict[str, float] = {}
        self.blind_to: set[str] = set()

    @property
    def name(self) -> str:
        return self._name

    async def prepare(self) -> None:
        """There is nothing to load."""

    async def extract(self, text: str, *, title: str) -> Extraction:
        if self.failures:
            raise self.failures.pop(0)
        names: dict[str, list[Mention]] = {}
        for found in re.finditer(r"\b[A-Z]\w*", text):
            if found[0] not in self.blind_to:
                mention = Mention(start=found.start(), end=found.end(), text=found[0])
                names.setdefault(found[0], []).append(mention)
        aliases = {m[1]: (m[2],) for m in re.finditer(r"(\w+) aka (\w+)", text)}
        return Extraction(
            entities=tuple(
                CandidateEntity(
                    key=name,
                    name=name,
                    type="place" if name.endswith("ia") else "person",
                    confidence=self.confidences.get(name, 0.9),
                    mentions=tuple(mentions),
                    aliases=aliases.get(name, ()),
                )
                for name, mentions in names.items()
            ),
            relationships=tuple(
                CandidateRelationship(
                    source=m[1],
                    target=m[2],
                    type="knows",
                    confidence=self.confidences.get("knows", 0.8),
                    evidence=Mention(start=m.start(), end=m.end(), text=m[0]),
                )
                for m in re.finditer(r"([A-Z]\w*) knows ([A-Z]\w*)", text)
                if m[1] in names and m[2] in names
            ),
        )


class ToyEmbedder(Embedder):
    """A direction for each word, so that texts are near when they share words."""

    @property
    def name(self) -> str:
        return "toy-embedder"

    @property
    def dimension(self) -> int:
        return 384

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        vectors = []
        for text in texts:
            vector = [0.0] * 384
            for word in re.findall(r"\w+", text.lower()):
                vector[zlib.crc32(word.encode()) % 384] += 1.0
            length = sum(x * x for x in vector) ** 0.5
            vectors.append([x / length for x in vector] if length else vector)
        return vectors


class LineChunker(Chunker):
    """A passage for each line that says something."""

    def split(self, text: str) -> Sequence[Chunk]:
        return [
            Chunk(start=m.start(), end=m.end(), text=m[0])
            for m in re.finditer(r"[^\n]+", text)
            if m[0].strip()
        ]


class Work(DocumentsUnitOfWork, ExtractionUnitOfWork, Protocol):
    """Everything documents and extraction do inside one transaction."""


@dataclass(kw_only=True)
class Library:
    """One user's documents, and the use cases over them."""

    system: System
    user: UserId
    entity_queries: EntityQueries
    relationship_queries: RelationshipQueries
    documents: DocumentQueries
    jobs: JobQueries
    search: SearchQueries
    toy: ToyExtractor = field(default_factory=ToyExtractor)
    other: ToyExtractor = field(default_factory=lambda: ToyExtractor("other"))
    embedder: ToyEmbedder = field(default_factory=ToyEmbedder)
    retry: RetryPolicy = field(default_factory=lambda: RetryPolicy(attempts=3, deliveries=6))

    def start_work(self, who: Principal) -> AbstractAsyncContextManager[Work]:
        return self.system.start_work(who)  # type: ignore[return-value]  # the suite's System is narrower than its stores

    @property
    def who(self) -> Principal:
        return principal(self.user)

    @property
    def tools(self) -> ReadingTools:
        chunker = LineChunker()
        return ReadingTools(
            chunkers={"text/plain": chunker, "text/markdown": chunker},
            embedder=self.embedder,
            extractors={"toy": self.toy, "other": self.other},
            default_extractor="toy",
        )

    @property
    def extract_document(self) -> ExtractDocument:
        return ExtractDocument(self.start_work, SystemClock(), IDS, self.tools, self.retry)

    @property
    def when_document_added(self) -> WhenDocumentAddedRequestExtraction:
        return WhenDocumentAddedRequestExtraction(self.start_work, SystemClock(), IDS)

    @property
    def cancel_job(self) -> CancelJob:
        return CancelJob(self.start_work, SystemClock())

    @property
    def retry_job(self) -> RetryJob:
        return RetryJob(self.start_work, SystemClock())

    async def add(self, content: str, **about: str) -> StoredDocument:
        add = AddDocument(self.start_work, SystemClock(), IDS, DocumentLimits(characters=100_000))
        draft = DocumentDraft(content=content, title=about.get("title"))
        return await add(AddDocumentCommand(principal=self.who, draft=draft))

    async def request(self, *document_ids: DocumentId, options: ExtractionOptions | None = None) -> Job:
        request = RequestExtraction(
            self.start_work, SystemClock(), IDS, DocumentLimits(), list(self.tools.extractors)
        )
        return await request(
            RequestExtractionCommand(
                principal=self.who, document_ids=document_ids, options=options or ExtractionOptions()
            )
        )

    async def request_drafts(self, *contents: str) -> Job:
        request = RequestExtraction(self.start_work, SystemClock(), IDS, DocumentLimits(), ["toy"])
        drafts = [DocumentDraft(content=content) for content in contents]
        return await request(RequestExtractionCommand(principal=self.who, drafts=drafts))

    async def items(self, job: Job) -> Sequence[JobItemId]:
        page = await self.jobs.items(self.user, job.id, None, ALL)
        assert page is not None
        return [JobItemId(item.id) for item in page.rows]

    async def run(self, job: Job) -> None:
        for item_id in await self.items(job):
            await self.run_item(item_id)

    async def run_item(self, item_id: JobItemId, message_id: EventId | None = None) -> None:
        await self.extract_document(
            ExtractDocumentCommand(
                principal=self.who, message_id=message_id or EventId(IDS.new()), item_id=item_id
            )
        )

    async def read(self, content: str) -> DocumentId:
        """Adds a text and extracts it."""
        document_id = (await self.add(content)).document.id
        await self.run(await self.request(document_id))
        return document_id

    async def delete(self, document_id: DocumentId) -> None:
        delete = DeleteDocument(self.start_work, SystemClock())
        await delete(DeleteDocumentCommand(principal=self.who, document_id=document_id))

    async def delete_entity(self, entity_id: EntityId) -> None:
        delete = DeleteEntity(self.start_work, SystemClock())  # type: ignore[arg-type]  # the stores' units of work have the graph too
        await delete(DeleteEntityCommand(principal=self.who, entity_id=entity_id, expected_version=None))

    async def entities(self) -> dict[str, EntityView]:
        page = await self.entity_queries.entities(self.user, EntityFilter(), ALL)
        found = {entity.name: entity for entity in page.rows}
        assert len(found) == len(page.rows), "an entity is there twice"
        return found

    async def relationships(self) -> Sequence[RelationshipView]:
        page = await self.relationship_queries.relationships(self.user, RelationshipFilter(), ALL)
        return page.rows

    async def events(self) -> Sequence[Message]:
        """Everything announced so far, in its order."""
        async with self.system.outbox.lead() as lease:
            while await lease.assign_positions(1000):
                pass
            return await lease.unpublished(10_000)

    async def event_types(self) -> Sequence[str]:
        return [event.type for event in await self.events()]


@asynccontextmanager
async def memory_library() -> AsyncIterator[Library]:
    system = MemorySystem()
    yield Library(
        system=system,
        user=await system.new_user(),
        entity_queries=InMemoryEntityQueries(system.store),
        relationship_queries=InMemoryRelationshipQueries(system.store),
        documents=InMemoryDocumentQueries(system.store),
        jobs=InMemoryJobQueries(system.store),
        search=InMemorySearchQueries(system.store),
    )


@asynccontextmanager
async def postgres_library(logins: Logins) -> AsyncIterator[Library]:
    async with postgres_system(logins) as system:
        yield await library_in(system)


async def library_in(system: PostgresSystem) -> Library:
    """Somebody new's."""
    return Library(
        system=system,
        user=await system.new_user(),
        entity_queries=PostgresEntityQueries(system.database),
        relationship_queries=PostgresRelationshipQueries(system.database),
        documents=PostgresDocumentQueries(system.database),
        jobs=PostgresJobQueries(system.database),
        search=PostgresSearchQueries(system.database),
    )
