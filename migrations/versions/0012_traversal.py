"""Walks that can be steered and stop early: directions, types, limits that are reported, weighted paths."""

from pathlib import Path

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SQL = Path(__file__).with_name("sql")


def run(name: str) -> None:
    """Executes the statements of one file."""
    for statement in (SQL / name).read_text().split("\n----\n"):
        op.execute(statement)


def upgrade() -> None:
    run("0012_traversal.sql")


def downgrade() -> None:
    run("0012_drop_traversal.sql")
    run("0001_traversal.sql")  # the walks as they were
