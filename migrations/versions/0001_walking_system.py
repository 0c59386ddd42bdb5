"""Users, graph, documents, extraction, events, messages and audit, isolated by row level security."""

from alembic import op

from migrations.steps import EVERYTHING, OWN_ROWS, confine, grant, run, runtime_role, scope

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMAS = (
    "backend_auth",
    "backend_entities",
    "backend_documents",
    "backend_extraction",
    "backend_operations",
)

# The tables whose rows belong to one user each, with the scopes that may see all of them. A scope is a
# transaction-local setting like the user's id: the relay moves events, a login looks for an account.
TENANT_TABLES = {
    "backend_auth.users": ("authentication",),
    "backend_auth.sessions": ("authentication",),
    "backend_auth.refresh_tokens": ("authentication",),
    "backend_entities.entities": (),
    "backend_entities.entity_keys": (),
    "backend_entities.relationships": (),
    "backend_documents.documents": (),
    "backend_documents.chunks": (),
    "backend_extraction.jobs": (),
    "backend_extraction.job_items": (),
    "backend_extraction.mentions": (),
    "backend_extraction.evidence": (),
    "backend_operations.events": ("relay",),
    "backend_operations.inbox": (),
    "backend_operations.idempotency_keys": (),
    "backend_operations.audit_logs": (),
}
TRANSPORT_TABLES = ("backend_operations.messages",)
SHARED_TABLES = ("backend_operations.message_queues", "backend_operations.event_head")
APPEND_ONLY = ("backend_operations.audit_logs",)


def upgrade() -> None:
    for part in ("functions", "accounts", "graph", "documents", "operations", "traversal"):
        run(f"0001_{part}.sql")
    for schema in SCHEMAS:
        op.execute(f"grant usage on schema {schema} to {runtime_role()}")
    for table, scopes in TENANT_TABLES.items():
        confine(table, OWN_ROWS.removeprefix("user_") if table == "backend_auth.users" else OWN_ROWS)
        for name in scopes:
            confine(table, scope(name), name)
        grant("select, insert" if table in APPEND_ONLY else EVERYTHING, table)
    for table in TRANSPORT_TABLES:
        confine(table, scope("relay"), "relay")
        grant(EVERYTHING, table)
    for table in SHARED_TABLES:
        grant(EVERYTHING, table)
    grant("select", "backend_operations.database_schemas")
    grant("select", "backend_operations.alembic_version")


def downgrade() -> None:
    for schema in SCHEMAS:
        if schema != "backend_operations":
            op.execute(f"drop schema {schema} cascade")
    # The ledger and the version table stay: they record this very step.
    for table in (*reversed(TENANT_TABLES), *TRANSPORT_TABLES, *SHARED_TABLES):
        if table.startswith("backend_operations."):
            op.execute(f"drop table {table}")
    run("0001_drop_functions.sql")
    op.execute(f"revoke usage on schema backend_operations from {runtime_role()}")
    op.execute(f"revoke select on backend_operations.database_schemas from {runtime_role()}")
    op.execute(f"revoke select on backend_operations.alembic_version from {runtime_role()}")
