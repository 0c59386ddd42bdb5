"""Credentials of providers, sealed: one of each provider for each user."""

from migrations.steps import EVERYTHING, drop_tables, grant, run

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLE = "backend_auth.provider_credentials"


def upgrade() -> None:
    run("0007_provider_credentials.sql")
    grant(EVERYTHING, TABLE)


def downgrade() -> None:
    drop_tables((TABLE,))
