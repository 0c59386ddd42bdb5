"""API keys of programs, one-time tickets for sockets, and the functions that look both up for a login."""

from migrations.steps import EVERYTHING, grant, run

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0004_api_keys.sql")
    grant(EVERYTHING, "backend_auth.api_keys")
    grant("select, insert, delete", "backend_auth.socket_tickets")


def downgrade() -> None:
    run("0004_drop_api_keys.sql")
