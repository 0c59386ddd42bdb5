"""What every feature stands on: settings, the database, the clock and the unit of work."""

from functools import partial

from dependency_injector import containers, providers

from adapters.json_schema.metadata_schemas import CompiledSchemas
from adapters.postgres.audit_ledger import PostgresAuditLedger
from adapters.postgres.audit_queries import PostgresAuditQueries
from adapters.postgres.engine import Database
from adapters.postgres.event_log import PostgresEventLog
from adapters.postgres.outbox import PostgresOutbox
from adapters.postgres.refusal_log import PostgresRefusalLog
from adapters.postgres.repositories import WorkSettings
from adapters.postgres.retention import PostgresExpiredRows
from adapters.postgres.unit_of_work import start_postgres_work
from adapters.security.passwords import BcryptPasswordHasher
from adapters.system.clock import SystemClock
from adapters.system.ids import Uuid7Generator
from application.operations.record_refusals import RecordRefusals
from application.operations.verify_audit import VerifyAudit
from entrypoints.http.audit import AuditOverHttp
from entrypoints.policies import retention_of, retry_policy_of
from entrypoints.recording import tell
from entrypoints.settings import Settings
from entrypoints.subscriptions import IN_PROCESS


class Core(containers.DeclarativeContainer):
    """Hand in what is open; connections come in ready-made, so no provider is asynchronous."""

    settings = providers.Dependency(instance_of=Settings)
    database = providers.Dependency(instance_of=Database)
    wake: providers.Dependency[object] = providers.Dependency()
    hasher = providers.Dependency(instance_of=BcryptPasswordHasher)

    clock = providers.Singleton(SystemClock)
    ids = providers.Singleton(Uuid7Generator)
    source = providers.Singleton(lambda settings: f"/{settings.module_id}", settings)
    metadata_schemas = providers.Singleton(CompiledSchemas)
    work_settings = providers.Singleton(
        WorkSettings,
        database=database,
        ids=ids,
        audit=providers.Object(IN_PROCESS),
        wake=wake,
        metadata_schemas=metadata_schemas,
    )
    start_work = providers.Singleton(partial, start_postgres_work, work_settings)

    retry_policy = providers.Singleton(retry_policy_of, settings)
    outbox = providers.Singleton(PostgresOutbox, database, source)
    event_log = providers.Singleton(PostgresEventLog, database, source)
    audit_ledger = providers.Singleton(PostgresAuditLedger, database)
    verify_audit = providers.Singleton(VerifyAudit, audit_ledger, clock)
    expired_rows = providers.Singleton(PostgresExpiredRows, database)
    retention = providers.Singleton(retention_of, settings)
    refusals = providers.Singleton(
        RecordRefusals, providers.Singleton(PostgresRefusalLog, database), clock, ids, providers.Object(tell)
    )
    audit_over_http = providers.Singleton(
        AuditOverHttp, queries=providers.Singleton(PostgresAuditQueries, database)
    )
