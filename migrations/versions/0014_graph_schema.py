"""What people declare about the types of their graph, and whether writes are held to it."""

from pathlib import Path

from alembic import context, op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

SQL = Path(__file__).with_name("sql") / "0014_graph_schema.sql"
TABLE = "backend_entities.graph_schemas"


def upgrade() -> None:
    runtime = '"' + str(context.config.attributes["runtime_role"]).replace('"', '""') + '"'
    for statement in SQL.read_text().split("\n----\n"):
        op.execute(statement)
    confined = "user_id = (select nullif(current_setting('app.user_id', true), '')::uuid)"
    op.execute(f"alter table {TABLE} enable row level security")
    op.execute(f"alter table {TABLE} force row level security")
    op.execute(f"create policy tenant on {TABLE} using ({confined}) with check ({confined})")
    op.execute(f"grant select, insert, update on {TABLE} to {runtime}")


def downgrade() -> None:
    for function in (
        "hold_edge(uuid, uuid, uuid, text, boolean)",
        "hold_schema(uuid)",
        "require_schema(uuid, bigint)",
    ):
        op.execute(f"drop function backend_entities.{function}")
    op.execute(f"drop table {TABLE}")
