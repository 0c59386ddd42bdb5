"""What was refused, to whom and how often, in the audit log and under its seals."""

from pathlib import Path

from alembic import context, op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SQL = Path(__file__).with_name("sql")
LOGS = "backend_operations.audit_logs"
ADDED = "reason, operation, occurrences, last_occurred_at"


def statements(name: str) -> list[str]:
    """The statements of one file; a line of dashes parts them, because functions hold semicolons."""
    return [part.strip() for part in (SQL / name).read_text().split("\n----\n") if part.strip()]


def upgrade() -> None:
    for statement in statements("0008_refused_access.sql"):
        op.execute(statement)
    runtime = '"' + str(context.config.attributes["runtime_role"]).replace('"', '""') + '"'
    op.execute(f"grant insert ({ADDED}) on {LOGS} to {runtime}")


def downgrade() -> None:
    for statement in statements("0008_drop_refused_access.sql"):
        op.execute(statement)
