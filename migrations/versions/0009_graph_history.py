"""Every version of entities and relationships, who made it, and the callers' own ids for them."""

from pathlib import Path

from alembic import context, op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SQL = Path(__file__).with_name("sql")
TABLES = ("backend_entities.entity_versions", "backend_entities.relationship_versions")


def run(name: str) -> None:
    """Executes the statements of one file."""
    for statement in (SQL / name).read_text().split("\n----\n"):
        op.execute(statement)


def upgrade() -> None:
    runtime = '"' + str(context.config.attributes["runtime_role"]).replace('"', '""') + '"'
    run("0009_graph_history.sql")
    confined = "user_id = (select nullif(current_setting('app.user_id', true), '')::uuid)"
    for table in TABLES:
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy tenant on {table} using ({confined}) with check ({confined})")
        # A version that was is never changed; it goes with the thing itself.
        op.execute(f"grant select, insert on {table} to {runtime}")


def downgrade() -> None:
    run("0009_drop_graph_history.sql")
