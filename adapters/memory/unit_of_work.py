"""The unit of work over dictionaries: what is not committed is never seen by anybody else."""

import contextlib
from collections.abc import AsyncIterator, Hashable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from adapters.memory.api_keys import (
    API_KEYS,
    SOCKET_TICKETS,
    InMemoryApiKeyRepository,
    InMemorySocketTicketRepository,
)
from adapters.memory.credentials import CREDENTIALS, InMemoryCredentialRepository
from adapters.memory.documents import InMemoryDocumentRepository
from adapters.memory.documents_rows import CHUNKS, DOCUMENTS, EVIDENCE, ITEMS, JOBS, MENTIONS
from adapters.memory.external_identities import EXTERNAL_IDENTITIES, InMemoryExternalIdentityRepository
from adapters.memory.extraction import InMemoryExtractionRepository
from adapters.memory.extraction_cleanup import Graph
from adapters.memory.extraction_jobs import InMemoryJobRepository
from adapters.memory.graph_analytics import InMemoryAnalyticsRepository
from adapters.memory.graph_bulk import InMemoryBulkRepository
from adapters.memory.graph_bulk_results import BULK_RESULTS, InMemoryBulkResultRepository
from adapters.memory.graph_entities import ENTITIES, KEYS, MERGED_INTO, InMemoryEntityRepository
from adapters.memory.graph_history import VERSIONED, keep_versions
from adapters.memory.graph_imports import (
    IMPORT_KEYS,
    IMPORT_PARTS,
    IMPORTS,
    InMemoryImportRepository,
)
from adapters.memory.graph_jobs import GRAPH_JOB_ERRORS, GRAPH_JOBS, InMemoryGraphJobRepository
from adapters.memory.graph_merges import MERGES, InMemoryMergeRepository, MergeTables
from adapters.memory.graph_relationships import (
    DELETED_WITH_END,
    RELATIONSHIPS,
    InMemoryRelationshipRepository,
)
from adapters.memory.graph_schema import InMemoryGraphSchemaRepository, require_schema
from adapters.memory.graph_settings import GRAPH_SETTINGS, InMemoryGraphSettingsRepository
from adapters.memory.identity import (
    REFRESH_TOKENS,
    SESSIONS,
    USERS,
    InMemorySessionRepository,
    InMemoryUserRepository,
)
from adapters.memory.store import MemoryStore, RecordedEvent, Rows
from application.graph.schema import MetadataSchemas
from application.shared.ports import AuditSubscriber, IdGenerator, UnitOfWork, Wake
from application.shared.principal import Principal
from domain.shared.errors import AlreadyApplied, AlreadyHandled, IdempotencyKeyReused, RequestInFlight
from domain.shared.events import DomainEvent
from domain.shared.ids import EventId, UserId

_GONE = object()


class Draft(MutableMapping[Hashable, object]):
    """A table with this unit of work's changes over the committed rows."""

    def __init__(self, committed: Rows) -> None:
        self._committed = committed
        self._changes: dict[Hashable, object] = {}
        self._written: list[tuple[Hashable, object]] = []

    def __getitem__(self, key: Hashable) -> object:
        value = self._changes.get(key, self._committed.get(key, _GONE))
        if value is _GONE:
            raise KeyError(key)
        return value

    def __setitem__(self, key: Hashable, value: object) -> None:
        self._changes[key] = value
        self._written.append((key, value))

    def __delitem__(self, key: Hashable) -> None:
        self[key]  # raises KeyError for a row that is not there
        self._changes[key] = _GONE

    def __iter__(self) -> Iterator[Hashable]:
        keys = dict.fromkeys(self._committed) | dict.fromkeys(self._changes)
        return (key for key in keys if self._changes.get(key) is not _GONE)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def written(self) -> Sequence[object]:
        """Each row every time it was written, in order, without those that are removed in the end."""
        return [value for key, value in self._written if self._changes[key] is not _GONE]

    def apply(self) -> None:
        """Makes the changes everybody's."""
        for key, value in self._changes.items():
            if value is _GONE:
                self._committed.pop(key, None)
            else:
                self._committed[key] = value


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryWorkSettings:
    """What every unit of work of a test shares."""

    store: MemoryStore
    ids: IdGenerator
    audit: AuditSubscriber
    wake: Wake
    metadata_schemas: MetadataSchemas


class InMemoryUnitOfWork(UnitOfWork):
    """Drafts over the store; repositories are properties around `table`."""

    def __init__(self, settings: MemoryWorkSettings, principal: Principal) -> None:
        self._settings = settings
        self._principal = principal
        self._drafts: dict[str, Draft] = {}
        self._events: list[DomainEvent] = []
        self._announced: list[DomainEvent] = []
        self._handled: list[tuple[str, EventId]] = []
        self._created: UUID | None = None
        self._erased: set[UserId] = set()
        self._schema: int | None = None
        self.metadata_schemas = settings.metadata_schemas

    def table(self, name: str) -> Rows:
        """A table as this unit of work sees it."""
        if name not in self._drafts:
            self._drafts[name] = Draft(self._settings.store.table(name))
        return self._drafts[name]

    @property
    def entities(self) -> InMemoryEntityRepository:
        return InMemoryEntityRepository(self.table(ENTITIES), self.table(KEYS), self.table(MERGED_INTO))

    @property
    def relationships(self) -> InMemoryRelationshipRepository:
        return InMemoryRelationshipRepository(
            self.table(RELATIONSHIPS), self.table(ENTITIES), self.table(DELETED_WITH_END)
        )

    @property
    def graph_jobs(self) -> InMemoryGraphJobRepository:
        return InMemoryGraphJobRepository(self.table(GRAPH_JOBS), self.table(GRAPH_JOB_ERRORS))

    @property
    def bulk(self) -> InMemoryBulkRepository:
        return InMemoryBulkRepository(self.table, self._announced.append)

    @property
    def bulk_results(self) -> InMemoryBulkResultRepository:
        return InMemoryBulkResultRepository(self.table(BULK_RESULTS))

    @property
    def imports(self) -> InMemoryImportRepository:
        return InMemoryImportRepository(*map(self.table, (IMPORTS, IMPORT_PARTS, IMPORT_KEYS)))

    @property
    def merges(self) -> InMemoryMergeRepository:
        tables = MergeTables(
            entities=self.table(ENTITIES),
            keys=self.table(KEYS),
            relationships=self.table(RELATIONSHIPS),
            deleted_with_end=self.table(DELETED_WITH_END),
            mentions=self.table(MENTIONS),
            evidence=self.table(EVIDENCE),
            chunks=self.table(CHUNKS),
            merges=self.table(MERGES),
            merged_into=self.table(MERGED_INTO),
        )
        return InMemoryMergeRepository(tables, self.record)

    @property
    def analytics(self) -> InMemoryAnalyticsRepository:
        return InMemoryAnalyticsRepository(self.table)

    @property
    def graph_settings(self) -> InMemoryGraphSettingsRepository:
        return InMemoryGraphSettingsRepository(self.table(GRAPH_SETTINGS))

    @property
    def schema(self) -> InMemoryGraphSchemaRepository:
        return InMemoryGraphSchemaRepository(self.table, self._principal.user_id, self._expect)

    def _expect(self, version: int) -> None:
        self._schema = version

    @property
    def users(self) -> InMemoryUserRepository:
        return InMemoryUserRepository(self.table(USERS), self._erase)

    @property
    def sessions(self) -> InMemorySessionRepository:
        return InMemorySessionRepository(self.table(USERS), self.table(SESSIONS), self.table(REFRESH_TOKENS))

    @property
    def credentials(self) -> InMemoryCredentialRepository:
        return InMemoryCredentialRepository(self.table(CREDENTIALS))

    @property
    def api_keys(self) -> InMemoryApiKeyRepository:
        return InMemoryApiKeyRepository(self.table(USERS), self.table(API_KEYS))

    @property
    def socket_tickets(self) -> InMemorySocketTicketRepository:
        return InMemorySocketTicketRepository(self.table(USERS), self.table(SOCKET_TICKETS))

    @property
    def external_identities(self) -> InMemoryExternalIdentityRepository:
        return InMemoryExternalIdentityRepository(self.table(USERS), self.table(EXTERNAL_IDENTITIES))

    @property
    def documents(self) -> InMemoryDocumentRepository:
        return InMemoryDocumentRepository(
            self.table(DOCUMENTS), self.table(CHUNKS), self.table(ITEMS), self._graph()
        )

    @property
    def jobs(self) -> InMemoryJobRepository:
        return InMemoryJobRepository(self.table(JOBS), self.table(ITEMS), self.table(DOCUMENTS))

    @property
    def extraction(self) -> InMemoryExtractionRepository:
        return InMemoryExtractionRepository(self.table(DOCUMENTS), self.table(CHUNKS), self._graph())

    def _graph(self) -> Graph:
        return Graph(
            entities=self.table(ENTITIES),
            keys=self.table(KEYS),
            relationships=self.table(RELATIONSHIPS),
            mentions=self.table(MENTIONS),
            evidence=self.table(EVIDENCE),
        )

    def _erase(self, user_id: UserId) -> None:
        """As the foreign keys of every table do; what has none goes at the commit."""
        for name in {*self._settings.store.tables, *self._drafts} - {USERS}:
            rows = self.table(name)
            for key in [key for key in rows if isinstance(key, tuple) and key[0] == user_id]:
                del rows[key]
        self._erased.add(user_id)

    def record(self, event: DomainEvent) -> None:
        self._events.append(event)

    def created(self, resource_id: UUID) -> None:
        self._created = resource_id

    def acknowledge(self, handler: str, message_id: EventId) -> None:
        self._handled.append((handler, message_id))

    async def commit(self) -> None:
        store, principal = self._settings.store, self._principal
        seen = {(principal.user_id, handler, message_id) for handler, message_id in self._handled}
        if seen & store.inbox:
            raise AlreadyHandled
        require_schema(store, principal.user_id, self._schema)
        actor = principal.actor_id or principal.user_id
        for name, kept in VERSIONED.items():
            if name in self._drafts:
                keep_versions(store.table(kept), store.table(name), self._drafts[name].written(), actor)
        for draft in self._drafts.values():
            draft.apply()
        for user_id in self._erased:
            store.erase(user_id)
        store.inbox |= seen
        told = [*self._announced, *self._events]
        store.events += [RecordedEvent(self._settings.ids.new(), e, principal.trace) for e in told]
        store.audit += [self._settings.audit(event, principal) for event in self._events]
        if principal.idempotency and self._created:
            key = (principal.user_id, principal.idempotency.key)
            store.idempotency[key] = (principal.idempotency, self._created)
        if self._events:
            self._settings.wake()


@contextlib.asynccontextmanager
async def start_memory_work(
    settings: MemoryWorkSettings, principal: Principal
) -> AsyncIterator[InMemoryUnitOfWork]:
    """A `StartWork`."""
    store, wanted = settings.store, principal.idempotency
    if wanted is None:
        yield InMemoryUnitOfWork(settings, principal)
        return
    key = (principal.user_id, wanted.key)
    if key in store.in_flight:
        raise RequestInFlight
    if key in store.idempotency:
        known, resource_id = store.idempotency[key]
        if known.fingerprint != wanted.fingerprint:
            raise IdempotencyKeyReused
        raise AlreadyApplied(resource_id)
    store.in_flight.add(key)
    try:
        yield InMemoryUnitOfWork(settings, principal)
    finally:
        store.in_flight.discard(key)
