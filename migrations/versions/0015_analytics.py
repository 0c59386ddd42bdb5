"""Results about a whole graph (PageRank, communities ...), dated, with the score of every entity."""

from migrations.steps import EVERYTHING, confine, drop_tables, grant, run

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLES = (
    "backend_entities.analytics_runs",
    "backend_entities.analytics_scores",
    "backend_entities.analytics_groups",
)


def upgrade() -> None:
    run("0015_analytics.sql")
    for table in TABLES:
        confine(table)
        grant(EVERYTHING, table)


def downgrade() -> None:
    drop_tables(TABLES)
