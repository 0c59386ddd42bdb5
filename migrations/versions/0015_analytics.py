"""Results about a whole graph (PageRank, communities ...), dated, with the score of every entity."""

from pathlib import Path

from alembic import context, op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

SQL = Path(__file__).with_name("sql")
TABLES = (
    "backend_entities.analytics_runs",
    "backend_entities.analytics_scores",
    "backend_entities.analytics_groups",
)


def upgrade() -> None:
    runtime = '"' + str(context.config.attributes["runtime_role"]).replace('"', '""') + '"'
    for statement in (SQL / "0015_analytics.sql").read_text().split("\n----\n"):
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
