"""Walks that can be steered and stop early: directions, types, limits that are reported, weighted paths."""

from migrations.steps import run

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0012_traversal.sql")


def downgrade() -> None:
    run("0012_drop_traversal.sql")
    run("0001_traversal.sql")  # the walks as they were
