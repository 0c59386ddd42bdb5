"""Long work on a graph (imports, analytics) as jobs with progress, and what each refused."""

from pathlib import Path

from alembic import context, op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SQL = Path(__file__).with_name("sql")
TABLES = ("backend_entities.graph_jobs", "backend_entities.graph_job_errors")


def upgrade() -> None:
    runtime = '"' + str(context.config.attributes["runtime_role"]).replace('"', '""') + '"'
    for statement in (SQL / "0010_graph_jobs.sql").read_text().split("\n----\n"):
        op.execute(statement)
    confined = "user_id = (select nullif(current_setting('app.user_id', true), '')::uuid)"
    for table in TABLES:
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy tenant on {table} using ({confined}) with check ({confined})")
        op.execute(f"grant select, insert, update, delete on {table} to {runtime}")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.execute(f"drop table {table}")
