"""Files on their way into a graph, and the answers that bulk requests were given."""

from pathlib import Path

from alembic import context, op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

SQL = Path(__file__).with_name("sql")
TABLES = (
    "backend_entities.imports",
    "backend_entities.import_parts",
    "backend_entities.import_keys",
    "backend_entities.bulk_results",
)
# What the sweep sees of all users: what it removes, and the jobs it looks at.
SWEPT = ("backend_entities.imports", "backend_entities.bulk_results")
LOOKED_AT = "backend_entities.graph_jobs"


def upgrade() -> None:
    runtime = '"' + str(context.config.attributes["runtime_role"]).replace('"', '""') + '"'
    for statement in (SQL / "0013_bulk_import.sql").read_text().split("\n----\n"):
        op.execute(statement)
    confined = "user_id = (select nullif(current_setting('app.user_id', true), '')::uuid)"
    sweeping = "(select current_setting('app.scope', true)) = 'imports'"
    for table in TABLES:
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy tenant on {table} using ({confined}) with check ({confined})")
        op.execute(f"grant select, insert, update, delete on {table} to {runtime}")
    for table in SWEPT:
        op.execute(f"create policy imports on {table} using ({sweeping}) with check ({sweeping})")
    op.execute(f"create policy imports on {LOOKED_AT} for select using ({sweeping})")


def downgrade() -> None:
    op.execute(f"drop policy imports on {LOOKED_AT}")
    op.execute("drop function backend_entities.sweep_imports(timestamptz, timestamptz)")
    for table in reversed(TABLES):
        op.execute(f"drop table {table}")
