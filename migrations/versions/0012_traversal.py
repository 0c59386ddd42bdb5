"""Walks that can be steered and stop early: directions, types, limits that are reported, weighted paths."""

from migrations.steps import run

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0012_edges.sql")
    run("0012_rows_as_json.sql")
    run("0012_neighborhood.sql")
    run("0012_shortest_paths.sql")
    run("0012_strongest_path.sql")
    run("0012_common_neighbors.sql")


def downgrade() -> None:
    run("0012_drop_traversal.sql")
    run("0001_traversal.sql")  # the walks as they were
