"""What a job wrote although it breaks a schema that only warns; statistics that follow large imports."""

from alembic import op

from migrations.steps import EVERYTHING, confine, drop_tables, grant, run

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TABLES = ("backend_entities.graph_job_warnings",)
STATISTICS = "backend_entities.refresh_statistics()"


def upgrade() -> None:
    run("0018_import_warnings.sql")
    for table in TABLES:
        confine(table)
        grant(EVERYTHING, table)
    run("0018_statistics.sql")
    grant("execute", f"function {STATISTICS}")


def downgrade() -> None:
    op.execute(f"drop function {STATISTICS}")
    drop_tables(TABLES)
