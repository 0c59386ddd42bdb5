"""Seals over the audit log, which only a function can set, and the scope that reads all users' rows."""

from alembic import op

from migrations.steps import grant, run, runtime_role

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LOGS = "backend_operations.audit_logs"
SEALS = "backend_operations.audit_seals"
SEAL = "function backend_operations.seal_audit(integer)"
# What a unit of work writes: a new row has no seal, and the runtime login cannot say otherwise.
WRITTEN = "user_id, id, actor_id, action, resource_id, outcome, address, request_id, occurred_at"


def upgrade() -> None:
    run("0003_audit_seals.sql")
    grant("select", SEALS)
    op.execute(f"revoke insert on {LOGS} from {runtime_role()}")
    grant(f"insert ({WRITTEN})", LOGS)
    op.execute(f"revoke execute on {SEAL} from public")
    grant("execute", SEAL)


def downgrade() -> None:
    op.execute(f"revoke insert ({WRITTEN}) on {LOGS} from {runtime_role()}")
    grant("insert", LOGS)
    run("0003_drop_audit_seals.sql")
