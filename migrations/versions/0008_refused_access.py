"""What was refused, to whom and how often, in the audit log and under its seals."""

from migrations.steps import grant, run

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ADDED = "reason, operation, occurrences, last_occurred_at"


def upgrade() -> None:
    run("0008_refused_access.sql")
    grant(f"insert ({ADDED})", "backend_operations.audit_logs")


def downgrade() -> None:
    run("0008_drop_refused_access.sql")
