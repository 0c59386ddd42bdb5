"""Users, graph, documents, extraction, events, messages and audit, isolated by row level security."""

from pathlib import Path

from alembic import context, op

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
SQL = Path(__file__).with_name("sql")

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


def statements(name: str) -> list[str]:
    """The statements of one file; a line of dashes parts them, because functions hold semicolons."""
    return [part.strip() for part in (SQL / name).read_text().split("\n----\n") if part.strip()]


def upgrade() -> None:
    for name in ("0001_functions.sql", "0001_tables.sql", "0001_traversal.sql"):
        for statement in statements(name):
            op.execute(statement)
    runtime = context.config.attributes["runtime_role"]
    quoted = '"' + str(runtime).replace('"', '""') + '"'
    for schema in SCHEMAS:
        op.execute(f"grant usage on schema {schema} to {quoted}")
    for table, scopes in TENANT_TABLES.items():
        key = "id" if table == "backend_auth.users" else "user_id"
        confine(table, f"{key} = (select nullif(current_setting('app.user_id', true), '')::uuid)", "tenant")
        for scope in scopes:
            confine(table, f"(select current_setting('app.scope', true)) = '{scope}'", scope)
        rights = "select, insert" if table in APPEND_ONLY else "select, insert, update, delete"
        op.execute(f"grant {rights} on {table} to {quoted}")
    for table in TRANSPORT_TABLES:
        confine(table, "(select current_setting('app.scope', true)) = 'relay'", "relay")
        op.execute(f"grant select, insert, update, delete on {table} to {quoted}")
    for table in SHARED_TABLES:
        op.execute(f"grant select, insert, update, delete on {table} to {quoted}")
    op.execute(f"grant select on backend_operations.database_schemas to {quoted}")
    op.execute(f"grant select on backend_operations.alembic_version to {quoted}")


def confine(table: str, condition: str, policy: str) -> None:
    """Lets through the rows of `table` that meet the condition, for reading and writing; the owner too."""
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(f"create policy {policy} on {table} using ({condition}) with check ({condition})")


def downgrade() -> None:
    for schema in SCHEMAS:
        if schema != "backend_operations":
            op.execute(f"drop schema {schema} cascade")
    # The ledger and the version table stay: they record this very step.
    for table in (*reversed(TENANT_TABLES), *TRANSPORT_TABLES, *SHARED_TABLES):
        if table.startswith("backend_operations."):
            op.execute(f"drop table {table}")
    for statement in statements("0001_drop_functions.sql"):
        op.execute(statement)
    runtime = '"' + str(context.config.attributes["runtime_role"]).replace('"', '""') + '"'
    op.execute(f"revoke usage on schema backend_operations from {runtime}")
    op.execute(f"revoke select on backend_operations.database_schemas from {runtime}")
    op.execute(f"revoke select on backend_operations.alembic_version from {runtime}")
