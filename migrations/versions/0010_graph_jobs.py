"""Long work on a graph (imports, analytics) as jobs with progress, and what each refused."""

from migrations.steps import EVERYTHING, confine, drop_tables, grant, run

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = ("backend_entities.graph_jobs", "backend_entities.graph_job_errors")


def upgrade() -> None:
    run("0010_graph_jobs.sql")
    for table in TABLES:
        confine(table)
        grant(EVERYTHING, table)


def downgrade() -> None:
    drop_tables(TABLES)
