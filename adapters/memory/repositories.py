"""The repositories of the unit of work over dictionaries."""

from dataclasses import dataclass

from adapters.memory.api_keys import (
    API_KEYS,
    SOCKET_TICKETS,
    InMemoryApiKeyRepository,
    InMemorySocketTicketRepository,
)
from adapters.memory.credentials import CREDENTIALS, InMemoryCredentialRepository
from adapters.memory.documents import InMemoryDocumentRepository
from adapters.memory.documents_rows import CHUNKS, DOCUMENTS, EVIDENCE, ITEMS, JOBS, MENTIONS
from adapters.memory.drafts import Draft
from adapters.memory.external_identities import EXTERNAL_IDENTITIES, InMemoryExternalIdentityRepository
from adapters.memory.extraction import InMemoryExtractionRepository
from adapters.memory.extraction_cleanup import Graph
from adapters.memory.extraction_jobs import InMemoryJobRepository
from adapters.memory.graph_analytics import InMemoryAnalyticsRepository
from adapters.memory.graph_bulk import InMemoryBulkRepository
from adapters.memory.graph_bulk_results import BULK_RESULTS, InMemoryBulkResultRepository
from adapters.memory.graph_entities import ENTITIES, KEYS, MERGED_INTO, InMemoryEntityRepository
from adapters.memory.graph_imports import (
    IMPORT_KEYS,
    IMPORT_PARTS,
    IMPORTS,
    InMemoryImportRepository,
)
from adapters.memory.graph_jobs import (
    GRAPH_JOB_ERRORS,
    GRAPH_JOB_WARNINGS,
    GRAPH_JOBS,
    InMemoryGraphJobRepository,
)
from adapters.memory.graph_merges import MERGES, InMemoryMergeRepository, MergeTables
from adapters.memory.graph_relationships import (
    DELETED_WITH_END,
    RELATIONSHIPS,
    InMemoryRelationshipRepository,
)
from adapters.memory.graph_schema import InMemoryGraphSchemaRepository
from adapters.memory.graph_settings import GRAPH_SETTINGS, InMemoryGraphSettingsRepository
from adapters.memory.identity import (
    REFRESH_TOKENS,
    SESSIONS,
    USERS,
    InMemorySessionRepository,
    InMemoryUserRepository,
)
from adapters.memory.store import MemoryStore, Rows
from application.extraction.work import DeclaredSchema
from application.graph.hold_findings_to_schema import HoldFindingsToSchema
from application.graph.schema import MetadataSchemas
from application.shared.ports import AuditSubscriber, IdGenerator, Wake
from application.shared.principal import Principal
from domain.shared.events import DomainEvent
from domain.shared.ids import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryWorkSettings:
    """What every unit of work of a test shares."""

    store: MemoryStore
    ids: IdGenerator
    audit: AuditSubscriber
    wake: Wake
    metadata_schemas: MetadataSchemas


class InMemoryRepositories:
    """All of them, around the drafts of one unit of work."""

    def __init__(self, settings: MemoryWorkSettings, principal: Principal) -> None:
        self._settings = settings
        self._principal = principal
        self._drafts: dict[str, Draft] = {}
        self._events: list[DomainEvent] = []
        self._announced: list[DomainEvent] = []
        self._erased: set[UserId] = set()
        self._schema: int | None = None
        self.metadata_schemas = settings.metadata_schemas

    def record(self, event: DomainEvent) -> None:
        self._events.append(event)

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
        return InMemoryGraphJobRepository(
            *map(self.table, (GRAPH_JOBS, GRAPH_JOB_ERRORS, GRAPH_JOB_WARNINGS))
        )

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

    @property
    def declared_schema(self) -> DeclaredSchema:
        return HoldFindingsToSchema(self)

    def _graph(self) -> Graph:
        return Graph(
            entities=self.table(ENTITIES),
            keys=self.table(KEYS),
            relationships=self.table(RELATIONSHIPS),
            mentions=self.table(MENTIONS),
            evidence=self.table(EVIDENCE),
            merged_into=self.table(MERGED_INTO),
        )

    def _erase(self, user_id: UserId) -> None:
        """As the foreign keys of every table do; what has none goes at the commit."""
        for name in {*self._settings.store.tables, *self._drafts} - {USERS}:
            rows = self.table(name)
            for key in [key for key in rows if isinstance(key, tuple) and key[0] == user_id]:
                del rows[key]
        self._erased.add(user_id)
