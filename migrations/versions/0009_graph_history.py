"""Every version of entities and relationships, who made it, and the callers' own ids for them."""

from migrations.steps import confine, grant, run

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = ("backend_entities.entity_versions", "backend_entities.relationship_versions")


def upgrade() -> None:
    run("0009_graph_history.sql")
    for table in TABLES:
        confine(table)
        # A version that was is never changed; it goes with the thing itself.
        grant("select, insert", table)


def downgrade() -> None:
    run("0009_drop_graph_history.sql")
