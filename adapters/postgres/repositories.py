"""The repositories of a unit of work, each one object around its connection."""

from dataclasses import dataclass, field

from adapters.postgres.api_keys import PostgresApiKeyRepository, PostgresSocketTicketRepository
from adapters.postgres.credentials import PostgresCredentialRepository
from adapters.postgres.documents import PostgresDocumentRepository
from adapters.postgres.engine import Database
from adapters.postgres.external_identities import PostgresExternalIdentityRepository
from adapters.postgres.extraction import PostgresExtractionRepository
from adapters.postgres.extraction_jobs import PostgresJobRepository
from adapters.postgres.graph_analytics import PostgresAnalyticsRepository
from adapters.postgres.graph_bulk import PostgresBulkRepository
from adapters.postgres.graph_bulk_results import PostgresBulkResultRepository
from adapters.postgres.graph_entities import PostgresEntityRepository
from adapters.postgres.graph_imports import PostgresImportRepository
from adapters.postgres.graph_jobs import PostgresGraphJobRepository
from adapters.postgres.graph_merges import PostgresMergeRepository
from adapters.postgres.graph_relationships import PostgresRelationshipRepository
from adapters.postgres.graph_schema import Expected, PostgresGraphSchemaRepository
from adapters.postgres.graph_schema_rows import SchemaCache
from adapters.postgres.graph_settings import PostgresGraphSettingsRepository
from adapters.postgres.identity import PostgresSessionRepository, PostgresUserRepository
from adapters.postgres.statements import DriverConnection
from application.extraction.work import DeclaredSchema
from application.graph.hold_findings_to_schema import HoldFindingsToSchema
from application.graph.schema import MetadataSchemas
from application.shared.ports import AuditSubscriber, IdGenerator, Wake
from application.shared.principal import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkSettings:
    """What every unit of work of a process shares."""

    database: Database
    ids: IdGenerator
    audit: AuditSubscriber
    wake: Wake
    metadata_schemas: MetadataSchemas
    schemas: SchemaCache = field(default_factory=SchemaCache)


class PostgresRepositories:
    """All of them, inside one transaction as one user."""

    def __init__(self, settings: WorkSettings, principal: Principal, connection: DriverConnection) -> None:
        self._settings = settings
        self._principal = principal
        self._schema = Expected()
        self.connection = connection
        self.metadata_schemas = settings.metadata_schemas

    @property
    def entities(self) -> PostgresEntityRepository:
        return PostgresEntityRepository(self.connection)

    @property
    def relationships(self) -> PostgresRelationshipRepository:
        return PostgresRelationshipRepository(self.connection)

    @property
    def graph_jobs(self) -> PostgresGraphJobRepository:
        return PostgresGraphJobRepository(self.connection)

    @property
    def bulk(self) -> PostgresBulkRepository:
        return PostgresBulkRepository(self.connection, self._principal.trace, self._settings.ids)

    @property
    def bulk_results(self) -> PostgresBulkResultRepository:
        return PostgresBulkResultRepository(self.connection)

    @property
    def imports(self) -> PostgresImportRepository:
        return PostgresImportRepository(self.connection)

    @property
    def merges(self) -> PostgresMergeRepository:
        return PostgresMergeRepository(self.connection, self._principal)

    @property
    def analytics(self) -> PostgresAnalyticsRepository:
        return PostgresAnalyticsRepository(self.connection)

    @property
    def schema(self) -> PostgresGraphSchemaRepository:
        cache, user_id = self._settings.schemas, self._principal.user_id
        return PostgresGraphSchemaRepository(self.connection, user_id, cache, self._schema)

    @property
    def graph_settings(self) -> PostgresGraphSettingsRepository:
        return PostgresGraphSettingsRepository(self.connection)

    @property
    def users(self) -> PostgresUserRepository:
        return PostgresUserRepository(self.connection)

    @property
    def sessions(self) -> PostgresSessionRepository:
        return PostgresSessionRepository(self.connection)

    @property
    def credentials(self) -> PostgresCredentialRepository:
        return PostgresCredentialRepository(self.connection)

    @property
    def api_keys(self) -> PostgresApiKeyRepository:
        return PostgresApiKeyRepository(self.connection)

    @property
    def socket_tickets(self) -> PostgresSocketTicketRepository:
        return PostgresSocketTicketRepository(self.connection)

    @property
    def external_identities(self) -> PostgresExternalIdentityRepository:
        return PostgresExternalIdentityRepository(self.connection)

    @property
    def documents(self) -> PostgresDocumentRepository:
        return PostgresDocumentRepository(self.connection)

    @property
    def jobs(self) -> PostgresJobRepository:
        return PostgresJobRepository(self.connection)

    @property
    def extraction(self) -> PostgresExtractionRepository:
        return PostgresExtractionRepository(self.connection)

    @property
    def declared_schema(self) -> DeclaredSchema:
        return HoldFindingsToSchema(self)
