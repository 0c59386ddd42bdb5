"""Files on their way into a graph, and the answers that bulk requests were given."""

from alembic import op

from migrations.steps import EVERYTHING, confine, drop_tables, grant, run, scope

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

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
    run("0013_bulk_import.sql")
    for table in TABLES:
        confine(table)
        grant(EVERYTHING, table)
    sweeping = scope("imports")
    for table in SWEPT:
        op.execute(f"create policy imports on {table} using ({sweeping}) with check ({sweeping})")
    op.execute(f"create policy imports on {LOOKED_AT} for select using ({sweeping})")


def downgrade() -> None:
    op.execute(f"drop policy imports on {LOOKED_AT}")
    op.execute("drop function backend_entities.sweep_imports(timestamptz, timestamptz)")
    drop_tables(TABLES)
