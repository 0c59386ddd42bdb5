"""What is over goes: the rows nobody will ask for again. And changes of the signing keys are audited."""

from alembic import op

from migrations.steps import grant, run, runtime_role

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

KEYS = "text[], text[], text[], bytea[], timestamptz[], timestamptz[], timestamptz[]"
REPLACE = f"function backend_auth.replace_signing_keys({KEYS})"
CHANGE = f"function backend_auth.change_signing_keys({KEYS}, uuid, text, timestamptz, text)"


def upgrade() -> None:
    run("0020_retention.sql")
    run("0020_audited_keys.sql")
    op.execute(f"revoke execute on {CHANGE} from public")
    op.execute(f"revoke execute on {REPLACE} from {runtime_role()}")
    grant("execute", CHANGE)


def downgrade() -> None:
    grant("execute", REPLACE)
    run("0020_drop_audited_keys.sql")
    run("0020_drop_retention.sql")
