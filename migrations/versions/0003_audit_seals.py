"""Seals over the audit log, which only a function can set, and the scope that reads all users' rows."""

from pathlib import Path

from alembic import context, op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SQL = Path(__file__).with_name("sql")
LOGS = "backend_operations.audit_logs"
SEALS = "backend_operations.audit_seals"
# What a unit of work writes: a new row has no seal, and the runtime login cannot say otherwise.
WRITTEN = "user_id, id, actor_id, action, resource_id, outcome, address, request_id, occurred_at"


def statements(name: str) -> list[str]:
    """The statements of one file; a line of dashes parts them, because functions hold semicolons."""
    return [part.strip() for part in (SQL / name).read_text().split("\n----\n") if part.strip()]


def runtime_role() -> str:
    """The runtime login, quoted."""
    return '"' + str(context.config.attributes["runtime_role"]).replace('"', '""') + '"'


def upgrade() -> None:
    for statement in statements("0003_audit_seals.sql"):
        op.execute(statement)
    runtime = runtime_role()
    op.execute(f"grant select on {SEALS} to {runtime}")
    op.execute(f"revoke insert on {LOGS} from {runtime}")
    op.execute(f"grant insert ({WRITTEN}) on {LOGS} to {runtime}")
    op.execute("revoke execute on function backend_operations.seal_audit(integer) from public")
    op.execute(f"grant execute on function backend_operations.seal_audit(integer) to {runtime}")


def downgrade() -> None:
    runtime = runtime_role()
    op.execute(f"revoke insert ({WRITTEN}) on {LOGS} from {runtime}")
    op.execute(f"grant insert on {LOGS} to {runtime}")
    for statement in statements("0003_drop_audit_seals.sql"):
        op.execute(statement)
