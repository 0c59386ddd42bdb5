"""Merges of entities, what each one changed, and every user's settings for the graph."""

from pathlib import Path

from alembic import context, op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SQL = Path(__file__).with_name("sql")
# What was merged, and what it was before, is never changed; that it was undone is noted.
GRANTS = {
    "backend_entities.merges": "select, insert, update",
    "backend_entities.merge_rows": "select, insert",
    "backend_entities.graph_settings": "select, insert, update",
}


def run(name: str) -> None:
    """Executes the statements of one file."""
    for statement in (SQL / name).read_text().split("\n----\n"):
        op.execute(statement)


def upgrade() -> None:
    runtime = '"' + str(context.config.attributes["runtime_role"]).replace('"', '""') + '"'
    run("0011_merges.sql")
    confined = "user_id = (select nullif(current_setting('app.user_id', true), '')::uuid)"
    for table, granted in GRANTS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy tenant on {table} using ({confined}) with check ({confined})")
        op.execute(f"grant {granted} on {table} to {runtime}")


def downgrade() -> None:
    run("0011_drop_merges.sql")
