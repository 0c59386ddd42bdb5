"""What people declare about the types of their graph, and whether writes are held to it."""

from alembic import op

from migrations.steps import confine, drop_tables, grant, run

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLE = "backend_entities.graph_schemas"


def upgrade() -> None:
    run("0014_graph_schema.sql")
    confine(TABLE)
    grant("select, insert, update", TABLE)


def downgrade() -> None:
    for function in (
        "hold_edge(uuid, uuid, uuid, text, boolean)",
        "hold_schema(uuid)",
        "require_schema(uuid, bigint)",
    ):
        op.execute(f"drop function backend_entities.{function}")
    drop_tables((TABLE,))
