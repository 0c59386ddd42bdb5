"""Merges of entities, what each one changed, and every user's settings for the graph."""

from migrations.steps import confine, grant, run

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# What was merged, and what it was before, is never changed; that it was undone is noted.
GRANTS = {
    "backend_entities.merges": "select, insert, update",
    "backend_entities.merge_rows": "select, insert",
    "backend_entities.graph_settings": "select, insert, update",
}


def upgrade() -> None:
    run("0011_merges.sql")
    for table, rights in GRANTS.items():
        confine(table)
        grant(rights, table)


def downgrade() -> None:
    run("0011_drop_merges.sql")
