"""What was refused, to whom and how often, in the audit log and under its seals."""

from migrations.steps import grant, put_back, run

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ADDED = "reason, operation, occurrences, last_occurred_at"


def upgrade() -> None:
    run("0008_refused_access.sql")
    grant(f"insert ({ADDED})", "backend_operations.audit_logs")


def downgrade() -> None:
    # The digest first, which names the columns. Rows that said something there no longer match their seals.
    put_back("backend_operations.audit_digest", "0003_audit_seals.sql")
    run("0008_drop_refused_access.sql")
