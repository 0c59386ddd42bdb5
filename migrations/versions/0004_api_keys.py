"""API keys of programs, one-time tickets for sockets, and the functions that look both up for a login."""

from pathlib import Path

from alembic import context, op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SQL = Path(__file__).with_name("sql")


def statements(name: str) -> list[str]:
    """The statements of one file; a line of dashes parts them, because functions hold semicolons."""
    return [part.strip() for part in (SQL / name).read_text().split("\n----\n") if part.strip()]


def upgrade() -> None:
    for statement in statements("0004_api_keys.sql"):
        op.execute(statement)
    runtime = '"' + str(context.config.attributes["runtime_role"]).replace('"', '""') + '"'
    op.execute(f"grant select, insert, update, delete on backend_auth.api_keys to {runtime}")
    op.execute(f"grant select, insert, delete on backend_auth.socket_tickets to {runtime}")


def downgrade() -> None:
    for statement in statements("0004_drop_api_keys.sql"):
        op.execute(statement)
