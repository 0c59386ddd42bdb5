"""Credentials of providers, sealed: one of each provider for each user."""

from pathlib import Path

from alembic import context, op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SQL = Path(__file__).with_name("sql")
TABLE = "backend_auth.provider_credentials"


def statements(name: str) -> list[str]:
    """The statements of one file, parted by a line of dashes."""
    return [part.strip() for part in (SQL / name).read_text().split("\n----\n") if part.strip()]


def upgrade() -> None:
    for statement in statements("0007_provider_credentials.sql"):
        op.execute(statement)
    runtime = '"' + str(context.config.attributes["runtime_role"]).replace('"', '""') + '"'
    op.execute(f"grant select, insert, update, delete on {TABLE} to {runtime}")


def downgrade() -> None:
    op.execute(f"drop table {TABLE}")
